/** ICC profiles: which of a canvas' color spaces one is. */
import { ascii, view } from "./metadata";

const SPACES = {
  srgb: [0.4361, 0.2225, 0.0139, 0.3851, 0.7169, 0.0971, 0.1431, 0.0606, 0.7141],
  "display-p3": [0.5151, 0.2412, -0.0011, 0.292, 0.6922, 0.0419, 0.1571, 0.0666, 0.7841],
} as const; // red, green and blue as XYZ of D50
const [TOLERANCE, HALF] = [0.004, 0.214]; // HALF: the light of half an encoded value

/** The color space that a profile describes; undefined if a canvas does not know it. */
export function colorSpaceOf(icc: Uint8Array): PredefinedColorSpace | undefined {
  try {
    const tags = tagsOf(icc);
    const found = ["rXYZ", "gXYZ", "bXYZ"].flatMap((name) => {
      const data = tags.get(name)!;
      return [8, 12, 16].map((at) => data.getInt32(at) / 65536);
    });
    if (Math.abs(lightOfHalf(tags.get("rTRC")!) - HALF) > 2 * TOLERANCE) return undefined;
    const names = Object.keys(SPACES) as (keyof typeof SPACES)[];
    return names.find((name) => SPACES[name].every((value, i) => Math.abs(value - found[i]!) < TOLERANCE));
  } catch {
    return undefined; // no matrix, or damaged
  }
}

function tagsOf(icc: Uint8Array): Map<string, DataView> {
  const data = view(icc);
  const result = new Map<string, DataView>();
  for (let i = 0, at = 132; i < data.getUint32(128); i++, at += 12) {
    const start = data.getUint32(at + 4);
    result.set(ascii(icc, at, 4), view(icc.subarray(start, start + data.getUint32(at + 8))));
  }
  return result;
}

/** The light of half an encoded value, of a curve that is a power, a table or a formula. */
function lightOfHalf(curve: DataView): number {
  if (curve.getUint32(0) === 0x63757276) { // curv
    const count = curve.getUint32(8);
    if (count === 0) return 0.5;
    if (count === 1) return 0.5 ** (curve.getUint16(12) / 256);
    const middle = [count - 1, count].map((twice) => curve.getUint16(12 + 2 * (twice >> 1)) / 65535);
    return (middle[0]! + middle[1]!) / 2;
  }
  const value = (i: number) => curve.getInt32(12 + 4 * i) / 65536;
  return curve.getUint16(8) === 0 ? 0.5 ** value(0) : (value(1) * 0.5 + value(2)) ** value(0);
}
