/** Pictures of 8 bits, as a canvas holds them. */

export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>; // red, green, blue and opacity of each pixel
}

/** Means over boxes, (h, w, 3) in [0, 1]; boxes begin at `rows` and `columns`, which also hold the end. */
export function boxMeans(pixels: Pixels, rows: Int32Array, columns: Int32Array, rowStep = 1): Float32Array {
  const height = rows.length - 1;
  const width = columns.length - 1;
  const result = new Float32Array(height * width * 3);
  const sums = new Float64Array(width * 3);
  const { data } = pixels;
  const pitch = pixels.width * 4 * rowStep;
  for (let j = 0; j < height; j++) {
    sums.fill(0);
    for (let y = rows[j]!; y < rows[j + 1]!; y++) {
      let at = y * pitch;
      for (let i = 0; i < width; i++) {
        let red = 0;
        let green = 0;
        let blue = 0;
        for (const end = y * pitch + columns[i + 1]! * 4; at < end; at += 4) {
          red += data[at]!;
          green += data[at + 1]!;
          blue += data[at + 2]!;
        }
        sums[3 * i]! += red;
        sums[3 * i + 1]! += green;
        sums[3 * i + 2]! += blue;
      }
    }
    const down = rows[j + 1]! - rows[j]!;
    for (let i = 0; i < width; i++) {
      const count = down * (columns[i + 1]! - columns[i]!) * 255;
      for (let c = 0; c < 3; c++) result[(j * width + i) * 3 + c] = sums[3 * i + c]! / count;
    }
  }
  return result;
}

/** Whether the channels of every pixel are equal. */
export function isGray({ data }: Pixels): boolean {
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  }
  return true;
}
