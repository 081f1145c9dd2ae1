/** The network that predicts the map of exposures. */
import modelUrl from "virtual:model";
import { canonicalExposure, expose } from "../engine/exposure";
import { predictionOf, type Prediction } from "../engine/exposureMap";
import type { Pixels } from "../engine/pixels";
import { exposureStatistics } from "../engine/statistics";
import { SIDE, thumbnail } from "../engine/thumbnail";
import { tensor } from "./network";
import { Network } from "./runtime";

export const brightener = new Network(modelUrl);

/** Predict the map of a picture. */
export async function predict(pixels: Pixels): Promise<Prediction> {
  const small = thumbnail(pixels);
  const canonical = Math.fround(canonicalExposure(small));
  const seen = small.map((value) => expose(value, canonical));
  const statistics = Float32Array.from([...exposureStatistics(pixels), canonical]);
  const result = await brightener.run({
    thumbnail: tensor(seen, [1, 3, SIDE, SIDE]),
    statistics: tensor(statistics, [1, statistics.length]),
  });
  const { values, shape } = result["exposure"]!;
  const [, , height, width] = shape as [number, number, number, number];
  return predictionOf(small, canonical, { height, width, values }, result["underexposed"]!.values[0]!);
}
