/** From pixels as they are stored to upright ones, by EXIF orientation, and back. */
import type { Grid } from "../engine/axis";

const isSideways = (orientation: number) => orientation >= 5;
const isUpsideDown = (orientation: number) => [3, 4, 7, 8].includes(orientation);
const isMirrored = (orientation: number) => [2, 3, 6, 7].includes(orientation);

export interface Size {
  readonly width: number;
  readonly height: number;
}

export function uprightSize({ width, height }: Size, orientation: number): Size {
  return isSideways(orientation) ? { width: height, height: width } : { width, height };
}

/** The canvas transform that draws a stored picture upright. */
export function toUpright(stored: Size, orientation: number): [number, number, number, number, number, number] {
  const { width, height } = uprightSize(stored, orientation);
  const across = isMirrored(orientation) ? -1 : 1;
  const down = isUpsideDown(orientation) ? -1 : 1;
  const [e, f] = [across < 0 ? width : 0, down < 0 ? height : 0];
  return isSideways(orientation) ? [0, down, across, 0, e, f] : [across, 0, 0, down, e, f];
}

interface Rect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The part of the stored picture that a part of the upright one is. */
export function storedRect(rect: Rect, stored: Size, orientation: number): Rect {
  const [a, b, c, d, e, f] = toUpright(stored, orientation);
  const determinant = a * d - b * c;
  const back = (x: number, y: number) => [
    (d * (x - e) - c * (y - f)) / determinant,
    (a * (y - f) - b * (x - e)) / determinant,
  ] as const;
  const [x0, y0] = back(rect.left, rect.top);
  const [x1, y1] = back(rect.right, rect.bottom);
  return { left: Math.min(x0, x1), top: Math.min(y0, y1), right: Math.max(x0, x1), bottom: Math.max(y0, y1) };
}

/** The part of the upright picture that a part of the stored one is. */
export function uprightRect(rect: Rect, stored: Size, orientation: number): Rect {
  const [a, b, c, d, e, f] = toUpright(stored, orientation);
  const there = (x: number, y: number) => [a * x + c * y + e, b * x + d * y + f] as const;
  const [x0, y0] = there(rect.left, rect.top);
  const [x1, y1] = there(rect.right, rect.bottom);
  return { left: Math.min(x0, x1), top: Math.min(y0, y1), right: Math.max(x0, x1), bottom: Math.max(y0, y1) };
}

/** Turn a grid that covers the stored picture upright. */
export function uprightGrid(grid: Grid, orientation: number): Grid {
  const { width, height } = uprightSize(grid, orientation);
  const values = new Float32Array(width * height);
  eachNode({ width, height }, grid.width, orientation, (upright, stored) => (values[upright] = grid.values[stored]!));
  return { width, height, values };
}

/** Turn a grid that covers the upright picture as the stored one lies. */
export function storedGrid(grid: Grid, orientation: number): Grid {
  const { width, height } = uprightSize(grid, orientation);
  const values = new Float32Array(width * height);
  eachNode(grid, width, orientation, (upright, stored) => (values[stored] = grid.values[upright]!));
  return { width, height, values };
}

function eachNode(size: Size, storedWidth: number, orientation: number, put: (upright: number, stored: number) => void): void {
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const row = isUpsideDown(orientation) ? size.height - 1 - y : y;
      const column = isMirrored(orientation) ? size.width - 1 - x : x;
      put(y * size.width + x, isSideways(orientation) ? column * storedWidth + row : row * storedWidth + column);
    }
  }
}
