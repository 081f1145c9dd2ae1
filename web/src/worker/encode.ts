/** Encoding by the browser, with the metadata of the source put in. */
import { MIME, write } from "../metadata/file";
import type { Format } from "../metadata/metadata";
import type { Pixels } from "../engine/pixels";
import type { Decoded } from "./decode";

const QUALITY = 0.95;

/** Code a result; a browser that cannot write WebP gets PNG. */
export async function encode(
  pixels: Pixels,
  format: Format,
  { source, opaque }: Decoded,
): Promise<{ blob: Blob; format: Format }> {
  const canvas = new OffscreenCanvas(pixels.width, pixels.height);
  const context = canvas.getContext("2d", { alpha: !opaque && format !== "jpeg", willReadFrequently: true })!;
  context.putImageData(new ImageData(pixels.data, pixels.width, pixels.height), 0, 0);
  const coded = await canvas.convertToBlob({ type: MIME[format], quality: QUALITY });
  const written = (Object.keys(MIME) as Format[]).find((each) => MIME[each] === coded.type) ?? "png";
  const bytes = write(new Uint8Array(await coded.arrayBuffer()), written, source, pixels);
  return { blob: new Blob([bytes], { type: MIME[written] }), format: written };
}
