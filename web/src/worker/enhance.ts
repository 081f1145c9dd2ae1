/** From pixels and options to the result: the order of `pielight.inference.processor`. */
import { denoisePlan, type Plan } from "../engine/denoisePlan";
import { applyExposure } from "../engine/exposure";
import { exposuresAt, type Prediction, type Strokes } from "../engine/exposureMap";
import { holdBlack } from "../engine/finish";
import { isKept, type Options } from "../engine/options";
import type { Pixels } from "../engine/pixels";
import { subtractNoise, type Rectangle } from "./denoise";

export interface Request {
  readonly options: Options;
  readonly strokes: Strokes | undefined;
}

/** An exposed picture, and what noise is to be removed from it; kept while parts of it are asked for. */
export interface Prepared {
  readonly key: string;
  readonly exposed: Pixels;
  readonly plan: Plan | undefined;
}

export interface Watch {
  progress(done: number): void;
  isStopped(): boolean;
}

/** Expose a picture, and plan what is to follow; the last answer is returned again for the same request. */
export function prepare(
  pixels: Pixels,
  prediction: Prediction,
  { options, strokes }: Request,
  oneChannel: boolean,
  last: Prepared | undefined,
): Prepared {
  const key = JSON.stringify([options, strokes && [...strokes.lift, ...strokes.keep]]);
  if (last?.key === key) return last;
  if (isKept(options, strokes)) return { key, exposed: pixels, plan: undefined };
  const map = exposuresAt(prediction, options, strokes);
  const plan = denoisePlan(pixels, map, options.denoise, oneChannel);
  if (map.values.every((ev) => ev === 0)) return { key, exposed: pixels, plan };
  const exposed = { ...pixels, data: new Uint8ClampedArray(pixels.data.length) };
  applyExposure(pixels, map, exposed.data);
  return { key, exposed, plan };
}

/** Remove noise, within a part or everywhere, and hold black; into new pixels of the whole picture. */
export async function finish(
  pixels: Pixels,
  { exposed, plan }: Prepared,
  { black }: Options,
  oneChannel: boolean,
  watch: Watch,
  part: Rectangle = { top: 0, bottom: pixels.height, left: 0, right: pixels.width },
): Promise<Pixels> {
  const result = { ...pixels, data: exposed.data.slice() };
  if (plan) await subtractNoise(exposed, result.data, plan, part, oneChannel, watch.progress, watch.isStopped);
  holdBlack(pixels.data, result.data, black);
  return result;
}
