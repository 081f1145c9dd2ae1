/** The picture as a mesh whose corners carry the exposures of the map: between them a GPU blends for nothing. */
import { axisOf, blended, blendRows, type Grid } from "../engine/axis";

const LEAST = 64; // squares along each side: within 0.02 EV of the map for one of 16 x 16 nodes

export interface Mesh {
  readonly across: number; // squares
  readonly down: number;
}

export function meshFor(map: Grid): Mesh {
  return { across: Math.max(LEAST, map.width), down: Math.max(LEAST, map.height) };
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
