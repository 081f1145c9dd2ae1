/** From pixels and options to the result: the order of `pielight.inference.processor`. */
import { denoisePlan } from "../engine/denoisePlan";
import { applyExposure } from "../engine/exposure";
import { exposuresAt, type Prediction, type Strokes } from "../engine/exposureMap";
import { holdBlack } from "../engine/finish";
import type { Options } from "../engine/options";
import type { Pixels } from "../engine/pixels";
import { subtractNoise, type Rectangle } from "./denoise";

export interface Request {
  readonly options: Options;
  readonly strokes: Strokes | undefined;
  readonly part?: Rectangle; // the rest is exposed, but keeps its noise
}

export interface Watch {
  progress(done: number): void;
  isStopped(): boolean;
}

/** Enhance a picture into new pixels. */
export async function enhance(
  pixels: Pixels,
  prediction: Prediction,
  { options, strokes, part }: Request,
  oneChannel: boolean,
  watch: Watch,
): Promise<Pixels> {
  if (options.strength === 0 && !strokes) return { ...pixels, data: pixels.data.slice() };
  const map = exposuresAt(prediction, options, strokes);
  const plan = denoisePlan(pixels, map, options.denoise, oneChannel);
  const out = new Uint8ClampedArray(pixels.data.length);
  if (map.values.every((ev) => ev === 0)) out.set(pixels.data);
  else applyExposure(pixels, map, out);
  const result = { ...pixels, data: out };
  if (plan) {
    const all = { top: 0, bottom: pixels.height, left: 0, right: pixels.width };
    const exposed = { ...pixels, data: out.slice() };
    await subtractNoise(exposed, out, plan, part ?? all, oneChannel, watch.progress, watch.isStopped);
  }
  holdBlack(pixels.data, out, options.black);
  return result;
}
