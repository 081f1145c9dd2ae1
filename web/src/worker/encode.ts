/** Encoding by the browser, with the metadata of the source put in. */
import { MIME, write } from "../metadata/file";
import { encodePng } from "../metadata/pngEncoder";
import type { Format } from "../metadata/metadata";
import type { Pixels } from "../engine/pixels";
import type { Decoded } from "./decode";

const QUALITY = 0.95;

/** Code a result; a browser that cannot write WebP gets PNG. */
export async function encode(
  pixels: Pixels,
  format: Format,
  decoded: Decoded,
): Promise<{ blob: Blob; format: Format }> {
  const { bytes: coded, format: written } = await codedBy(pixels, format, decoded);
  const bytes = write(coded, written, decoded.source, pixels);
  return { blob: new Blob([bytes], { type: MIME[written] }), format: written };
}

async function codedBy(
  pixels: Pixels,
  format: Format,
  { opaque, oneChannel }: Decoded,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; format: Format }> {
  if (format !== "png") {
    const canvas = new OffscreenCanvas(pixels.width, pixels.height);
    const context = canvas.getContext("2d", { alpha: !opaque && format !== "jpeg", willReadFrequently: true })!;
    context.putImageData(new ImageData(pixels.data, pixels.width, pixels.height), 0, 0);
    const blob = await canvas.convertToBlob({ type: MIME[format], quality: QUALITY });
    if (blob.type === MIME[format]) return { bytes: new Uint8Array(await blob.arrayBuffer()), format };
  }
  return { bytes: await encodePng(pixels, { gray: oneChannel, opaque }), format: "png" };
}
