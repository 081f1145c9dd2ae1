/** A brush on the map of exposures, with undo and redo. */
import type { Strokes } from "../engine/exposureMap";
import { clamp } from "../engine/color";
import type { Size } from "./orientation";

export type Tool = "move" | "lift" | "darken" | "keep";

const NODES = 96; // along the longer side
const SPACING = 0.25; // of dabs along a line, in radii
const MOST_LIFT = 4; // EV
const MOST_STEPS = 100; // that can be undone

/** The strokes on one picture, upright. */
export class Brush {
  #strokes: Strokes;
  #done: Strokes[] = [];
  #undone: Strokes[] = [];

  constructor(picture: Size) {
    const longest = Math.max(picture.width, picture.height);
    const side = (length: number) => Math.max(1, Math.round((NODES * length) / longest));
    const [height, width] = [side(picture.height), side(picture.width)];
    this.#strokes = { height, width, lift: new Float32Array(height * width), keep: new Float32Array(height * width) };
  }

  /** The strokes, or undefined if there are none. */
  get strokes(): Strokes | undefined {
    const has = (values: Float32Array) => values.some((value) => value !== 0);
    return has(this.#strokes.lift) || has(this.#strokes.keep) ? this.#strokes : undefined;
  }

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** Begin a stroke: what is painted until the next one is undone at once. */
  begin(): void {
    this.#done.push(this.#strokes);
    if (this.#done.length > MOST_STEPS) this.#done.shift();
    this.#undone = [];
    this.#strokes = { ...this.#strokes, lift: this.#strokes.lift.slice(), keep: this.#strokes.keep.slice() };
  }

  /**
   * Paint a dab.
   *
   * @param at place on the picture, in shares of its sides
   * @param radius in shares of the longer side
   * @param amount of a lift, in EV
   */
  dab(tool: Exclude<Tool, "move">, at: { x: number; y: number }, radius: number, amount: number, limit: Float32Array): void {
    const { height, width, lift, keep } = this.#strokes;
    const reach = Math.max(1, radius * Math.max(height, width));
    const [cx, cy] = [at.x * width - 0.5, at.y * height - 0.5];
    for (let y = Math.max(0, Math.ceil(cy - reach)); y <= Math.min(height - 1, Math.floor(cy + reach)); y++) {
      for (let x = Math.max(0, Math.ceil(cx - reach)); x <= Math.min(width - 1, Math.floor(cx + reach)); x++) {
        const distance = Math.hypot(x - cx, y - cy) / reach;
        if (distance >= 1) continue;
        const weight = 0.5 + 0.5 * Math.cos(Math.PI * distance);
        const i = y * width + x;
        // Within one stroke a node gets the most of its dabs, not their sum: a slow hand paints as a fast one.
        const more = Math.max(weight, limit[i]!);
        const added = more - limit[i]!;
        limit[i] = more;
        if (tool === "keep") {
          keep[i] = clamp(keep[i]! + added, 0, 1);
          lift[i]! *= 1 - added;
        } else {
          lift[i] = clamp(lift[i]! + added * amount * (tool === "lift" ? 1 : -1), -MOST_LIFT, MOST_LIFT);
        }
      }
    }
  }

  /** Paint along a line, but for its start. */
  line(
    tool: Exclude<Tool, "move">,
    from: { x: number; y: number },
    to: { x: number; y: number },
    radius: number,
    amount: number,
    limit: Float32Array,
  ): void {
    const { height, width } = this.#strokes;
    const reach = Math.max(1, radius * Math.max(height, width));
    const count = Math.max(1, Math.ceil(Math.hypot((to.x - from.x) * width, (to.y - from.y) * height) / (reach * SPACING)));
    for (let i = 1; i <= count; i++) {
      const at = { x: from.x + ((to.x - from.x) * i) / count, y: from.y + ((to.y - from.y) * i) / count };
      this.dab(tool, at, radius, amount, limit);
    }
  }

  /** A sheet of zeros: what one stroke has painted so far. */
  blank(): Float32Array {
    return new Float32Array(this.#strokes.lift.length);
  }

  undo(): void {
    const before = this.#done.pop();
    if (!before) return;
    this.#undone.push(this.#strokes);
    this.#strokes = before;
  }

  redo(): void {
    const after = this.#undone.pop();
    if (!after) return;
    this.#done.push(this.#strokes);
    this.#strokes = after;
  }

  clear(): void {
    if (!this.strokes) return;
    this.begin();
    this.#strokes.lift.fill(0);
    this.#strokes.keep.fill(0);
  }
}
