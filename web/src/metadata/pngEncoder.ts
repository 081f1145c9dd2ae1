/** PNG as the source has it: gray, RGB, or RGBA with every value as it is, which a canvas does not promise. */
import { bytesOf, joined, view } from "./metadata";
import { chunk } from "./png";

export interface Image {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray; // RGBA
}

const SIGNATURE = "\x89PNG\r\n\x1a\n";
const PAETH = 4;

/** Code a picture, of one channel if it is gray, with opacity unless it is opaque. */
export async function encodePng(image: Image, { gray, opaque }: { gray: boolean; opaque: boolean }): Promise<Uint8Array<ArrayBuffer>> {
  const channels = gray ? (opaque ? [0] : [0, 3]) : opaque ? [0, 1, 2] : [0, 1, 2, 3];
  const header = new Uint8Array(13);
  view(header).setUint32(0, image.width);
  view(header).setUint32(4, image.height);
  header.set([8, (gray ? 0 : 2) + (opaque ? 0 : 4)], 8);
  const packed = new Blob([filtered(image, channels)]).stream().pipeThrough(new CompressionStream("deflate"));
  const content = new Uint8Array(await new Response(packed).arrayBuffer());
  return joined([bytesOf(SIGNATURE), chunk("IHDR", header), chunk("IDAT", content), chunk("IEND", new Uint8Array())]);
}

/** Rows after the filter of Paeth, which suits photographs. */
function filtered({ width, height, data }: Image, channels: number[]): Uint8Array<ArrayBuffer> {
  const count = channels.length;
  const pitch = width * count + 1;
  const result = new Uint8Array(pitch * height);
  for (let y = 0; y < height; y++) {
    result[y * pitch] = PAETH;
    for (let i = 0; i < count; i++) {
      let at = y * width * 4 + channels[i]!;
      let left = 0;
      let corner = 0;
      for (let x = 0, to = y * pitch + 1 + i; x < width; x++, at += 4, to += count) {
        const above = y > 0 ? data[at - width * 4]! : 0;
        const value = data[at]!;
        result[to] = value - paeth(left, above, corner);
        left = value;
        corner = above;
      }
    }
  }
  return result;
}

function paeth(left: number, above: number, corner: number): number {
  const a = Math.abs(above - corner);
  const b = Math.abs(left - corner);
  const c = Math.abs(left + above - 2 * corner);
  return a <= b && a <= c ? left : b <= c ? above : corner;
}
