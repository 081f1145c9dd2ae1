/** A picture's file: its metadata, and what a browser is to decode. */
import { isJpeg, parseJpeg, writeJpeg } from "./jpeg";
import { DamagedError, type Format, type Metadata, type Parsed } from "./metadata";
import { isPng, parsePng, writePng } from "./png";
import { isWebp, parseWebp, writeWebp } from "./webp";

export const MIME: Record<Format, string> = { jpeg: "image/jpeg", png: "image/png", webp: "image/webp" };
export const EXTENSION: Record<Format, string> = { jpeg: "jpg", png: "png", webp: "webp" };

/** Take a file apart; undefined if it is of a format whose metadata this page does not know, or damaged. */
export function parse(bytes: Uint8Array<ArrayBuffer>): Parsed | undefined {
  try {
    if (isJpeg(bytes)) return parseJpeg(bytes);
    if (isPng(bytes)) return parsePng(bytes);
    if (isWebp(bytes)) return parseWebp(bytes);
  } catch (error) {
    if (!(error instanceof DamagedError || error instanceof RangeError)) throw error;
  }
  return undefined;
}

/** Put metadata into a file that a browser has coded. */
export function write(
  coded: Uint8Array<ArrayBuffer>,
  format: Format,
  source: { format: Format; metadata: Metadata } | undefined,
  size: { width: number; height: number },
): Uint8Array<ArrayBuffer> {
  const metadata = source?.metadata ?? { pieces: [] };
  const same = source?.format === format;
  if (format === "jpeg") return writeJpeg(coded, metadata, same);
  if (format === "png") return writePng(coded, metadata, same);
  return writeWebp(coded, metadata, size.width, size.height);
}
