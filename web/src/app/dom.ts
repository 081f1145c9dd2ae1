/** Small helpers to build the page. */

type Child = Node | string | undefined | false;
type Properties = Record<string, string | number | boolean | undefined | ((event: never) => void)>;

/** Create an element: `on...` are listeners, true and false set or leave out an attribute. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
  return element;
}

export function button(label: string, click: () => void, properties: Properties = {}): HTMLButtonElement {
  return h("button", { type: "button", onclick: click, ...properties }, label);
}

let ids = 0;
export const newId = (): string => `id${++ids}`;

export interface Slider {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  set(value: number): void;
  say(text: string): void; // in place of the value
}

/** A slider with its label and its value. */
export function slider(
  label: string,
  range: { min: number; max: number; step: number },
  shown: (value: number) => string,
  change: (value: number) => void,
): Slider {
  const id = newId();
  const output = h("span", { class: "value", dir: "ltr", "aria-hidden": "true" }); // the slider itself says it
  const say = (text: string) => {
    output.textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  const show = (value: number) => say(shown(value));
  const input = h("input", {
    id,
    type: "range",
    ...range,
    oninput: () => {
      show(input.valueAsNumber);
      change(input.valueAsNumber);
    },
  });
  const element = h("div", { class: "slider" }, h("label", { for: id }, label), output, input);
  return {
    element,
    input,
    set: (value) => {
      input.value = String(value);
      show(value);
    },
    say,
  };
}

export interface Choice<T extends string> {
  readonly element: HTMLElement;
  set(value: T | undefined): void;
}

/** One of several, as a row of radio buttons. */
export function choice<T extends string>(label: string, texts: Readonly<Record<T, string>>, change: (value: T) => void): Choice<T> {
  const name = newId();
  const inputs = new Map<T, HTMLInputElement>();
  const options = (Object.keys(texts) as T[]).map((value) => {
    const input = h("input", { type: "radio", name, value, onchange: () => change(value) });
    inputs.set(value, input);
    return h("label", {}, input, h("span", {}, texts[value]));
  });
  const element = h("fieldset", { class: "choice" }, h("legend", {}, label), h("div", { class: "row" }, ...options));
  return {
    element,
    set: (value) => {
      for (const [each, input] of inputs) input.checked = each === value;
    },
  };
}

export function checkbox(label: string, change: (value: boolean) => void): { element: HTMLElement; input: HTMLInputElement } {
  const input = h("input", { type: "checkbox", onchange: () => change(input.checked) });
  return { element: h("label", { class: "check" }, input, h("span", {}, label)), input };
}
