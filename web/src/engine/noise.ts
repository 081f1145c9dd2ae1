/** How much noise a picture has, estimated from its flat tiles: `pielight.ops.noise`. */
import { quantile, srgbToLinear, srgbToLinearSlope, wholeSteps } from "./color";
import type { Pixels } from "./pixels";
import { findQuantization, quantizationSigma } from "./quantization";

const TILE = 16;
const TILES = 16; // along each side of the picture, at most
const BINS = 8; // of brightness
const FLAT = 0.3; // share of a bin's tiles that is taken for flat
const QUIET = 0.3; // of these, the quantile of noise that is believed
const QUIET_BIAS = 1.12;
const TEXTURE = 0.5;
const TO_SIGMA = 1 / 0.6745;
const DARKEST = 0.5 / 255;
const BRIGHTEST = 0.95;
const WIDEST = 0.9; // deviation in pixels of the blur that correlated noise is believed to have, at most
const STEP = 1 / 255;

/** Shot and read noise in linear light, and the step of quantization, of each channel. */
export interface Noise {
  readonly shot: readonly number[];
  readonly read: readonly number[];
  readonly step: readonly number[];
}

/** The deviation of the noise of a channel at an sRGB value: `sigma^2 = (a L + b) / L'^2 + q^2 / 12`. */
export function sigma(noise: Noise, channel: number, x: number): number {
  const ofRead = srgbToLinearSlope(x) ** -2;
  const ofShot = srgbToLinear(x) * ofRead;
  return Math.sqrt(noise.shot[channel]! * ofShot + noise.read[channel]! * ofRead + noise.step[channel]! ** 2 / 12);
}

/** Estimate the noise of a picture; of one with a single channel, that goes for all three. */
export function estimateNoise(pixels: Pixels, gray: boolean): Noise {
  const fitted = [0, 1, 2].map((c) => (gray && c > 0 ? undefined : fit(...measure(tilesOf(pixels, c)))));
  const of = (c: number) => fitted[c] ?? fitted[0]!;
  const scale = findQuantization(pixels);
  const rounding = scale === undefined ? [0, 0, 0] : quantizationSigma(scale);
  return {
    shot: [0, 1, 2].map((c) => of(c)[0]),
    read: [0, 1, 2].map((c) => of(c)[1]),
    step: [0, 1, 2].map((c) => Math.sqrt(STEP ** 2 + 12 * rounding[gray ? 0 : c]! ** 2)),
  };
}

/** By how much Immerkaer's mask underestimates the variance of blurred noise. */
export function blurCorrection(ratio: number): number {
  const { ratios, factors } = blurTable();
  if (ratio <= ratios[0]!) return factors[0]!;
  for (let i = 1; i < ratios.length; i++) {
    if (ratio <= ratios[i]!) {
      const share = (ratio - ratios[i - 1]!) / (ratios[i]! - ratios[i - 1]!);
      return factors[i - 1]! + share * (factors[i]! - factors[i - 1]!);
    }
  }
  return factors.at(-1)!;
}

let table: { ratios: number[]; factors: number[] } | undefined;

function blurTable(): { ratios: number[]; factors: number[] } {
  if (table) return table;
  table = { ratios: [], factors: [] };
  for (let i = 0; i < 64; i++) {
    const s = 1e-3 + ((WIDEST - 1e-3) * i) / 63;
    const r = (distance: number) => Math.exp(-(distance ** 2) / (4 * s * s));
    const averaged = (n: number) => (2 * r(2 * n) + r(2 * n - 1) + r(2 * n + 1)) / 4;
    const seen = (6 - 8 * r(1) + 2 * r(2)) ** 2 / 36;
    const seenAveraged = (6 * averaged(0) - 8 * averaged(1) + 2 * averaged(2)) ** 2 / 36;
    table.ratios.push((4 * seenAveraged) / seen);
    table.factors.push(1 / seen);
  }
  return table;
}

function tilesOf({ width, height, data }: Pixels, channel: number): Float32Array[] {
  if (Math.min(height, width) < TILE) return [];
  const starts = (side: number) => wholeSteps(side - TILE, Math.min(TILES, Math.floor(side / TILE)));
  return starts(height).flatMap((top) =>
    starts(width).map((left) =>
      Float32Array.from(
        { length: TILE * TILE },
        (_, i) => data[((top + (i >> 4)) * width + left + (i & 15)) * 4 + channel]! / 255,
      ),
    ),
  );
}

