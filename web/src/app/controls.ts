/** The panel: preset, sliders, brush, map. */
import { DEFAULTS, presetOf, presetOptions, type Options, type Preset } from "../engine/options";
import { TEXTS } from "../texts";
import type { Tool } from "../view/brush";
import { rampColor } from "../view/renderer";
import { button, checkbox, choice, h, slider } from "./dom";

export interface ControlEvents {
  changed(options: Options): void;
  tool(tool: Tool): void;
  brushRadius(radius: number): void;
  brushAmount(amount: number): void;
  undo(): void;
  redo(): void;
  clear(): void;
  showsMap(value: boolean): void;
}

export class Controls {
  readonly element: HTMLElement;
  #options: Options = DEFAULTS;
  readonly #presets;
  readonly #sliders;
  readonly #denoise;
  readonly #denoiseAuto;
  readonly #auto;
  readonly #tools;
  readonly #undo: HTMLButtonElement;
  readonly #redo: HTMLButtonElement;
  readonly #clear: HTMLButtonElement;
  readonly #legend: HTMLElement;
  readonly #legendEnds: [HTMLElement, HTMLElement];

  constructor(readonly events: ControlEvents) {
    const share = { min: 0, max: 1, step: 0.01 };
    const change = (part: Partial<Options>) => this.#change({ ...this.#options, ...part });
    this.#presets = choice<Preset>(TEXTS.preset, TEXTS.presets, (preset) => this.#change(presetOptions(preset)));
    this.#sliders = {
      strength: slider(TEXTS.strength, { min: 0, max: 1.5, step: 0.01 }, TEXTS.percent, (strength) => change({ strength })),
      highlights: slider(TEXTS.highlights, share, TEXTS.percent, (highlights) => change({ highlights })),
      targetEv: slider(TEXTS.targetEv, { min: -3, max: 3, step: 0.05 }, TEXTS.stops, (targetEv) => change({ targetEv })),
      black: slider(TEXTS.black, share, TEXTS.percent, (black) => change({ black })),
    };
    this.#denoise = slider(TEXTS.denoise, share, TEXTS.percent, (denoise) => change({ denoise }));
    this.#denoiseAuto = checkbox(TEXTS.denoiseAuto, (auto) => change({ denoise: auto ? "auto" : this.#denoise.input.valueAsNumber }));
    this.#auto = checkbox(TEXTS.auto, (auto) => change({ auto }));
    this.#tools = choice<Tool>(TEXTS.brush, TEXTS.tools, (tool) => this.setTool(tool));
    const size = slider(TEXTS.brushSize, { min: 0.01, max: 0.4, step: 0.01 }, TEXTS.percent, events.brushRadius);
    const amount = slider(TEXTS.brushAmount, { min: 0.1, max: 2, step: 0.1 }, TEXTS.stops, events.brushAmount);
    size.set(0.08);
    amount.set(1);
    this.#undo = button(TEXTS.undo, events.undo, { "aria-keyshortcuts": "Control+Z" });
    this.#redo = button(TEXTS.redo, events.redo, { "aria-keyshortcuts": "Control+Shift+Z Control+Y" });
    this.#clear = button(TEXTS.clear, events.clear);
    const map = checkbox(TEXTS.map, (value) => {
      this.#legend.hidden = !value;
      events.showsMap(value);
    });
    this.#legendEnds = [h("span"), h("span")];
    this.#legend = h(
      "div",
      { class: "legend", hidden: true, role: "img", "aria-label": TEXTS.mapLegend, dir: "ltr" },
      this.#legendEnds[0],
      rampCanvas(),
      this.#legendEnds[1],
    );
    this.element = h(
      "div",
      { class: "controls" },
      this.#presets.element,
      ...Object.values(this.#sliders).map(({ element }) => element),
      this.#denoise.element,
      this.#denoiseAuto.element,
      this.#auto.element,
      button(TEXTS.reset, () => this.#change(DEFAULTS), { class: "quiet" }),
      this.#tools.element,
      size.element,
      amount.element,
      h("div", { class: "row" }, this.#undo, this.#redo, this.#clear),
      map.element,
      this.#legend,
    );
    this.setTool("move");
    this.set(DEFAULTS);
    this.setHistory(false, false, false);
  }

  get options(): Options {
    return this.#options;
  }

  set(options: Options): void {
    this.#options = options;
    this.#presets.set(presetOf(options));
    for (const key of ["strength", "highlights", "targetEv", "black"] as const) this.#sliders[key].set(options[key]);
    const isAuto = options.denoise === "auto";
    this.#denoiseAuto.input.checked = isAuto;
    this.#denoise.input.disabled = isAuto;
    if (options.denoise === "auto") this.#denoise.say(TEXTS.asNeeded);
    else this.#denoise.set(options.denoise);
    this.#auto.input.checked = options.auto;
  }

  change(part: Partial<Options>): void {
    this.#change({ ...this.#options, ...part });
  }

  setTool(tool: Tool): void {
    this.#tools.set(tool);
    this.events.tool(tool);
  }

  setHistory(canUndo: boolean, canRedo: boolean, canClear: boolean): void {
    this.#undo.disabled = !canUndo;
    this.#redo.disabled = !canRedo;
    this.#clear.disabled = !canClear;
  }

  /** The ends of the map's legend; undefined without a photo. */
  setRange(range: [number, number] | undefined): void {
    this.#legendEnds.forEach((end, i) => (end.textContent = range ? TEXTS.wholeStops(range[i]!) : ""));
  }

  #change(options: Options): void {
    this.set(options);
    this.events.changed(options);
  }
}

function rampCanvas(): HTMLCanvasElement {
  const canvas = h("canvas", { width: 160, height: 1 });
  const context = canvas.getContext("2d")!;
  for (let x = 0; x < 160; x++) {
    context.fillStyle = `rgb(${rampColor(x / 159).map(Math.round).join(",")})`;
    context.fillRect(x, 0, 1, 1);
  }
  return canvas;
}
