/** Color primitives: the transfer curve of sRGB, the smooth step, and rounding as NumPy does it. */

const LIMIT = 0.04045;
const LINEAR_LIMIT = 0.0031308;
const SLOPE = 12.92;
const OFFSET = 0.055;
const GAMMA = 2.4;

export const LUMA_WEIGHTS = [0.299, 0.587, 0.114] as const; // of red, green and blue (ITU-R BT.601)

export function srgbToLinear(x: number): number {
  return x <= LIMIT ? x / SLOPE : ((x + OFFSET) / (1 + OFFSET)) ** GAMMA;
}

/** The derivative of {@link srgbToLinear}. */
export function srgbToLinearSlope(x: number): number {
  return x <= LIMIT ? 1 / SLOPE : (GAMMA / (1 + OFFSET)) * ((x + OFFSET) / (1 + OFFSET)) ** (GAMMA - 1);
}

export function linearToSrgb(light: number): number {
  return light <= LINEAR_LIMIT ? light * SLOPE : (1 + OFFSET) * light ** (1 / GAMMA) - OFFSET;
}

/** `log2(l / (1 - l))` of an sRGB value; that of black and white is infinite. */
export function logOdds(srgb: number): number {
  const light = srgbToLinear(srgb);
  return Math.log2(light) - Math.log2(1 - light);
}

/** Rise smoothly from 0 at `low` to 1 at `high`: `3 t^2 - 2 t^3`. */
export function smoothStep(value: number, low: number, high: number): number {
  const t = clamp((value - low) / (high - low), 0, 1);
  return t * t * (3 - 2 * t);
}

export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

/** Round half to even, as NumPy's rint. */
export function rint(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** Evenly spaced numbers, cut to whole ones: `np.linspace(0, last, count).astype(int)`. */
export function wholeSteps(last: number, count: number): number[] {
  const step = count > 1 ? last / (count - 1) : 0;
  return Array.from({ length: count }, (_, i) => (i > 0 && i === count - 1 ? last : Math.trunc(i * step)));
}

/** The quantile of sorted values, with linear interpolation. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1);
  const low = Math.trunc(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (place - low) * (sorted[high]! - sorted[low]!);
}
