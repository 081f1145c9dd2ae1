/** How coarsely JPEG rounded a picture, read from its pixels: `pielight.ops.jpeg_quantization`. */
import { LUMA_WEIGHTS, wholeSteps } from "./color";
import type { Pixels } from "./pixels";

const BLOCK = 8;
const BLOCKS = 16; // along each side of the picture, at most
const LUMA = [
  [16, 11, 10, 16], [12, 12, 14, 19], [14, 13, 16, 24], [14, 17, 22, 29],
] as const; // prettier-ignore
const CHROMA = [
  [17, 18, 24], [18, 21, 26], [24, 26, 56],
] as const; // prettier-ignore
const OF_CB = [0, 0.344136, 1.772] as const;
const OF_CR = [1.402, 0.714136, 0] as const;
const FREQUENCIES = [[0, 0], [0, 1], [1, 0], [1, 1], [0, 2], [2, 0]] as const; // whose steps are looked for
const MOST_STEP = 40; // of a coefficient; rounding to 8 bits hides steps of 1
const FEW = 24; // coefficients that tell nothing
const ALIKE = 0.55; // mean of cos(2 pi c / q) from which coefficients c are taken for multiples of q
const AGREE = 3; // frequencies with a step, of which chance makes one at most

/** The deviation of the noise that JPEG's rounding makes in smooth parts, of red, green and blue. */
export function quantizationSigma(scale: number): number[] {
  const ofLuma = meanSquare(LUMA, scale);
  const ofChroma = meanSquare(CHROMA, scale);
  return [0, 1, 2].map((c) => Math.sqrt(ofLuma + ofChroma * (OF_CB[c]! ** 2 + OF_CR[c]! ** 2)) / 255);
}

function meanSquare(table: readonly (readonly number[])[], scale: number): number {
  const steps = table.flat().map((step) => Math.min(Math.max(Math.floor(step * scale + 0.5), 1), 255));
  return steps.reduce((sum, step) => sum + step * step, 0) / (12 * BLOCK ** 2);
}

/** The scale of the tables of a picture that was decoded from JPEG, or undefined. */
export function findQuantization(pixels: Pixels): number | undefined {
  const { width, height } = pixels;
  if (Math.min(height, width) < 2 * BLOCK) return undefined;
  for (const top of new Set([0, height % BLOCK])) {
    for (const left of new Set([0, width % BLOCK])) {
      const coefficients = transformed(pixels, top, left);
      const steps = FREQUENCIES.map(([u, v], i) => stepOf(coefficients[i]!) / LUMA[u]![v]!)
        .filter((each) => each > 0)
        .sort((a, b) => a - b);
      if (steps.length >= AGREE) {
        const middle = steps.length >> 1;
        return steps.length % 2 ? steps[middle]! : (steps[middle - 1]! + steps[middle]!) / 2;
      }
    }
  }
  return undefined;
}

/** The coefficients of each frequency of the luma of blocks that are spread over a picture. */
function transformed({ width, height, data }: Pixels, top: number, left: number): number[][] {
  const starts = (side: number) => {
    const blocks = Math.floor(side / BLOCK);
    return wholeSteps(blocks - 1, Math.min(BLOCKS, blocks)).map((i) => i * BLOCK);
  };
  const result: number[][] = FREQUENCIES.map(() => []);
  const block = new Float64Array(BLOCK * BLOCK);
  for (const y of starts(height - top)) {
    for (const x of starts(width - left)) {
      for (let i = 0; i < BLOCK * BLOCK; i++) {
        const at = ((top + y + (i >> 3)) * width + left + x + (i & 7)) * 4;
        block[i] = LUMA_WEIGHTS[0] * data[at]! + LUMA_WEIGHTS[1] * data[at + 1]! + LUMA_WEIGHTS[2] * data[at + 2]! - 128;
      }
      FREQUENCIES.forEach(([u, v], f) => {
        let sum = 0;
        for (let i = 0; i < BLOCK * BLOCK; i++) sum += COSINE[u]![i >> 3]! * COSINE[v]![i & 7]! * block[i]!;
        result[f]!.push(Math.fround(sum));
      });
    }
  }
  return result;
}

/** The greatest step that coefficients are multiples of, or 0. */
function stepOf(coefficients: number[]): number {
  for (let step = MOST_STEP; step >= 2; step--) {
    let number = 0;
    let alike = 0;
    for (const each of coefficients) {
      const size = Math.abs(each);
      if (size > step / 2) {
        number++;
        alike += Math.cos((size * 2 * Math.PI) / step);
      }
    }
    if (number >= FEW && alike / number > ALIKE) return step;
  }
  return 0;
}

const COSINE = Array.from({ length: 3 }, (_, u) =>
  Array.from(
    { length: BLOCK },
    (_, x) => Math.cos(((2 * x + 1) * u * Math.PI) / (2 * BLOCK)) * Math.sqrt(2 / BLOCK) * (u === 0 ? Math.SQRT1_2 : 1),
  ),
);
