/** How much noise is removed in each part of a picture: `pielight.inference.denoise_plan`. */
import type { Grid } from "./axis";
import { LUMA_WEIGHTS, smoothStep, srgbToLinear } from "./color";
import { exposeValues } from "./exposure";
import { estimateNoise, sigma, type Noise } from "./noise";
import { boxMeans, isGray, type Pixels } from "./pixels";

export const CELL = 4; // pixels along each side of a cell
const INVISIBLE = 1.5 / 255; // noise added by the curves: auto removes none below,
const VISIBLE = 3.5 / 255; // and most above
const GRAIN = 0.1; // share of the noise in brightness that auto leaves
const UNSEEN = 1.3; // level of the noise against what is estimated of it
const GLANCE = 24; // cells along each side, which are examined first,
const GLANCE_ROWS = 32; // and rows of each that are, at least
const FEW = 0.005; // share of these cells up to which the picture is left alone
const DOUBTFUL = 0.8; // share of its color that a cell keeps at most if it counts as one of which something would go
const BLACK_LEVEL = 1.5 / 255 / 12.92; // how far a channel's black may be off in linear light
const CLIPPED = 2 / 3; // of the deviation of the noise, which clipping at black turns into a cast
const SATURATION = 1 / 3; // deviation of the colors of things, as a share of their light
const LOUD: Noise = { shot: [2e-3, 2e-3, 2e-3], read: [3e-6, 3e-6, 3e-6], step: [0, 0, 0] };
const BLACK: Noise = { shot: [0, 0, 0], read: [BLACK_LEVEL ** 2, BLACK_LEVEL ** 2, BLACK_LEVEL ** 2], step: [0, 0, 0] };

export interface Plan {
  readonly height: number; // in cells
  readonly width: number;
  readonly level: Float32Array; // (h, w, 3): deviation of the noise after the curves
  readonly share: Float32Array; // (h, w): of the noise that is removed
  readonly chroma: Float32Array; // (h, w): share of the color that is kept
  readonly mix: Float32Array; // (3, 3): from the noise of red, green and blue to what is subtracted
}

interface Means {
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array; // (h, w, 3)
}

/** Decide how much noise is removed in each cell; undefined if none is. */
export function denoisePlan(pixels: Pixels, map: Grid, denoise: number | "auto", oneChannel: boolean): Plan | undefined {
  if (denoise === 0) return undefined;
  const glance = glanceAt(pixels);
  if (denoise === "auto" && !added(glance, LOUD, map).some((each) => each > 0)) return undefined;
  const noise = estimateNoise(pixels, oneChannel);
  const gray = oneChannel || isGray(pixels);
  let noisy = true;
  let doubtful = !gray;
  if (denoise === "auto") {
    const shown = added(glance, noise, map);
    noisy = shareOf(shown, (each, i) => each > 0 && hasNoise(glance, i, noise)) > FEW;
    doubtful = !gray && shareOf(chromaKept(glance, noise, map), (each) => each < DOUBTFUL) > FEW;
    if (!noisy && !doubtful) return undefined;
  }
  const raw = meansOf(pixels, CELL, CELL, 1);
  const means = { ...raw, values: smoothed(raw) };
  const [brightness, color] = denoise === "auto" ? [1 - GRAIN, 1] : [denoise, Math.min(1, 2 * denoise)];
  const cells = means.height * means.width;
  const chroma = doubtful ? chromaKept(means, noise, map).map((kept) => 1 - color * (1 - kept)) : new Float32Array(cells).fill(1);
  const level = noisy ? levelOf(means, noise, map) : new Float32Array(3 * cells);
  const share = denoise === "auto" ? wanted(level, means, noise) : new Float32Array(cells).fill(1);
  const still = constant(raw);
  for (let i = 0; i < cells; i++) if (still[i]) share[i] = 0;
  for (let i = 0; i < level.length; i++) level[i]! *= UNSEEN;
  return { height: means.height, width: means.width, level, share, chroma, mix: mixOf(brightness, gray ? 0 : color) };
}

/** Whether anything is to be changed in a range of cells. */
export function acts(plan: Plan, top: number, bottom: number, left: number, right: number): boolean {
  for (let y = top; y < bottom; y++) {
    for (let at = y * plan.width + left; at < y * plan.width + right; at++) {
      if (plan.share[at]! > 0 || plan.chroma[at]! < 1) return true;
    }
  }
  return false;
}

function glanceAt(pixels: Pixels): Means {
  const side = Math.max(CELL, Math.ceil(Math.max(pixels.height, pixels.width) / GLANCE));
  const step = Math.max(1, Math.floor(side / GLANCE_ROWS));
  return meansOf(pixels, Math.floor(side / step), side, step);
}

