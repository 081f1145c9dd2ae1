/** Encoding by the browser, with the metadata of the source put in. */
import { MIME, parse, write } from "../metadata/file";
import { encodePng } from "../metadata/pngEncoder";
import type { Format } from "../metadata/metadata";
import type { Pixels } from "../engine/pixels";
import type { Decoded } from "./decode";
import type { Note } from "./notes";

const QUALITY = 0.95;
const LONGEST = { jpeg: 65_535, webp: 16_383 }; // sides that the formats can hold

/** Code a result; where the browser or the format cannot hold it, as PNG. */
export async function encode(
  pixels: Pixels,
  format: Format,
  decoded: Decoded,
): Promise<{ blob: Blob; format: Format; notes: Note[] }> {
  const { bytes: coded, format: written } = await codedBy(pixels, format, decoded);
  const notes: Note[] = [];
  if (written !== format) notes.push("size");
  if (written === "jpeg" && !decoded.opaque) notes.push("opacity");
  const bytes = write(coded, written, decoded.source, pixels);
  return { blob: new Blob([bytes], { type: MIME[written] }), format: written, notes };
}

async function codedBy(
  pixels: Pixels,
  format: Format,
  { opaque, oneChannel }: Decoded,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; format: Format }> {
  if (format !== "png" && Math.max(pixels.width, pixels.height) <= LONGEST[format]) {
    const canvas = new OffscreenCanvas(pixels.width, pixels.height);
    const context = canvas.getContext("2d", { alpha: !opaque && format !== "jpeg", willReadFrequently: true })!;
    const data = opaque || format !== "jpeg" ? pixels.data : onWhite(pixels.data);
    context.putImageData(new ImageData(data, pixels.width, pixels.height), 0, 0);
    const blob = await canvas.convertToBlob({ type: MIME[format], quality: QUALITY });
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const coded = parse(bytes);
    if (coded?.format === format && coded.width === pixels.width && coded.height === pixels.height) return { bytes, format };
  }
  return { bytes: await encodePng(pixels, { gray: oneChannel, opaque }), format: "png" };
}

/** Pixels over white, opaque. */
function onWhite(data: Uint8ClampedArray<ArrayBuffer>): Uint8ClampedArray<ArrayBuffer> {
  const result = new Uint8ClampedArray(data.length).fill(255);
  for (let i = 0; i < data.length; i += 4) {
    const share = data[i + 3]! / 255;
    for (let c = i; c < i + 3; c++) result[c] = 255 + (data[c]! - 255) * share;
  }
  return result;
}
