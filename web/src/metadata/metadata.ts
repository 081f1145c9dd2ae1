/** What is kept of a file beside its pixels, whatever its format. */

export type Format = "jpeg" | "png" | "webp";

export interface Metadata {
  readonly exif?: Uint8Array; // a TIFF structure, without the head that JPEG puts before it
  readonly icc?: Uint8Array;
  readonly xmp?: Uint8Array;
  readonly pieces: readonly Uint8Array[]; // of the file itself, in order, for a result of the same format
}

/** A file taken apart. */
export interface Parsed {
  readonly format: Format;
  readonly metadata: Metadata;
  readonly stripped: Uint8Array<ArrayBuffer>[]; // the file without what would turn or convert its pixels
  readonly oneChannel: boolean; // gray, as the file holds it
  readonly bits: number; // of a channel
  readonly width: number; // as stored
  readonly height: number;
  readonly lossless: boolean;
  readonly inks: boolean; // CMYK
  readonly animated: boolean;
}

export class DamagedError extends Error {}

export const ascii = (bytes: Uint8Array, start: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(start, start + length));

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text, (c) => c.charCodeAt(0));

export function startsWith(bytes: Uint8Array, head: string, at = 0): boolean {
  return bytes.length >= at + head.length && ascii(bytes, at, head.length) === head;
}

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A profile that fits a result of three channels; those of gray and CMYK do not. */
export function rgbProfile(icc: Uint8Array | undefined): Uint8Array | undefined {
  return icc && startsWith(icc, "RGB ", 16) ? icc : undefined;
}
