/** What a renderer draws, by WebGL2 or by the processor. */
import type { Grid } from "../engine/axis";
import type { Place, Rect } from "./geometry";
import type { Size } from "./orientation";
import type { Source } from "./source";

export interface Scene {
  readonly picture: Size; // upright
  readonly place: Place;
  readonly source: Source;
  readonly map: Grid; // upright, in EV
  readonly black: number;
  readonly split: number; // left of it, in canvas pixels, is the picture before
  readonly showsMap: boolean;
  readonly finished: { readonly bitmap: ImageBitmap; readonly rect: Rect; readonly orientation: number } | undefined;
}

export interface Renderer {
  readonly kind: "webgl" | "canvas";
  draw(scene: Scene): void;
  dispose(): void;
}

/** Colors of the overlay, from the darkest exposure to the brightest. */
export const RAMP: readonly (readonly [number, number, number])[] = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];

/** The range of the overlay, in EV: whole stops around the exposures of a map. */
export function rangeOf({ values }: Grid): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const ev of values) {
    low = Math.min(low, ev);
    high = Math.max(high, ev);
  }
  return [Math.floor(low), Math.max(Math.ceil(high), Math.floor(low) + 1)];
}

/** The color of a share in [0, 1] of the range. */
export function rampColor(share: number): [number, number, number] {
  const place = Math.min(Math.max(share, 0), 1) * (RAMP.length - 1);
  const at = Math.min(Math.floor(place), RAMP.length - 2);
  const part = place - at;
  return [0, 1, 2].map((c) => RAMP[at]![c]! * (1 - part) + RAMP[at + 1]![c]! * part) as [number, number, number];
}
