/** Decoding by the browser, to the pixels as the file holds them: neither turned nor converted. */
import { parse } from "../metadata/file";
import { orientationOf } from "../metadata/exif";
import type { Format, Metadata } from "../metadata/metadata";
import type { Pixels } from "../engine/pixels";

export class UnreadableError extends Error {}

export interface Decoded {
  readonly pixels: Pixels;
  readonly orientation: number; // of EXIF: how the pixels are to be turned for the eye
  readonly oneChannel: boolean;
  readonly opaque: boolean;
  readonly source: { format: Format; metadata: Metadata } | undefined; // undefined: metadata is not known here
  readonly notes: Note[];
}

/** What is lost, to be told: keys of the page's texts. */
export type Note = "bits" | "inks" | "animated" | "metadata";

export async function decode(file: Blob): Promise<Decoded> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const parsed = parse(bytes);
  const plain = parsed ? new Blob(parsed.stripped, { type: file.type }) : file;
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(plain, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    throw new UnreadableError();
  }
  const pixels = pixelsOf(bitmap);
  const notes: Note[] = [];
  if (!parsed) notes.push("metadata");
  if (parsed && parsed.bits > 8) notes.push("bits");
  if (parsed?.inks) notes.push("inks");
  if (parsed?.animated) notes.push("animated");
  return {
    pixels,
    orientation: orientationOf(parsed?.metadata.exif),
    oneChannel: parsed?.oneChannel ?? false,
    opaque: isOpaque(pixels),
    source: parsed && { format: parsed.format, metadata: parsed.metadata },
    notes,
  };
}

/** The pixels of a bitmap, which is closed. */
function pixelsOf(bitmap: ImageBitmap): Pixels {
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new UnreadableError();
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, data: data as Uint8ClampedArray<ArrayBuffer> };
}

function isOpaque({ data }: Pixels): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}
