/** The stage: the canvas with zoom, pan, the slider of before and after, and the brush. */
import type { Grid } from "../engine/axis";
import { clamp } from "../engine/color";
import { h } from "../app/dom";
import { TEXTS } from "../texts";
import type { Brush, Tool } from "./brush";
import { CanvasRenderer } from "./canvas";
import { fitScale, fitted, limited, onCanvas, onPicture, seenRect, zoomed, type Place, type Rect } from "./geometry";
import type { Renderer, Scene } from "./renderer";
import type { PictureSource } from "./source";
import { WebglRenderer } from "./webgl";

const MOST_PIXELS = 2560; // along each side of the canvas
const STEP = 40; // CSS pixels that an arrow key moves
const ZOOM = 1.25;
const RESTORED_WITHIN = 2000; // ms that a lost WebGL context gets to come back

export interface Content {
  readonly source: PictureSource;
  readonly map: Grid;
  readonly black: number;
  readonly brush: Brush;
}

export interface StageEvents {
  painted(): void; // the strokes have changed
  settled(): void; // the view has stood still for a moment
}

export class Stage {
  readonly element: HTMLElement;
  tool: Tool = "move";
  brushRadius = 0.08; // in shares of the longer side
  brushAmount = 1; // EV
  #showsMap = false;
  #content: Content | undefined;
  #finished: Scene["finished"];
  #place: Place = { x: 0, y: 0, scale: 1 };
  #isFitted = true;
  #share = 0; // of the stage that shows the picture before
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #canvas: HTMLCanvasElement;
  #renderer: Renderer;
  readonly #handle: HTMLElement;
  readonly #cursor: HTMLElement;
  readonly #pointers = new Map<number, { x: number; y: number }>();
  #stroke: Float32Array | undefined;
  #last: { x: number; y: number } | undefined; // place of the stroke's last dab
  #aim = { x: 0.5, y: 0.5 };