const mean = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
};

/** What Immerkaer's mask sees in a tile of `side` x `side` values. */
function immerkaer(tile: Float32Array, side: number): Float32Array {
  const inner = side - 2;
  return Float32Array.from({ length: inner * inner }, (_, i) => {
    const at = Math.floor(i / inner) * side + (i % inner);
    const row = (p: number) => tile[p]! - 2 * tile[p + side]! + tile[p + 2 * side]!;
    return (row(at) - 2 * row(at + 1) + row(at + 2)) / 6;
  });
}

function halved(tile: Float32Array, side: number): Float32Array {
  const half = side / 2;
  return Float32Array.from({ length: half * half }, (_, i) => {
    const at = 2 * Math.floor(i / half) * side + 2 * (i % half);
    return (tile[at]! + tile[at + 1]! + tile[at + side]! + tile[at + side + 1]!) / 4;
  });
}

/** Brightness and noise variance in bins of one channel's tiles. */
function measure(tiles: Float32Array[]): [number[], number[]] {
  const power = (values: Float32Array) => mean(values.map((value) => value * value));
  const seen = tiles
    .map((tile) => ({ tile, mean: mean(tile) }))
    .filter((each) => each.mean >= DARKEST && each.mean <= BRIGHTEST)
    .map(({ tile, mean: brightness }) => {
      const response = immerkaer(tile, TILE);
      const half = halved(tile, TILE);
      const blocks = halved(half, TILE / 2);
      const fine = power(response);
      const texture = Math.max(power(immerkaer(blocks, TILE / 4)) - fine / 16, 0);
      const median = response.map(Math.abs).sort()[response.length >> 1]!;
      const level = mean(blocks);
      const relief = Math.sqrt(mean(blocks.map((value) => (value - level) ** 2)));
      const noise = Math.max((median * TO_SIGMA) ** 2 - TEXTURE * texture, 0);
      return { brightness, fine, halved: power(immerkaer(half, TILE / 2)), noise, relief };
    })
    .sort((a, b) => a.brightness - b.brightness);
  const places: number[] = [];
  const variances: number[] = [];
  for (let bin = 0, start = 0; bin < BINS; bin++) {
    const size = Math.floor(seen.length / BINS) + (bin < seen.length % BINS ? 1 : 0);
    const members = seen.slice(start, start + size);
    start += size;
    if (members.length === 0) continue;
    const limit = quantileOf(members.map((each) => each.relief), FLAT);
    const flat = members.filter((each) => each.relief <= limit);
    const of = (key: "fine" | "halved" | "noise", share: number) => quantileOf(flat.map((each) => each[key]), share);
    const ratio = (4 * of("halved", 0.5)) / Math.max(of("fine", 0.5), 1e-12);
    places.push(mean(flat.map((each) => each.brightness)));
    variances.push(of("noise", QUIET) * QUIET_BIAS * blurCorrection(ratio));
  }
  return [places, variances];
}

const quantileOf = (values: number[], share: number) => quantile(values.sort((a, b) => a - b), share);

/** Fit shot and read noise to variances by non-negative least squares of relative errors. */
function fit(places: number[], variances: number[]): [number, number] {
  if (places.length === 0) return [0, 0];
  const weight = variances.map((each) => 1 / Math.max(each, (0.2 / 255) ** 2));
  const wanted = variances.map((each, i) => Math.max(each - STEP ** 2 / 12, 0) * weight[i]!);
  const read = places.map((x, i) => srgbToLinearSlope(x) ** -2 * weight[i]!);
  const shot = places.map((x, i) => srgbToLinear(x) * read[i]!);
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const [ss, sr, rr, sw, rw] = [dot(shot, shot), dot(shot, read), dot(read, read), dot(shot, wanted), dot(read, wanted)];
  const determinant = ss * rr - sr * sr;
  if (determinant > 1e-12 * ss * rr) {
    const both: [number, number] = [(sw * rr - rw * sr) / determinant, (rw * ss - sw * sr) / determinant];
    if (both[0] >= 0 && both[1] >= 0) return both;
  }
  const alone = [Math.max(sw, 0) / ss, Math.max(rw, 0) / rr] as const;
  const error = (factor: number, basis: number[]) =>
    basis.reduce((sum, value, i) => sum + (factor * value - wanted[i]!) ** 2, 0);
  return error(alone[0], shot) <= error(alone[1], read) ? [alone[0], 0] : [0, alone[1]];
}
