/** The pixels that a renderer draws: the whole picture at screen size, or a part of it at full size. */
import type { Rect } from "./geometry";
import { toUpright, uprightSize, type Size } from "./orientation";

const BASE = 2048; // longest side of the picture at screen size

/** Upright pixels of a part of the picture, on a canvas. */
export interface Source {
  readonly canvas: OffscreenCanvas;
  readonly rect: Rect; // of the upright picture
  readonly version: number;
  readonly isExact: boolean; // its pixels are those of the canvas
  readonly colorSpace: PredefinedColorSpace; // that its values mean
}

let versions = 0;

export class PictureSource {
  readonly size: Size; // upright
  readonly #base: Source;
  #crop: Source | undefined;
  #whole: { source: Source; scale: number } | undefined;

  constructor(
    readonly bitmap: ImageBitmap,
    readonly orientation: number,
    readonly colorSpace: PredefinedColorSpace = "srgb",
  ) {
    this.size = uprightSize(bitmap, orientation);
    const scale = Math.min(1, BASE / Math.max(this.size.width, this.size.height));
    const rect = { left: 0, top: 0, right: this.size.width, bottom: this.size.height };
    this.#base = this.#drawn(rect, scale);
  }

  get baseScale(): number {
    return this.#base.canvas.width / this.size.width;
  }

  /** The pixels for a part that is seen at a scale. */
  at(rect: Rect, scale: number): Source {
    const isWhole = rect.right - rect.left === this.size.width && rect.bottom - rect.top === this.size.height;
    if (isWhole && scale < this.baseScale) return this.#reduced(scale);
    if (scale <= this.baseScale * 1.01 || this.baseScale === 1) return this.#base;
    const last = this.#crop?.rect;
    if (!last || (["left", "top", "right", "bottom"] as const).some((side) => last[side] !== rect[side])) {
      const width = rect.right - rect.left;
      const height = rect.bottom - rect.top;
      this.#crop = this.#drawn(rect, Math.min(1, scale, 4096 / Math.max(width, height)));
    }
    return this.#crop!;
  }

  close(): void {
    this.bitmap.close();
  }

  /** The whole picture, as large as it is shown. */
  #reduced(scale: number): Source {
    if (this.#whole?.scale !== scale) {
      const width = Math.max(1, Math.round(this.size.width * scale));
      const height = Math.max(1, Math.round(this.size.height * scale));
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext("2d", { willReadFrequently: true })!;
      context.imageSmoothingQuality = "medium";
      context.drawImage(this.#base.canvas, 0, 0, width, height);
      this.#whole = { source: { ...this.#base, canvas, version: ++versions, isExact: true }, scale };
    }
    return this.#whole.source;
  }

  #drawn(rect: Rect, scale: number): Source {
    const width = Math.max(1, Math.round((rect.right - rect.left) * scale));
    const height = Math.max(1, Math.round((rect.bottom - rect.top) * scale));
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", { willReadFrequently: true })!;
    context.imageSmoothingQuality = "medium";
    context.scale(width / (rect.right - rect.left), height / (rect.bottom - rect.top));
    context.translate(-rect.left, -rect.top);
    context.transform(...toUpright(this.bitmap, this.orientation));
    context.drawImage(this.bitmap, 0, 0);
    return { canvas, rect, version: ++versions, isExact: false, colorSpace: this.colorSpace };
  }
}