  constructor(readonly events: StageEvents) {
    this.#canvas = h("canvas", {});
    this.#renderer = this.#bestRenderer();
    this.#handle = h("div", {
      class: "handle",
      role: "slider",
      tabindex: 0,
      "aria-label": TEXTS.compare,
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "aria-orientation": "horizontal",
      onkeydown: (event: KeyboardEvent) => this.#handleKey(event),
      onpointerdown: (event: PointerEvent) => this.#grab(event),
    });
    this.#cursor = h("div", { class: "cursor", hidden: true });
    this.element = h(
      "div",
      {
        class: "stage",
        dir: "ltr", // before is on the left, in every language
        tabindex: 0,
        role: "application",
        "aria-label": `${TEXTS.stage}. ${TEXTS.stageHelp}`,
        onkeydown: (event: KeyboardEvent) => this.#key(event),
        onwheel: (event: WheelEvent) => this.#wheel(event),
        onpointerdown: (event: PointerEvent) => this.#down(event),
        onpointermove: (event: PointerEvent) => this.#move(event),
        onpointerup: (event: PointerEvent) => this.#up(event),
        onpointercancel: (event: PointerEvent) => this.#up(event),
        onpointerleave: () => (this.#cursor.hidden = true),
        ondblclick: (event: MouseEvent) => this.#toggleZoom(event),
      },
      this.#canvas,
      h("span", { class: "tag before", "aria-hidden": "true" }, TEXTS.before),
      h("span", { class: "tag after", "aria-hidden": "true" }, TEXTS.after),
      this.#handle,
      this.#cursor,
    );
    new ResizeObserver(() => this.#resize()).observe(this.element);
    this.split = 0;
  }

  get rendererKind(): Renderer["kind"] {
    return this.#renderer.kind;
  }

  get canvas(): HTMLCanvasElement {
    return this.#canvas;
  }

  get place(): Place {
    return this.#place;
  }

  /** Show a picture, or new settings of the same one. */
  show(content: Content): void {
    const isNew = this.#content?.source !== content.source;
    this.#content = content;
    this.#canvas.hidden = false;
    this.#finished = undefined;
    if (isNew) this.fit();
    this.redraw();
  }

  /** Show nothing. */
  clear(): void {
    this.endStroke();
    this.#content = this.#finished = undefined;
    this.#canvas.hidden = true;
  }

  /** End the stroke that is being painted. */
  endStroke(): void {
    this.#stroke = undefined;
  }

  /** Show a part of the result as it will be saved, until settings change. */
  finish(finished: NonNullable<Scene["finished"]>): void {
    this.#finished = finished;
    this.redraw();
  }

  set showsMap(value: boolean) {
    this.#showsMap = value;
    this.redraw();
  }

  /** How much of the stage shows the picture before, 0 to 1. */
  set split(share: number) {
    this.#share = clamp(share, 0, 1);
    const percent = Math.round(this.#share * 100);
    this.#handle.style.left = `${this.#share * 100}%`;
    this.#handle.setAttribute("aria-valuenow", String(percent));
    this.#handle.setAttribute("aria-valuetext", TEXTS.compareValue(percent));
    this.element?.classList.toggle("comparing", this.#share > 0);
    this.redraw();
  }

  /** The part of the picture that is seen, and whether it is seen at full size or larger. */
  seen(): { rect: Rect; scale: number } | undefined {
    return this.#content && { rect: seenRect(this.#place, this.#content.source.size, this.#canvas), scale: this.#place.scale };
  }

  fit(): void {
    if (!this.#content) return;
    this.#isFitted = true;
    this.#setPlace(fitted(this.#content.source.size, this.#canvas));
  }

  realSize(at = { x: this.#canvas.width / 2, y: this.#canvas.height / 2 }): void {
    this.zoom(1 / this.#place.scale, at);
  }

  zoom(factor: number, at = { x: this.#canvas.width / 2, y: this.#canvas.height / 2 }): void {
    if (!this.#content) return;
    const place = zoomed(this.#place, factor, at, this.#content.source.size, this.#canvas);
    this.#isFitted = place.scale <= fitScale(this.#content.source.size, this.#canvas);
    this.#setPlace(place);
  }

  redraw(): void {
    this.#frame ||= requestAnimationFrame(() => this.drawNow());
  }

  /** Draw at once, rather than with the next frame. */
  drawNow(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (!this.#content) return;
    const { source, map, black } = this.#content;
    const rect = seenRect(this.#place, source.size, this.#canvas);
    this.#renderer.draw({
      picture: source.size,
      place: this.#place,
      source: source.at(rect, this.#place.scale),
      map,
      black,
      split: this.#share * this.#canvas.width,
      showsMap: this.#showsMap,
      finished: this.#finished,
    });
  }

  #bestRenderer(): Renderer {
    const forced = new URLSearchParams(location.search).get("renderer");
    try {
      if (forced !== "canvas") return this.#webgl();
    } catch {
      this.#replaceCanvas();
    }
    return new CanvasRenderer(this.#canvas);
  }

  #webgl(): Renderer {
    let waiting: ReturnType<typeof setTimeout> | undefined;
    return new WebglRenderer(this.#canvas, {
      lost: () => {
        waiting = setTimeout(() => {
          this.#replaceCanvas();
          this.#renderer = new CanvasRenderer(this.#canvas);
          this.#resize();
        }, RESTORED_WITHIN);
      },
      restored: () => {
        clearTimeout(waiting);
        this.redraw();
      },
    });
  }

  /** Take another canvas: one that was asked for WebGL gives no other context. */
  #replaceCanvas(): void {
    const canvas = h("canvas", { hidden: this.#canvas.hidden });
    this.#canvas.replaceWith(canvas);
    this.#canvas = canvas;
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.element;
    if (clientWidth === 0 || clientHeight === 0) return;
    const ratio = Math.min(devicePixelRatio, MOST_PIXELS / Math.max(clientWidth, clientHeight));
    this.#canvas.width = Math.round(clientWidth * ratio);
    this.#canvas.height = Math.round(clientHeight * ratio);
    if (this.#isFitted) this.fit();
    else if (this.#content) this.#setPlace(limited(this.#place, this.#content.source.size, this.#canvas));
    this.drawNow();
  }

  #setPlace(place: Place): void {
    this.#place = place;
    this.redraw();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.events.settled(), 250);
  }

  /** Canvas pixels of a pointer. */
  #at(event: { clientX: number; clientY: number }): { x: number; y: number } {
    const box = this.#canvas.getBoundingClientRect();
    const ratio = this.#canvas.width / box.width;
    return { x: (event.clientX - box.left) * ratio, y: (event.clientY - box.top) * ratio };
  }

  #pan(dx: number, dy: number): void {
    if (!this.#content) return;
    const { x, y, scale } = this.#place;
    const place = { x: x - dx / scale, y: y - dy / scale, scale };
    this.#setPlace(limited(place, this.#content.source.size, this.#canvas));
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    this.zoom(Math.exp(-clamp(event.deltaY, -200, 200) / 300), this.#at(event));
  }

  #toggleZoom(event: MouseEvent): void {
    if (this.tool !== "move" || event.target === this.#handle) return;
    if (this.#isFitted) this.realSize(this.#at(event));
    else this.fit();
  }

  #down(event: PointerEvent): void {
    if (!this.#content || event.target === this.#handle || event.button !== 0) return;
    this.element.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, this.#at(event));
    if (this.tool !== "move" && this.#pointers.size === 1) {
      this.#begin();
      this.#paint(this.#shareAt(event));
    } else if (this.#stroke && this.#pointers.size === 2) {
      this.#stroke = undefined; // a second finger zooms: what the first has painted is taken back
      this.#content.brush.undo();
      this.events.painted();
    }
  }

  #move(event: PointerEvent): void {
    this.#showCursor(event);
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = this.#at(event);
    this.#pointers.set(event.pointerId, now);
    if (this.#pointers.size === 2) {
      const other = [...this.#pointers].find(([id]) => id !== event.pointerId)![1];
      const length = (point: { x: number; y: number }) => Math.hypot(point.x - other.x, point.y - other.y);
      this.#pan((now.x - before.x) / 2, (now.y - before.y) / 2);
      this.zoom(length(now) / Math.max(1, length(before)), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    } else if (this.#stroke) {
      for (const each of event.getCoalescedEvents?.() ?? []) this.#dab(this.#shareAt(each));
      this.#paint(this.#shareAt(event));
    } else if (this.tool === "move") {
      this.#pan(now.x - before.x, now.y - before.y);
    }
  }

  #up(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
    if (this.#pointers.size === 0) this.#stroke = undefined;
  }

  #shareAt(event: { clientX: number; clientY: number }): { x: number; y: number } {
    const { width, height } = this.#content!.source.size;
    const point = onPicture(this.#place, this.#at(event), this.#canvas);
    return { x: point.x / width, y: point.y / height };
  }

  #begin(): void {
    this.#content!.brush.begin();
    this.#stroke = this.#content!.brush.blank();
    this.#last = undefined;
  }

  #dab(at: { x: number; y: number }): void {
    if (this.tool === "move" || !this.#stroke) return;
    this.#content!.brush.line(this.tool, this.#last ?? at, at, this.brushRadius, this.brushAmount, this.#stroke);
    this.#last = at;
  }

  #paint(at: { x: number; y: number }): void {
    this.#dab(at);
    this.events.painted();
  }

  #showCursor(event: { clientX: number; clientY: number }): void {
    this.#cursor.hidden = this.tool === "move" || !this.#content;
    if (this.#cursor.hidden) return;
    const box = this.element.getBoundingClientRect();
    const { width, height } = this.#content!.source.size;
    const ratio = this.#canvas.width / box.width;
    const radius = (this.brushRadius * Math.max(width, height) * this.#place.scale) / ratio;
    this.#cursor.style.left = `${event.clientX - box.left}px`;
    this.#cursor.style.top = `${event.clientY - box.top}px`;
    this.#cursor.style.width = this.#cursor.style.height = `${2 * radius}px`;
  }

  #grab(event: PointerEvent): void {
    event.preventDefault();
    this.#handle.focus();
    this.#handle.setPointerCapture(event.pointerId);
    const drag = (moved: PointerEvent) => {
      const box = this.element.getBoundingClientRect();
      this.split = (moved.clientX - box.left) / box.width;
    };
    this.#handle.addEventListener("pointermove", drag);
    this.#handle.addEventListener("lostpointercapture", () => this.#handle.removeEventListener("pointermove", drag), { once: true });
  }

  #handleKey(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowLeft: -0.02, ArrowRight: 0.02, ArrowDown: -0.02, ArrowUp: 0.02, PageUp: 0.1, PageDown: -0.1, Home: -1, End: 1 };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.split = this.#share + step;
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === this.#handle) return;
    const moves: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (move && this.tool !== "move") this.#moveAim(move);
    else if (move) this.#pan(-move[0] * STEP, -move[1] * STEP);
    else if (event.key === " " && this.tool !== "move" && this.#content) {
      this.#begin();
      this.#paint(this.#aim);
      this.#stroke = undefined;
    } else if (event.key === "+" || event.key === "=") this.zoom(ZOOM);
    else if (event.key === "-") this.zoom(1 / ZOOM);
    else if (event.key === "0") this.fit();
    else if (event.key === "1") this.realSize();
    else return;
    event.preventDefault();
  }

  #moveAim([dx, dy]: [number, number]): void {
    if (!this.#content) return;
    this.#aim = { x: clamp(this.#aim.x + dx * 0.02, 0, 1), y: clamp(this.#aim.y + dy * 0.02, 0, 1) };
    const { width, height } = this.#content.source.size;
    const at = onCanvas(this.#place, { x: this.#aim.x * width, y: this.#aim.y * height }, this.#canvas);
    const box = this.#canvas.getBoundingClientRect();
    const ratio = box.width / this.#canvas.width;
    this.#showCursor({ clientX: box.left + at.x * ratio, clientY: box.top + at.y * ratio });
  }
}
