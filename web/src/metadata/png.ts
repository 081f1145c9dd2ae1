/** PNG: chunks that describe the picture are taken over. */
import { unzlibSync, zlibSync } from "fflate";
import { withoutThumbnail } from "./exif";
import { ascii, bytesOf, DamagedError, joined, rgbProfile, startsWith, view, type Metadata, type Parsed } from "./metadata";
import { withoutGainMap } from "./xmp";

const SIGNATURE = "\x89PNG\r\n\x1a\n";
const COLORS = ["iCCP", "sRGB", "gAMA", "cHRM", "cICP"]; // would convert the pixels
const KEPT = [...COLORS, "pHYs", "tEXt", "zTXt", "iTXt", "eXIf", "tIME"];
const CODING = ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"];
const XMP = "XML:com.adobe.xmp\0";

interface Chunk {
  readonly kind: string;
  readonly whole: Uint8Array;
  readonly content: Uint8Array;
}

export const isPng = (bytes: Uint8Array): boolean => startsWith(bytes, SIGNATURE);

export function parsePng(bytes: Uint8Array<ArrayBuffer>): Parsed {
  const chunks = chunksOf(bytes);
  const header = chunks[0];
  if (header?.kind !== "IHDR" || header.content.length < 13) throw new DamagedError();
  const [bits, color] = [header.content[8]!, header.content[9]!];
  const exif = chunks.find(({ kind }) => kind === "eXIf")?.content;
  const profile = chunks.find(({ kind }) => kind === "iCCP");
  const icc = profile && rgbProfile(inflated(profile.content));
  const xmp = chunks.map(xmpOf).find((each) => each);
  const kept = chunks.filter(({ kind }) => KEPT.includes(kind) && (kind !== "iCCP" || icc));
  return {
    format: "png",
    metadata: {
      ...(exif && { exif: withoutThumbnail(exif) }),
      ...(icc && { icc }),
      ...(xmp && { xmp: withoutGainMap(xmp) }),
      pieces: kept.map(({ kind, whole, content }) => (kind === "eXIf" ? chunk(kind, withoutThumbnail(content)) : whole)),
    },
    stripped: [
      bytes.subarray(0, 8),
      ...chunks
        .filter(({ kind }) => !COLORS.includes(kind) && kind !== "eXIf")
        .map(({ whole }) => whole as Uint8Array<ArrayBuffer>),
    ],
    oneChannel: color === 0 || color === 4,
    bits,
    width: view(header.content).getUint32(0),
    height: view(header.content).getUint32(4),
    lossless: true,
    inks: false,
    animated: chunks.some(({ kind }) => kind === "acTL"),
  };
}

export function writePng(coded: Uint8Array<ArrayBuffer>, metadata: Metadata, sameFormat: boolean): Uint8Array<ArrayBuffer> {
  const own = chunksOf(coded).filter(({ kind }) => CODING.includes(kind));
  const [header, ...rest] = own.map(({ whole }) => whole);
  if (!header) throw new DamagedError();
  return joined([coded.subarray(0, 8), header, ...(sameFormat ? metadata.pieces : chunksFor(metadata)), ...rest]);
}

function chunksFor({ exif, icc, xmp }: Metadata): Uint8Array[] {
  const result: Uint8Array[] = [];
  if (icc) result.push(chunk("iCCP", joined([bytesOf("ICC profile\0\0"), zlibSync(icc)])));
  if (exif) result.push(chunk("eXIf", exif));
  if (xmp) result.push(chunk("iTXt", joined([bytesOf(XMP), new Uint8Array(4), xmp])));
  return result;
}

function chunksOf(bytes: Uint8Array): Chunk[] {
  const data = view(bytes);
  const result: Chunk[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + data.getUint32(at);
    if (end > bytes.length) throw new DamagedError();
    const kind = ascii(bytes, at + 4, 4);
    result.push({ kind, whole: bytes.subarray(at, end), content: bytes.subarray(at + 8, end - 4) });
    if (kind === "IEND") return result;
    at = end;
  }
  throw new DamagedError();
}

/** A chunk with its checksum. */
export function chunk(kind: string, content: Uint8Array): Uint8Array {
  const result = new Uint8Array(content.length + 12);
  const data = view(result);
  data.setUint32(0, content.length);
  result.set(bytesOf(kind), 4);
  result.set(content, 8);
  data.setUint32(content.length + 8, crc(result.subarray(4, content.length + 8)));
  return result;
}

function inflated(content: Uint8Array): Uint8Array | undefined {
  const end = content.indexOf(0);
  try {
    return end < 0 ? undefined : unzlibSync(content.subarray(end + 2));
  } catch {
    return undefined;
  }
}

function xmpOf({ kind, content }: Chunk): Uint8Array | undefined {
  if (kind !== "iTXt" || !startsWith(content, XMP)) return undefined;
  const packed = content[XMP.length] === 1;
  const language = content.indexOf(0, XMP.length + 2);
  const keyword = content.indexOf(0, language + 1);
  if (language < 0 || keyword < 0) return undefined;
  const text = content.subarray(keyword + 1);
  try {
    return packed ? unzlibSync(text) : text;
  } catch {
    return undefined;
  }
}

const TABLE = Uint32Array.from({ length: 256 }, (_, i) => {
  let value = i;
  for (let k = 0; k < 8; k++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 255]! ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
