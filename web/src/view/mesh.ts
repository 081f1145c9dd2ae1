/**
 * The picture as a mesh whose corners carry the exposures of the map.
 *
 * Between corners the rasterizer blends for nothing, near the map's own interpolation, while a texture of exposures
 * would cost every pixel a second lookup, and textures of floats are blended only where an extension allows it.
 */
import { axisOf, blended, blendRows, type Grid } from "../engine/axis";

const PRECISION = 0.015; // EV, between a mesh and its map
const MOST = 128; // squares along each side

export interface Mesh {
  readonly across: number; // squares
  readonly down: number;
}

/** As many squares as keep the mesh near its map: a straight line misses a parabola by `h^2 f'' / 8`. */
export function meshFor(map: Grid): Mesh {
  const parts = Math.max(1, Math.ceil(Math.sqrt(bend(map) / (8 * PRECISION))));
  return { across: Math.min(map.width * parts, MOST), down: Math.min(map.height * parts, MOST) };
}

/** The largest second difference of neighbors, in EV. */
function bend({ height, width, values }: Grid): number {
  let result = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const twice = 2 * values[i]!;
      const left = values[x > 0 ? i - 1 : i]!;
      const right = values[x < width - 1 ? i + 1 : i]!;
      const above = values[y > 0 ? i - width : i]!;
      const below = values[y < height - 1 ? i + width : i]!;
      result = Math.max(result, Math.abs(left + right - twice), Math.abs(above + below - twice));
    }
  }
  return result;
}

/** Place and exposure of each corner: x, y, EV. */
export function corners({ across, down }: Mesh, map: Grid): Float32Array {
  const result = new Float32Array((across + 1) * (down + 1) * 3);
  const rows = axisOf(down, map.height, { start: -0.5, step: 1, count: down + 1 });
  const columns = axisOf(across, map.width, { start: -0.5, step: 1, count: across + 1 });
  const line = new Float64Array(map.width);
  for (let y = 0, i = 0; y <= down; y++) {
    blendRows(map, rows, y, line);
    for (let x = 0; x <= across; x++) {
      result[i++] = x / across;
      result[i++] = y / down;
      result[i++] = blended(line, columns, x);
    }
  }
  return result;
}

/** Two triangles for each square. */
export function triangles({ across, down }: Mesh): Uint16Array {
  const result = new Uint16Array(across * down * 6);
  for (let y = 0, i = 0; y < down; y++) {
    for (let x = 0; x < across; x++, i += 6) {
      const first = y * (across + 1) + x;
      const below = first + across + 1;
      result.set([first, first + 1, below, below, first + 1, below + 1], i);
    }
  }
  return result;
}