/** Means of cells of so many rows, of which every `step`-th counts, and columns. */
function meansOf(pixels: Pixels, down: number, across: number, step: number): Means {
  const edges = (length: number, side: number) =>
    Int32Array.from({ length: Math.ceil(length / side) + 1 }, (_, i) => Math.min(i * side, length));
  const rows = edges(Math.ceil(pixels.height / step), down);
  const columns = edges(pixels.width, across);
  return { height: rows.length - 1, width: columns.length - 1, values: boxMeans(pixels, rows, columns, step) };
}

/** The deviation of the noise after the curves: `(f(m + s) - f(m - s)) / 2`. */
function levelOf(means: Means, noise: Noise, map: Grid): Float32Array {
  const above = new Float32Array(means.values.length);
  const below = new Float32Array(means.values.length);
  for (let i = 0; i < above.length; i++) {
    const spread = sigma(noise, i % 3, means.values[i]!);
    above[i] = Math.min(means.values[i]! + spread, 1);
    below[i] = Math.max(means.values[i]! - spread, 0);
  }
  const high = exposeValues(above, means.height, means.width, map);
  const low = exposeValues(below, means.height, means.width, map);
  for (let i = 0; i < high.length; i++) high[i] = Math.max(high[i]! - low[i]!, 0) / 2;
  return high;
}

/** The share of the noise that is to go, by what the curves have added to it. */
function wanted(after: Float32Array, means: Means, noise: Noise): Float32Array {
  const result = new Float32Array(after.length / 3);
  for (let i = 0; i < result.length; i++) {
    let sum = 0;
    for (let c = 0; c < 3; c++) {
      const before = sigma(noise, c, means.values[3 * i + c]!);
      sum += Math.max(after[3 * i + c]! ** 2 - before ** 2, 0);
    }
    result[i] = smoothStep(Math.sqrt(sum / 3), INVISIBLE, VISIBLE);
  }
  return result;
}

const added = (means: Means, noise: Noise, map: Grid) => wanted(levelOf(means, noise, map), means, noise);

/** The share of color that is kept: all where the curves do not show the error of black. */
function chromaKept(means: Means, noise: Noise, map: Grid): Float32Array {
  const result = added(means, BLACK, map);
  for (let i = 0; i < result.length; i++) {
    const light = [0, 1, 2].map((c) => srgbToLinear(means.values[3 * i + c]!));
    const brightest = Math.max(...light);
    if (brightest === 0 || result[i] === 0) {
      result[i] = 1; // black has no color
      continue;
    }
    const grain = light.reduce((sum, each, c) => sum + noise.shot[c]! * each + noise.read[c]!, 0) / 3;
    const variance = BLACK_LEVEL ** 2 + CLIPPED ** 2 * grain;
    const signal = (SATURATION * brightest) ** 2;
    result[i] = 1 + result[i]! * (signal / (signal + variance) - 1);
  }
  return result;
}

/** Whether there is more noise in a cell than that of 8 bits. */
function hasNoise(means: Means, cell: number, noise: Noise): boolean {
  const least = 2 / 255 ** 2 / 12;
  return [0, 1, 2].some((c) => sigma(noise, c, means.values[3 * cell + c]!) ** 2 > least);
}

function shareOf(values: Float32Array, test: (value: number, i: number) => boolean): number {
  let count = 0;
  values.forEach((value, i) => (count += test(value, i) ? 1 : 0));
  return count / values.length;
}

/** Average each cell with its eight neighbors. */
function smoothed({ height, width, values }: Means): Float32Array {
  const result = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    const rows = [Math.max(0, y - 1), y, Math.min(height - 1, y + 1)];
    for (let x = 0; x < width; x++) {
      const columns = [Math.max(0, x - 1), x, Math.min(width - 1, x + 1)];
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (const j of rows) for (const i of columns) sum += values[(j * width + i) * 3 + c]!;
        result[(y * width + x) * 3 + c] = sum / 9;
      }
    }
  }
  return result;
}

/** Which cells have the mean of all their neighbors to the bit, as noise hardly ever does. */
function constant({ height, width, values }: Means): Uint8Array {
  const result = new Uint8Array(height * width).fill(1);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      for (let j = Math.max(0, y - 1); j <= Math.min(height - 1, y + 1); j++) {
        for (let i = Math.max(0, x - 1); i <= Math.min(width - 1, x + 1); i++) {
          const other = j * width + i;
          for (let c = 0; c < 3; c++) if (values[3 * at + c] !== values[3 * other + c]) result[at] = 0;
        }
      }
    }
  }
  return result;
}

/** The matrix that takes these shares of the noise's luma and of the rest. */
function mixOf(brightness: number, color: number): Float32Array {
  return Float32Array.from({ length: 9 }, (_, i) => {
    const luma = LUMA_WEIGHTS[i % 3]!;
    return color * ((i % 4 === 0 ? 1 : 0) - luma) + brightness * luma;
  });
}
