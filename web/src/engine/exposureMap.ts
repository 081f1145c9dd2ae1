/** The map of exposures that a network predicts, and what options and brush make of it: `pielight.ExposureMap`. */
import { resample, type Grid } from "./axis";
import { logOdds, smoothStep, srgbToLinear } from "./color";
import type { Options } from "./options";
import { SIDE } from "./thumbnail";

const UNSURE = 0.55;
const SURE = 0.95; // probability up to which a picture stays as it is, and from which on it gets all
const BRIGHT = 0.8; // sRGB: what the light of a part is brought to, at most
const FAINTEST = 1e-4;

export interface Prediction {
  readonly ev: Grid; // without the gate
  readonly ceiling: Grid;
  readonly underexposed: number; // the network's probability that the picture lacks light
}

/** Strokes of a brush: the map's exposures are faded by `keep` and raised by `lift`, in EV. */
export interface Strokes {
  readonly height: number;
  readonly width: number;
  readonly lift: Float32Array;
  readonly keep: Float32Array;
}

/** Return the prediction from what the network returns for a thumbnail (3, 64, 64) at its canonical exposure. */
export function predictionOf(small: Float32Array, canonical: number, exposure: Grid, underexposed: number): Prediction {
  const values = exposure.values.map((value) => Math.max(canonical + value, 0));
  return { ev: { ...exposure, values }, ceiling: highlightCeiling(small, exposure.height, exposure.width), underexposed };
}

/** How much of the enhancement a picture gets: none if it is well exposed. */
export function gate(prediction: Prediction, options: Options): number {
  return options.auto ? smoothStep(prediction.underexposed, UNSURE, SURE) : 1;
}

/** The exposures that options ask for: `s (E - h max(0, E - C))`, `E = u EV + t`, and the strokes after that. */
export function exposuresAt(prediction: Prediction, options: Options, strokes?: Strokes): Grid {
  const share = Math.fround(gate(prediction, options));
  const { ceiling } = prediction;
  const values = prediction.ev.values.map((ev, i) => {
    const wanted = Math.fround(share * ev) + options.targetEv;
    return (wanted - options.highlights * Math.max(wanted - ceiling.values[i]!, 0)) * options.strength;
  });
  const map = { ...prediction.ev, values };
  if (!strokes) return map;
  const fine = resample(map, strokes.height, strokes.width);
  return { ...fine, values: fine.values.map((ev, i) => ev * (1 - strokes.keep[i]!) + strokes.lift[i]!) };
}

/** The most exposure of each node that holds the lights around it: `pielight.ops.highlight_ceiling`. */
export function highlightCeiling(small: Float32Array, height: number, width: number): Grid {
  const plane = SIDE * SIDE;
  const light = Float64Array.from(
    { length: plane },
    (_, i) => srgbToLinear(Math.max(small[i]!, small[plane + i]!, small[2 * plane + i]!)) ** 2,
  );
  const cells = cellMeans(light, height, width);
  const most = logOdds(BRIGHT);
  const values = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let around = 0;
      for (let j = Math.max(0, y - 1); j <= Math.min(height - 1, y + 1); j++) {
        for (let i = Math.max(0, x - 1); i <= Math.min(width - 1, x + 1); i++) {
          around = Math.max(around, cells[j * width + i]!);
        }
      }
      const lit = Math.min(Math.max(Math.sqrt(around), FAINTEST), 1 - FAINTEST);
      values[y * width + x] = Math.max(most - Math.log2(lit / (1 - lit)), 0);
    }
  }
  return { height, width, values };
}

function cellMeans(light: Float64Array, height: number, width: number): Float64Array {
  const rows = bands(height);
  const columns = bands(width);
  const result = new Float64Array(height * width);
  for (let j = 0; j < height; j++) {
    for (let i = 0; i < width; i++) {
      let sum = 0;
      for (let y = rows[j]![0]; y < rows[j]![1]; y++) {
        for (let x = columns[i]![0]; x < columns[i]![1]; x++) sum += light[y * SIDE + x]!;
      }
      result[j * width + i] = sum / ((rows[j]![1] - rows[j]![0]) * (columns[i]![1] - columns[i]![0]));
    }
  }
  return result;
}

/** First and last row of each band; a band is one row at least. */
function bands(count: number): [number, number][] {
  return Array.from({ length: count }, (_, i) => {
    const first = Math.floor((i * SIDE) / count);
    const last = Math.min(Math.max(Math.floor(((i + 1) * SIDE) / count), first + 1), SIDE);
    return [Math.min(first, last - 1), last];
  });
}
