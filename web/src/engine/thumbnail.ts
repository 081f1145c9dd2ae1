/** The thumbnail that the network sees: `pielight.ops.thumbnail`. */
import { boxMeans, type Pixels } from "./pixels";

export const SIDE = 64;
const LARGE = 4; // times the size: from here on means over boxes are as good as a filter
const REDUCING_GAP = 2; // below it Pillow shrinks by a whole number first

/** Squash a picture to (3, 64, 64) in [0, 1]. */
export function thumbnail(pixels: Pixels): Float32Array {
  const large = Math.min(pixels.width, pixels.height) >= LARGE * SIDE;
  const means = large ? boxMeans(pixels, edges(pixels.height), edges(pixels.width)) : filtered(pixels);
  const planes = new Float32Array(3 * SIDE * SIDE);
  for (let i = 0; i < SIDE * SIDE; i++) {
    for (let c = 0; c < 3; c++) planes[c * SIDE * SIDE + i] = means[3 * i + c]!;
  }
  return planes;
}

function edges(pixels: number): Int32Array {
  return Int32Array.from({ length: SIDE + 1 }, (_, i) => Math.floor((i * pixels) / SIDE));
}

/** What Pillow's bilinear filter returns, which widens with the scale: means of whole pixels, then two passes. */
function filtered(pixels: Pixels): Float32Array {
  const across = Math.max(1, Math.trunc(pixels.width / SIDE / REDUCING_GAP));
  const down = Math.max(1, Math.trunc(pixels.height / SIDE / REDUCING_GAP));
  const small = reduced(pixels, across, down);
  const rows = taps(pixels.height / down, small.height);
  const columns = taps(pixels.width / across, small.width);
  const wide = new Float64Array(small.height * SIDE * 3);
  for (let y = 0; y < small.height; y++) {
    for (let x = 0; x < SIDE; x++) {
      const { first, weights } = columns[x]!;
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let i = 0; i < weights.length; i++) sum += weights[i]! * small.values[(y * small.width + first + i) * 3 + c]!;
        wide[(y * SIDE + x) * 3 + c] = Math.floor(sum + 0.5);
      }
    }
  }
  const result = new Float32Array(SIDE * SIDE * 3);
  for (let y = 0; y < SIDE; y++) {
    const { first, weights } = rows[y]!;
    for (let i = 0; i < SIDE * 3; i++) {
      let sum = 0;
      for (let j = 0; j < weights.length; j++) sum += weights[j]! * wide[(first + j) * SIDE * 3 + i]!;
      result[y * SIDE * 3 + i] = Math.floor(sum + 0.5) / 255;
    }
  }
  return result;
}

function reduced(pixels: Pixels, across: number, down: number): { width: number; height: number; values: Float64Array } {
  const starts = (side: number, factor: number) =>
    Int32Array.from({ length: Math.ceil(side / factor) + 1 }, (_, i) => Math.min(i * factor, side));
  const means = boxMeans(pixels, starts(pixels.height, down), starts(pixels.width, across));
  const values = Float64Array.from(means, (mean) => Math.floor(mean * 255 + 0.5 + 1e-5)); // float32 rounds halves down
  return { width: Math.ceil(pixels.width / across), height: Math.ceil(pixels.height / down), values };
}

interface Taps {
  readonly first: number;
  readonly weights: number[];
}

/** Places and weights of a triangle filter that shrinks or grows `length` (of `size` whole pixels) to 64. */
function taps(length: number, size: number): Taps[] {
  const scale = length / SIDE;
  const support = Math.max(scale, 1);
  return Array.from({ length: SIDE }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const last = Math.min(size, Math.trunc(center + support + 0.5));
    const weights = Array.from({ length: last - first }, (_, k) =>
      Math.max(0, 1 - Math.abs((k + first - center + 0.5) / support)),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}
