/** JPEG: segments are taken over byte for byte, except those that belong to the coding of the source. */
import { withoutThumbnail } from "./exif";
import { bytesOf, DamagedError, joined, rgbProfile, startsWith, view, type Metadata, type Parsed } from "./metadata";
import { withoutGainMap } from "./xmp";

const [APP0, APP1, APP2, APP14, APP15, COMMENT] = [0xe0, 0xe1, 0xe2, 0xee, 0xef, 0xfe];
const [START_OF_SCAN, MOST] = [0xda, 65_533];
const EXIF = "Exif\0\0";
const XMP = "http://ns.adobe.com/xap/1.0/\0";
const ICC = "ICC_PROFILE\0";
const JFIF = "JFIF\0";
const DENSITY = [11, 16] as const; // in the segment of JFIF: unit, across, down

interface Segment {
  readonly marker: number;
  readonly whole: Uint8Array; // with marker and length
  readonly content: Uint8Array;
}

export const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8;

/** Take a JPEG apart. */
export function parseJpeg(bytes: Uint8Array<ArrayBuffer>): Parsed {
  const { segments, scan } = segmentsOf(bytes);
  const frame = segments.find(({ marker }) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker));
  if (!frame || frame.content.length < 6) throw new DamagedError();
  const channels = frame.content[5]!;
  const kept = segments.filter(isDescriptive);
  const profile = iccOf(kept);
  const icc = rgbProfile(profile);
  const of = (head: string) => kept.find(({ marker, content }) => marker === APP1 && startsWith(content, head));
  const exif = of(EXIF)?.content.subarray(EXIF.length);
  const xmp = of(XMP)?.content.subarray(XMP.length);
  const density = segments.find(({ marker, content }) => marker === APP0 && startsWith(content, JFIF));
  const pieces = kept.filter((segment) => icc || !isIcc(segment)).map(rewritten);
  const plain = segments.filter((segment) => !(isIcc(segment) || startsWith(segment.content, EXIF)));
  return {
    format: "jpeg",
    metadata: {
      ...(exif && { exif: withoutThumbnail(exif) }),
      ...(icc && { icc }),
      ...(xmp && { xmp: withoutGainMap(xmp) }),
      pieces: density ? [density.whole, ...pieces] : pieces,
    },
    stripped: [bytes.subarray(0, 2), ...plain.map(({ whole }) => whole as Uint8Array<ArrayBuffer>), bytes.subarray(scan)],
    oneChannel: channels === 1,
    bits: frame.content[0]!,
    width: view(frame.content).getUint16(3),
    height: view(frame.content).getUint16(1),
    lossless: false,
    inks: channels === 4,
    animated: false,
  };
}

/** Put metadata into a JPEG that a browser has coded. */
export function writeJpeg(coded: Uint8Array<ArrayBuffer>, metadata: Metadata, sameFormat: boolean): Uint8Array<ArrayBuffer> {
  const { segments, scan } = segmentsOf(coded);
  const own = segments.filter((segment) => !isDescriptive(segment));
  const isJfif = ({ marker, content }: Segment) => marker === APP0 && startsWith(content, JFIF);
  const head = own.filter(isJfif).map(({ whole }) => whole.slice());
  const rest = own.filter((segment) => !isJfif(segment)).map(({ whole }) => whole);
  const [first, ...others] = metadata.pieces;
  const density = sameFormat && first && startsWith(first, JFIF, 4) ? first : undefined;
  if (density && head[0]) head[0].set(density.subarray(...DENSITY), DENSITY[0]);
  const inserted = sameFormat ? (density ? others : metadata.pieces) : segmentsFor(metadata);
  return joined([coded.subarray(0, 2), ...head, ...inserted, ...rest, coded.subarray(scan)]);
}

function segmentsFor({ exif, icc, xmp }: Metadata): Uint8Array[] {
  const result: Uint8Array[] = [];
  if (exif && exif.length + EXIF.length <= MOST) result.push(segment(APP1, bytesOf(EXIF), exif));
  if (xmp && xmp.length + XMP.length <= MOST) result.push(segment(APP1, bytesOf(XMP), xmp));
  if (icc) {
    const step = MOST - ICC.length - 2;
    const count = Math.ceil(icc.length / step);
    for (let i = 0; i < count; i++) {
      const head = joined([bytesOf(ICC), Uint8Array.of(i + 1, count)]);
      result.push(segment(APP2, head, icc.subarray(i * step, (i + 1) * step)));
    }
  }
  return result;
}

function segment(marker: number, head: Uint8Array, content: Uint8Array): Uint8Array {
  const length = head.length + content.length + 2;
  return joined([Uint8Array.of(0xff, marker, length >> 8, length & 255), head, content]);
}

/** The segments up to the first scan, and where that begins. */
function segmentsOf(bytes: Uint8Array): { segments: Segment[]; scan: number } {
  const data = view(bytes);
  const segments: Segment[] = [];
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) throw new DamagedError();
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++; // a fill byte
      continue;
    }
    if (marker === START_OF_SCAN) return { segments, scan: at };
    const end = at + 2 + data.getUint16(at + 2);
    if (end > bytes.length || end < at + 4) throw new DamagedError();
    segments.push({ marker, whole: bytes.subarray(at, end), content: bytes.subarray(at + 4, end) });
    at = end;
  }
  throw new DamagedError();
}

function isDescriptive({ marker, content }: Segment): boolean {
  if (marker !== COMMENT && (marker < APP0 || marker > APP15)) return false;
  if (marker === APP0 && startsWith(content, JFIF)) return false;
  if (marker === APP2 && startsWith(content, "MPF\0")) return false; // of pictures that follow, which are not kept
  return !(marker === APP14 && startsWith(content, "Adobe"));
}

const isIcc = ({ marker, content }: Segment) => marker === APP2 && startsWith(content, ICC);

function rewritten({ marker, whole, content }: Segment): Uint8Array {
  if (marker !== APP1) return whole;
  if (startsWith(content, EXIF)) return segment(APP1, bytesOf(EXIF), withoutThumbnail(content.subarray(EXIF.length)));
  if (startsWith(content, XMP)) return segment(APP1, bytesOf(XMP), withoutGainMap(content.subarray(XMP.length)));
  return whole;
}

function iccOf(segments: Segment[]): Uint8Array | undefined {
  const parts = segments.filter(isIcc).map(({ content }) => content.subarray(ICC.length));
  if (parts.length === 0) return undefined;
  parts.sort((a, b) => a[0]! - b[0]!);
  return joined(parts.map((part) => part.subarray(2)));
}

