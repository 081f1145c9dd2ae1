/** What tells an underexposed picture from a dark one and is lost in a thumbnail: `pielight.ops.exposure_statistics`. */
import { quantile, wholeSteps } from "./color";
import type { Pixels } from "./pixels";

const PIXELS = 130_000; // that are looked at, about
const TILE = 18; // pixels along each side of a tile
const TILES = 16; // along each side of the picture
const TO_SIGMA = Math.sqrt(Math.PI / 2) / 6; // from the mean size of Immerkaer's response to normal noise
const LUMA = [19, 38, 7] as const; // of 64

/** The 17 numbers that the network sees beside the thumbnail. */
export function exposureStatistics(pixels: Pixels): Float32Array {
  const { width, height, data } = pixels;
  const [down, across] = sampleSteps(width, height);
  const brightest = new Float64Array(256);
  const green = new Float64Array(256);
  const luma = new Float64Array(64 * 255 + 1);
  const values = new Float64Array(3);
  let count = 0;
  let clipped = 0;
  let black = 0;
  for (let y = 0; y < height; y += down) {
    for (let x = 0; x < width; x += across) {
      const at = (y * width + x) * 4;
      const [r, g, b] = [data[at]!, data[at + 1]!, data[at + 2]!];
      const most = Math.max(r, g, b);
      count++;
      brightest[most]!++;
      green[g]!++;
      luma[LUMA[0] * r + LUMA[1] * g + LUMA[2] * b]!++;
      if (most >= 250) clipped++;
      if (Math.min(r, g, b) <= 1) black++;
      if (r < 3) values[r]!++;
      if (g < 3) values[g]!++;
      if (b < 3) values[b]!++;
    }
  }
  const [low, high] = places(green, [0.01, 0.99]) as [number, number];
  const inner = green.subarray(low, high + 1);
  const noise = tileNoise(pixels).sort();
  return Float32Array.from([
    ...places(brightest, [0.5, 0.9, 0.99, 0.999, 1]).map((place) => place / 255),
    ...places(luma, [0.001, 0.01, 0.1]).map((place) => place / (64 * 255)),
    clipped / count,
    black / count,
    inner.filter((each) => each === 0).length / inner.length,
    inner.length / 256,
    quantile(noise, 0.25),
    quantile(noise, 0.5),
    ...Array.from(values, (each) => each / (3 * count)),
  ]);
}

/** Every n-th pixel of every n-th row; of a long thin picture, all rows or all columns. */
function sampleSteps(width: number, height: number): [number, number] {
  const step = Math.max(1, Math.ceil(Math.sqrt((height * width) / PIXELS)));
  if (Math.min(height, width) >= step) return [step, step];
  const long = Math.ceil((height * width) / PIXELS);
  return width > height ? [1, long] : [long, 1];
}

/** The least levels that so large shares of what a histogram counts do not exceed. */
function places(counts: Float64Array, shares: number[]): number[] {
  const total = counts.reduce((a, b) => a + b, 0);
  return shares.map((share) => {
    let below = 0;
    for (let i = 0; i < counts.length; i++) {
      below += counts[i]!;
      if (below >= share * total) return i;
    }
    return counts.length;
  });
}

/** The deviation of noise of green in each tile, in levels of 8 bits; [0] of a tiny picture. */
function tileNoise({ width, height, data }: Pixels): Float32Array {
  if (Math.min(height, width) < TILE) return new Float32Array(1);
  const starts = (side: number) => wholeSteps(side - TILE, Math.min(TILES, Math.max(1, Math.floor(side / TILE))));
  const result: number[] = [];
  for (const top of starts(height)) {
    for (const left of starts(width)) {
      let sum = 0;
      for (let y = top; y < top + TILE - 2; y++) {
        for (let x = left; x < left + TILE - 2; x++) {
          const at = (y * width + x) * 4 + 1;
          const row = (i: number) => data[i]! - 2 * data[i + 4]! + data[i + 8]!;
          sum += Math.abs(row(at) - 2 * row(at + width * 4) + row(at + width * 8));
        }
      }
      result.push((sum / (TILE - 2) ** 2) * TO_SIGMA);
    }
  }
  return Float32Array.from(result);
}
