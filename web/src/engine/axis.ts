/** Where the pixels of one side of a picture lie among the nodes of a map, and how they weigh them. */
import { clamp, rint } from "./color";

const WEIGHT_BITS = 12;

/** The nodes around each pixel, weighed by quadratic B-splines; see `pielight.ops.interpolation.Axis`. */
export interface Axis {
  readonly node: Int32Array;
  readonly weight: Float64Array; // of the nodes before, at and after it, (n, 3)
}

/** A part of a side that is seen: pixels from `start` on, `count` samples that are `step` pixels apart. */
export interface Span {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** Place samples of a side of `pixels` pixels among nodes, both at the centers of equal cells. */
export function axisOf(pixels: number, nodes: number, span: Span = { start: 0, step: 1, count: pixels }): Axis {
  const node = new Int32Array(span.count);
  const weight = new Float64Array(3 * span.count);
  for (let i = 0; i < span.count; i++) {
    const p = ((span.start + (i + 0.5) * span.step) / pixels) * nodes - 0.5;
    const nearest = clamp(Math.floor(p + 0.5), 0, nodes - 1);
    const t = clamp(p - nearest, -0.5, 0.5);
    node[i] = nearest;
    weight[3 * i] = (0.5 - t) ** 2 / 2;
    weight[3 * i + 1] = 0.75 - t * t;
    weight[3 * i + 2] = (0.5 + t) ** 2 / 2;
  }
  return { node, weight };
}

/** Weights in units of 2^-12; each triple sums to 2^12. */
export function integerWeights(axis: Axis): Int32Array {
  const scale = 1 << WEIGHT_BITS;
  const result = new Int32Array(axis.weight.length);
  for (let i = 0; i < result.length; i += 3) {
    result[i] = rint(axis.weight[i]! * scale);
    result[i + 2] = rint(axis.weight[i + 2]! * scale);
    result[i + 1] = scale - result[i]! - result[i + 2]!;
  }
  return result;
}

/** A grid of numbers, row by row. */
export interface Grid {
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array;
}

/** The values of a grid at the centers of `height` x `width` equal cells: its own, or those that pixels there get. */
export function resample(grid: Grid, height: number, width: number): Grid {
  if (grid.height === height && grid.width === width) return grid;
  const rows = axisOf(height, grid.height);
  const columns = axisOf(width, grid.width);
  const values = new Float32Array(height * width);
  const line = new Float64Array(grid.width);
  for (let y = 0; y < height; y++) {
    blendRows(grid, rows, y, line);
    for (let x = 0; x < width; x++) values[y * width + x] = blended(line, columns, x);
  }
  return { height, width, values };
}

/** Blend the three rows of nodes around row `y` into one. */
export function blendRows(grid: Grid, rows: Axis, y: number, line: Float64Array): void {
  const node = rows.node[y]!;
  const a = Math.max(node - 1, 0) * grid.width;
  const b = node * grid.width;
  const c = Math.min(node + 1, grid.height - 1) * grid.width;
  for (let i = 0; i < grid.width; i++) {
    line[i] =
      grid.values[a + i]! * rows.weight[3 * y]! +
      grid.values[b + i]! * rows.weight[3 * y + 1]! +
      grid.values[c + i]! * rows.weight[3 * y + 2]!;
  }
}

/** The value at column `x` of a row of nodes. */
export function blended(line: Float64Array, columns: Axis, x: number): number {
  const node = columns.node[x]!;
  return (
    line[Math.max(node - 1, 0)]! * columns.weight[3 * x]! +
    line[node]! * columns.weight[3 * x + 1]! +
    line[Math.min(node + 1, line.length - 1)]! * columns.weight[3 * x + 2]!
  );
}
