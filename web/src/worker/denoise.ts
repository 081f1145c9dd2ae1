/** The network that removes noise, on parts that overlap by what it sees: `pielight.inference.denoise`. */
import modelUrl from "../../../src/pielight/models/denoise.onnx?url";
import { LUMA_WEIGHTS, rint } from "../engine/color";
import { acts, CELL, type Plan } from "../engine/denoisePlan";
import type { Pixels } from "../engine/pixels";
import { AcceleratedNetwork, type State } from "./accelerated";
import { loadOnGpu, type GpuUse } from "./gpu";
import { tensor, type Runner } from "./network";
import { Network } from "./runtime";

const REACH = 40; // pixels to each side that the network sees
const ALIGNED = 8;
const [BAND, PART] = [544, 960]; // rows and columns at a time, multiples of 8

const processor = new Network(modelUrl);
let denoiser: Runner = processor;

/** Run the network on a GPU where there is one, and tell of it. */
export function useGpu(use: GpuUse, told: (state: State) => void): void {
  denoiser = new AcceleratedNetwork(processor, { load: () => loadOnGpu(modelUrl, use), mayBeSlower: use === "any", told });
}

export interface Rectangle {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * Remove noise from an exposed picture, in place, or only within a part of it.
 *
 * @param before a copy of the exposed pixels, which stays as it is
 */
export async function subtractNoise(
  before: Pixels,
  out: Uint8ClampedArray,
  plan: Plan,
  part: Rectangle,
  oneChannel: boolean,
  progress: (done: number) => void,
  isStopped: () => boolean,
): Promise<void> {
  const tiles = tilesOf(part).filter(({ top, bottom, left, right }) =>
    acts(plan, Math.floor(top / CELL), Math.ceil(bottom / CELL), Math.floor(left / CELL), Math.ceil(right / CELL)),
  );
  for (const [i, tile] of tiles.entries()) {
    if (isStopped()) return;
    progress(i / tiles.length);
    await subtractTile(before, out, plan, tile, oneChannel);
    await new Promise((done) => setTimeout(done)); // messages, such as one that stops this, come in between
  }
}

function tilesOf({ top, bottom, left, right }: Rectangle): Rectangle[] {
  const result: Rectangle[] = [];
  for (let y = top; y < bottom; y += BAND) {
    for (let x = left; x < right; x += PART) {
      result.push({ top: y, bottom: Math.min(y + BAND, bottom), left: x, right: Math.min(x + PART, right) });
    }
  }
  return result;
}

async function subtractTile(
  before: Pixels,
  out: Uint8ClampedArray,
  plan: Plan,
  tile: Rectangle,
  oneChannel: boolean,
): Promise<void> {
  const top = Math.max(0, tile.top - REACH);
  const left = Math.max(0, tile.left - REACH);
  const bottom = Math.min(before.height, tile.bottom + REACH);
  const right = Math.min(before.width, tile.right + REACH);
  const h = (Math.ceil((bottom - top) / ALIGNED) * ALIGNED) / CELL;
  const w = (Math.ceil((right - left) / ALIGNED) * ALIGNED) / CELL;
  const cells = new Float32Array(48 * h * w);
  const column = Int32Array.from({ length: w * CELL }, (_, x) => 4 * Math.min(left + x, right - 1));
  for (let y = 0; y < h * CELL; y++) {
    const row = Math.min(top + y, bottom - 1) * before.width * 4;
    const cellRow = (y >> 2) * w;
    const first = (y & 3) * 12;
    for (let x = 0; x < w * CELL; x++) {
      const at = row + column[x]!;
      const plane = (first + (x & 3) * 3) * h * w + cellRow + (x >> 2);
      cells[plane] = before.data[at]! / 255;
      cells[plane + h * w] = before.data[at + 1]! / 255;
      cells[plane + 2 * h * w] = before.data[at + 2]! / 255;
    }
  }
  const maps = planWindow(plan, top / CELL, left / CELL, h, w);
  const result = await denoiser.run({
    cells: tensor(cells, [1, 48, h, w]),
    level: tensor(maps.level, [1, 3, h, w]),
    share: tensor(maps.share, [1, 1, h, w]),
    chroma: tensor(maps.chroma, [1, 1, h, w]),
    mix: tensor(plan.mix, [3, 3]),
  });
  const noise = result["noise"]!.values;
  for (let y = tile.top; y < tile.bottom; y++) {
    for (let x = tile.left; x < tile.right; x++) {
      const [j, i] = [y - top, x - left];
      const plane = ((j & 3) * 12 + (i & 3) * 3) * h * w + (j >> 2) * w + (i >> 2);
      const at = (y * before.width + x) * 4;
      const three = [noise[plane]!, noise[plane + h * w]!, noise[plane + 2 * h * w]!] as const;
      const luma = LUMA_WEIGHTS[0] * three[0] + LUMA_WEIGHTS[1] * three[1] + LUMA_WEIGHTS[2] * three[2];
      for (let c = 0; c < 3; c++) out[at + c] = rint(before.data[at + c]! - (oneChannel ? luma : three[c]!) * 255);
    }
  }
}

/** The values of each cell of a window, as planes; the last row and column repeat. */
function planWindow(plan: Plan, top: number, left: number, h: number, w: number) {
  const level = new Float32Array(3 * h * w);
  const share = new Float32Array(h * w);
  const chroma = new Float32Array(h * w);
  for (let y = 0; y < h; y++) {
    const row = Math.min(top + y, plan.height - 1) * plan.width;
    for (let x = 0; x < w; x++) {
      const from = row + Math.min(left + x, plan.width - 1);
      const to = y * w + x;
      for (let c = 0; c < 3; c++) level[c * h * w + to] = plan.level[3 * from + c]!;
      share[to] = plan.share[from]!;
      chroma[to] = plan.chroma[from]!;
    }
  }
  return { level, share, chroma };
}
