/** Black held: what comes out dark stays as dark as it was (`pielight.ops.black_point`). */
import { linearToSrgb, srgbToLinear } from "./color";

const TOE = 0.08; // linear light of the result up to which a black of 1 takes half of what was added, or more
const KNOTS = 4096; // sRGB values by the root of linear light

const LIGHT = Float32Array.from({ length: 256 }, (_, level) => srgbToLinear(level / 255));
let encode: Float32Array | undefined;

/** Hold black in place: `before` is the picture, `after` what the enhancement made of it, both RGBA. */
export function holdBlack(before: Uint8ClampedArray, after: Uint8ClampedArray, black: number): void {
  if (black === 0) return;
  encode ??= Float32Array.from({ length: KNOTS + 2 }, (_, i) => linearToSrgb((i / KNOTS) ** 2));
  const toe = (TOE * black) ** 2;
  for (let i = 0; i < after.length; i += 4) {
    const dark = LIGHT[Math.max(before[i]!, before[i + 1]!, before[i + 2]!)]!;
    const lit = LIGHT[Math.max(after[i]!, after[i + 1]!, after[i + 2]!)]!;
    if (lit <= dark) continue;
    const square = lit * lit;
    const factor = (dark + (lit - dark) * (square / (square + toe))) / lit;
    for (let c = i; c < i + 3; c++) {
      const place = Math.sqrt(LIGHT[after[c]!]! * factor) * KNOTS;
      const at = Math.trunc(place);
      const value = encode[at]! + (place - at) * (encode[at + 1]! - encode[at]!);
      after[c] = Math.floor(value * 255 + 0.5);
    }
  }
}
