/** Drawing by the processor, where there is no WebGL2: the same table as for results that are saved. */
import { axisOf, blended, blendRows } from "../engine/axis";
import { applyExposure } from "../engine/exposure";
import { holdBlack } from "../engine/finish";
import { onCanvas, onPicture, type Rect } from "./geometry";
import { rampColor, rangeOf, type Renderer, type Scene } from "./renderer";
import { uprightCanvas } from "./webgl";

const OPACITY = 0.65;

export class CanvasRenderer implements Renderer {
  readonly kind = "canvas";
  readonly #context: CanvasRenderingContext2D;

  constructor(readonly canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("no canvas");
    this.#context = context;
  }

  draw(scene: Scene): void {
    const context = this.#context;
    const { width, height } = this.canvas;
    context.clearRect(0, 0, width, height);
    this.#image(scene, scene.source.canvas, scene.source.rect);
    const area = this.#area(scene);
    if (area.width > 0 && area.height > 0) this.#expose(scene, area);
    if (scene.finished) {
      context.save();
      context.beginPath();
      context.rect(scene.split, 0, width - scene.split, height);
      context.clip();
      this.#image(scene, uprightCanvas(scene.finished.bitmap, scene.finished.orientation), scene.finished.rect);
      context.restore();
    }
    const { colorSpace } = scene.source;
    if (colorSpace !== "srgb") {
      const { data } = context.getImageData(0, 0, width, height);
      context.putImageData(new ImageData(data, width, height, { colorSpace }), 0, 0); // which converts
    }
  }

  dispose(): void {
    this.#context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #image({ place }: Scene, image: CanvasImageSource, rect: Rect): void {
    const first = onCanvas(place, { x: rect.left, y: rect.top }, this.canvas);
    const last = onCanvas(place, { x: rect.right, y: rect.bottom }, this.canvas);
    this.#context.drawImage(image, first.x, first.y, last.x - first.x, last.y - first.y);
  }

  /** The part of the canvas that shows the picture after. */
  #area({ place, picture, split }: Scene): { x: number; y: number; width: number; height: number } {
    const first = onCanvas(place, { x: 0, y: 0 }, this.canvas);
    const last = onCanvas(place, { x: picture.width, y: picture.height }, this.canvas);
    const x = Math.max(0, Math.round(Math.max(first.x, split)));
    const y = Math.max(0, Math.round(first.y));
    return {
      x,
      y,
      width: Math.min(this.canvas.width, Math.round(last.x)) - x,
      height: Math.min(this.canvas.height, Math.round(last.y)) - y,
    };
  }

  #expose(scene: Scene, area: { x: number; y: number; width: number; height: number }): void {
    const before = this.#context.getImageData(area.x, area.y, area.width, area.height);
    const after = new ImageData(area.width, area.height);
    const start = onPicture(scene.place, area, this.canvas);
    const step = 1 / scene.place.scale;
    const window = {
      rows: { start: start.y, step, count: area.height },
      columns: { start: start.x, step, count: area.width },
    };
    const pixels = { width: area.width, height: area.height, data: before.data as Uint8ClampedArray<ArrayBuffer> };
    applyExposure(pixels, scene.map, after.data, scene.picture, window);
    holdBlack(before.data, after.data, scene.black);
    if (scene.showsMap) overlay(after.data, scene, window);
    this.#context.putImageData(after, area.x, area.y);
  }
}

function overlay(
  data: Uint8ClampedArray,
  { map, picture }: Scene,
  window: { rows: { start: number; step: number; count: number }; columns: { start: number; step: number; count: number } },
): void {
  const [low, high] = rangeOf(map);
  const rows = axisOf(picture.height, map.height, window.rows);
  const columns = axisOf(picture.width, map.width, window.columns);
  const line = new Float64Array(map.width);
  for (let y = 0, at = 0; y < window.rows.count; y++) {
    blendRows(map, rows, y, line);
    for (let x = 0; x < window.columns.count; x++, at += 4) {
      const color = rampColor((blended(line, columns, x) - low) / (high - low));
      for (let c = 0; c < 3; c++) data[at + c] = data[at + c]! * (1 - OPACITY) + color[c]! * OPACITY;
    }
  }
}
