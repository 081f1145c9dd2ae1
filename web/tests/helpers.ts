import type { Pixels } from "../src/engine/pixels";

/** The picture that vectors.py makes. */
export function picture(height: number, width: number): Pixels {
  const data = new Uint8ClampedArray(height * width * 4);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const grain = (x * 7919 + y * 104729 + c * 1299709 + x * y * 31) % 23;
        data[at++] = Math.floor((x * 96) / width) + Math.floor((y * 64) / height) + Math.floor((grain * (1 + c)) / 3);
      }
      data[at++] = 255;
    }
  }
  return { width, height, data };
}

/** Every `down`-th row and `across`-th column of the colors. */
export function every(pixels: Pixels, down: number, across: number): number[] {
  const result: number[] = [];
  for (let y = 0; y < pixels.height; y += down) {
    for (let x = 0; x < pixels.width; x += across) {
      for (let c = 0; c < 3; c++) result.push(pixels.data[(y * pixels.width + x) * 4 + c]!);
    }
  }
  return result;
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let result = 0;
  for (let i = 0; i < a.length; i++) result = Math.max(result, Math.abs(a[i]! - b[i]!));
  return result;
}
