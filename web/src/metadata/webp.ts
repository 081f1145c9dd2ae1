/** WebP: chunks of a RIFF file. */
import { withoutThumbnail } from "./exif";
import { ascii, bytesOf, DamagedError, joined, rgbProfile, startsWith, view, type Metadata, type Parsed } from "./metadata";
import { withoutGainMap } from "./xmp";

const FLAGS = { ICCP: 0x20, ALPHA: 0x10, EXIF: 0x08, "XMP ": 0x04, ANIMATED: 0x02 } as const;
const PIXELS = ["VP8 ", "VP8L", "ALPH"];

interface Chunk {
  readonly kind: string;
  readonly content: Uint8Array;
}

export const isWebp = (bytes: Uint8Array): boolean => startsWith(bytes, "RIFF") && startsWith(bytes, "WEBP", 8);

export function parseWebp(bytes: Uint8Array<ArrayBuffer>): Parsed {
  const chunks = chunksOf(bytes);
  const of = (name: string) => chunks.find(({ kind }) => kind === name)?.content;
  const icc = rgbProfile(of("ICCP"));
  const raw = of("EXIF");
  const exif = raw && startsWith(raw, "Exif\0\0") ? raw.subarray(6) : raw;
  const xmp = of("XMP ");
  const header = of("VP8X");
  const plain = chunks.filter(({ kind }) => !["ICCP", "EXIF", "VP8X"].includes(kind));
  if (header) {
    const flags = header[0]! & ~(FLAGS.ICCP | FLAGS.EXIF);
    plain.unshift({ kind: "VP8X", content: joined([Uint8Array.of(flags), header.subarray(1)]) });
  }
  return {
    format: "webp",
    metadata: {
      ...(exif && { exif: withoutThumbnail(exif) }),
      ...(icc && { icc }),
      ...(xmp && { xmp: withoutGainMap(xmp) }),
      pieces: [],
    },
    stripped: [riff(plain)],
    oneChannel: false,
    bits: 8,
    ...sizeOf(chunks),
    lossless: of("VP8L") !== undefined,
    inks: false,
    animated: ((header?.[0] ?? 0) & FLAGS.ANIMATED) !== 0,
  };
}

export function writeWebp(coded: Uint8Array<ArrayBuffer>, metadata: Metadata, width: number, height: number): Uint8Array<ArrayBuffer> {
  const { exif, icc, xmp } = metadata;
  const own = chunksOf(coded);
  const pixels = own.filter(({ kind }) => PIXELS.includes(kind));
  const old = own.find(({ kind }) => kind === "VP8X")?.content[0] ?? 0;
  const lossless = pixels.find(({ kind }) => kind === "VP8L");
  const opacity = (old & FLAGS.ALPHA) | (lossless && lossless.content[4]! & 0x10 ? FLAGS.ALPHA : 0);
  if (!exif && !icc && !xmp && pixels.length === 1) return riff(pixels); // without the profile of a browser
  const header = new Uint8Array(10);
  header[0] = opacity | (icc ? FLAGS.ICCP : 0) | (exif ? FLAGS.EXIF : 0) | (xmp ? FLAGS["XMP "] : 0);
  const data = view(header);
  for (const [at, side] of [[4, width], [7, height]] as const) {
    data.setUint16(at, (side - 1) & 0xffff, true);
    header[at + 2] = (side - 1) >> 16;
  }
  return riff([
    { kind: "VP8X", content: header },
    ...(icc ? [{ kind: "ICCP", content: icc }] : []),
    ...pixels,
    ...(exif ? [{ kind: "EXIF", content: exif }] : []),
    ...(xmp ? [{ kind: "XMP ", content: xmp }] : []),
  ]);
}

/** Width and height of the pixels. */
function sizeOf(chunks: Chunk[]): { width: number; height: number } {
  for (const { kind, content } of chunks) {
    if (content.length < 10) continue;
    const data = view(content);
    if (kind === "VP8X") {
      const side = (at: number) => (data.getUint16(at, true) | (content[at + 2]! << 16)) + 1;
      return { width: side(4), height: side(7) };
    }
    if (kind === "VP8 ") return { width: data.getUint16(6, true) & 0x3fff, height: data.getUint16(8, true) & 0x3fff };
    if (kind === "VP8L") {
      const both = data.getUint32(1, true);
      return { width: (both & 0x3fff) + 1, height: ((both >> 14) & 0x3fff) + 1 };
    }
  }
  return { width: 0, height: 0 };
}

function riff(chunks: Chunk[]): Uint8Array<ArrayBuffer> {
  const parts = chunks.flatMap(({ kind, content }) => {
    const length = new Uint8Array(4);
    view(length).setUint32(0, content.length, true);
    return [bytesOf(kind), length, content, new Uint8Array(content.length % 2)];
  });
  const size = new Uint8Array(4);
  view(size).setUint32(0, 4 + parts.reduce((sum, part) => sum + part.length, 0), true);
  return joined([bytesOf("RIFF"), size, bytesOf("WEBP"), ...parts]);
}

function chunksOf(bytes: Uint8Array): Chunk[] {
  const data = view(bytes);
  const result: Chunk[] = [];
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = data.getUint32(at + 4, true);
    if (at + 8 + length > bytes.length) throw new DamagedError();
    result.push({ kind: ascii(bytes, at, 4), content: bytes.subarray(at + 8, at + 8 + length) });
    at += 8 + length + (length % 2);
  }
  return result;
}
