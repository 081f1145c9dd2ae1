/** Exposure in linear light, `E_k(l) = k l / (k l + 1 - l)`, and pictures exposed by a map: `pielight.ops.exposure_map`. */
import { axisOf, blended, blendRows, integerWeights, type Grid, type Span } from "./axis";
import { clamp, linearToSrgb, logOdds, rint, srgbToLinear } from "./color";
import type { Pixels } from "./pixels";

const NODE_BITS = 13; // nodes hold EV * 2^13
const WEIGHT_BITS = 12;
const STEP_BITS = 9; // places of the table of results are 2^-9 EV apart
const MOST_EV = 48;
const SAFE = 64; // EV from middle gray: black and white lie so far from the others that no exposure moves them
const REACH = SAFE + MOST_EV;

/** Expose an sRGB value. */
export function expose(srgb: number, ev: number): number {
  const light = srgbToLinear(srgb);
  const brighter = 2 ** ev * light;
  return linearToSrgb(brighter / (brighter + (1 - light)));
}

interface Tables {
  readonly places: Int32Array; // of the 256 levels
  readonly results: Uint8Array; // an exposure moves a level's place by 512 EV
}

let tables: Tables | undefined;

export function levelTables(): Tables {
  if (!tables) {
    const steps = REACH << STEP_BITS;
    const results = new Uint8Array(2 * steps + 1);
    for (let i = 0; i < results.length; i++) {
      results[i] = rint(linearToSrgb(1 / (1 + 2 ** -((i - steps) / (1 << STEP_BITS)))) * 255);
    }
    const places = Int32Array.from(
      { length: 256 },
      (_, level) => rint(clamp(logOdds(level / 255), -SAFE, SAFE) * (1 << STEP_BITS)) + steps,
    );
    tables = { places, results };
  }
  return tables;
}

/** A part of a picture: where it lies in the whole. */
export interface Window {
  readonly rows: Span;
  readonly columns: Span;
}

export function whole({ width, height }: { width: number; height: number }): Window {
  return { rows: { start: 0, step: 1, count: height }, columns: { start: 0, step: 1, count: width } };
}

/**
 * Expose a picture, or a window of it, by a map that covers `full`; in place if `out` is the input.
 * The same integers as Python's loop for 8 bits, so the same levels.
 */
export function applyExposure(
  pixels: Pixels,
  map: Grid,
  out: Uint8ClampedArray,
  full: { width: number; height: number } = pixels,
  window: Window = whole(pixels),
): void {
  const { width, height, data } = pixels;
  const { places, results } = levelTables();
  const nodes = Int32Array.from(map.values, (ev) => rint(Math.fround(ev * (1 << NODE_BITS))));
  const rows = axisOf(full.height, map.height, window.rows);
  const columns = axisOf(full.width, map.width, window.columns);
  const rowWeight = integerWeights(rows);
  const columnWeight = integerWeights(columns);
  const line = new Int32Array(map.width);
  const shift = WEIGHT_BITS + NODE_BITS - STEP_BITS;
  for (let y = 0; y < height; y++) {
    const a = Math.max(rows.node[y]! - 1, 0) * map.width;
    const b = rows.node[y]! * map.width;
    const c = Math.min(rows.node[y]! + 1, map.height - 1) * map.width;
    const wa = rowWeight[3 * y]!;
    const wb = rowWeight[3 * y + 1]!;
    const wc = rowWeight[3 * y + 2]!;
    for (let i = 0; i < map.width; i++) {
      line[i] = (nodes[a + i]! * wa + nodes[b + i]! * wb + nodes[c + i]! * wc + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS;
    }
    let at = y * width * 4;
    for (let x = 0; x < width; x++, at += 4) {
      const node = columns.node[x]!;
      const left = line[node > 0 ? node - 1 : 0]!;
      const right = line[node < map.width - 1 ? node + 1 : node]!;
      const sum = left * columnWeight[3 * x]! + line[node]! * columnWeight[3 * x + 1]! + right * columnWeight[3 * x + 2]!;
      const steps = (sum + (1 << (shift - 1))) >> shift;
      out[at] = results[places[data[at]!]! + steps]!;
      out[at + 1] = results[places[data[at + 1]!]! + steps]!;
      out[at + 2] = results[places[data[at + 2]!]! + steps]!;
      out[at + 3] = data[at + 3]!;
    }
  }
}

/** Expose values (height, width, 3) in [0, 1] that cover a picture. */
export function exposeValues(values: Float32Array, height: number, width: number, map: Grid): Float32Array {
  const result = new Float32Array(values.length);
  const rows = axisOf(height, map.height);
  const columns = axisOf(width, map.width);
  const line = new Float64Array(map.width);
  for (let y = 0; y < height; y++) {
    blendRows(map, rows, y, line);
    for (let x = 0; x < width; x++) {
      const k = 2 ** blended(line, columns, x);
      const at = (y * width + x) * 3;
      for (let c = at; c < at + 3; c++) {
        const light = srgbToLinear(values[c]!);
        result[c] = linearToSrgb((k * light) / (k * light + 1 - light));
      }
    }
  }
  return result;
}

/** The exposure in EV that brings values to a mean of 0.42 in sRGB, from -6 to 14: `pielight.ops.exposure`. */
export function canonicalExposure(values: Float32Array, brightness = 0.42): number {
  const steps = 128; // of log-odds, in an EV
  const reach = 24;
  const last = 2 * reach * steps;
  const shares = new Float64Array(last + 1);
  for (const value of values) {
    const level = Math.trunc(Math.fround(Math.fround(value * 65535) + 0.5)) / 65535;
    shares[rint((clamp(logOdds(level), -reach, reach) + reach) * steps)]! += 1 / values.length;
  }
  const white = shares[last]!;
  shares[0] = shares[last] = 0; // black and white stay where they are
  const encoded = Float64Array.from({ length: 4 * reach * steps + 1 }, (_, i) =>
    linearToSrgb(1 / (1 + 2 ** -(i / steps - 2 * reach))),
  );
  const mean = (step: number) => {
    let sum = white;
    for (let i = 1; i < last; i++) sum += shares[i]! * encoded[reach * steps + step + i]!;
    return sum;
  };
  let [low, high] = [-6 * steps, 14 * steps];
  if (mean(low) >= brightness) return -6;
  if (mean(high) <= brightness) return 14;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (mean(middle) < brightness) low = middle;
    else high = middle;
  }
  const [below, above] = [mean(low), mean(high)];
  return (low + (brightness - below) / (above - below)) / steps;
}
