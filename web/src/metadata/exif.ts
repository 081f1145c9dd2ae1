/** EXIF: the orientation, and the little picture inside, which would show the photo as it was. */
import { startsWith, view } from "./metadata";

const ORIENTATION = 0x0112;
const ENTRY = 12;

interface Directory {
  readonly little: boolean;
  readonly first: number; // where the entries begin
  readonly count: number;
}

/** The orientation, 1 to 8. */
export function orientationOf(exif: Uint8Array | undefined): number {
  const directory = exif && firstDirectory(exif);
  if (!directory) return 1;
  const data = view(exif);
  for (let i = 0; i < directory.count; i++) {
    const at = directory.first + i * ENTRY;
    if (data.getUint16(at, directory.little) === ORIENTATION) {
      const value = data.getUint16(at + 8, directory.little);
      return value >= 1 && value <= 8 ? value : 1;
    }
  }
  return 1;
}

/** EXIF without its thumbnail, which shows what the photo was before: the link to it is cut. */
export function withoutThumbnail(exif: Uint8Array): Uint8Array {
  const directory = firstDirectory(exif);
  if (!directory) return exif;
  const result = exif.slice();
  view(result).setUint32(directory.first + directory.count * ENTRY, 0, directory.little);
  return result;
}

function firstDirectory(exif: Uint8Array): Directory | undefined {
  const little = startsWith(exif, "II*\0");
  if ((!little && !startsWith(exif, "MM\0*")) || exif.length < 14) return undefined;
  const data = view(exif);
  const start = data.getUint32(4, little);
  if (start + 2 > exif.length) return undefined;
  const count = data.getUint16(start, little);
  return start + 2 + count * ENTRY + 4 <= exif.length ? { little, first: start + 2, count } : undefined;
}
