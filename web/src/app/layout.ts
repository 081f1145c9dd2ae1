/** The page's parts: where photos come in, the stage, the panel, and what is said. */
import type { Format } from "../metadata/metadata";
import { TEXTS } from "../texts";
import type { Stage } from "../view/stage";
import { button, h } from "./dom";
import { chosen, transferred, type Found } from "./files";
import { folderPicker } from "./targets";
import { themeMenu } from "./theme";

export interface LayoutEvents {
  files(found: readonly Found[]): void;
  save(format: Format | "same"): void;
  saveZip(format: Format | "same"): void;
  saveFolder(format: Format | "same"): void;
  cancel(): void;
  brightenAnyway(): void;
  useServer(): void;
}

export class Layout {
  readonly #root: HTMLElement;
  readonly #status = h("p", { class: "status", role: "status", dir: "auto" });
  readonly #hint = h("p", { class: "hint" });
  readonly #notes = h("ul", { class: "notes", hidden: true });
  readonly #privacy = h("p", { class: "small" }, TEXTS.privacy);
  readonly #offerText = h("p", { "aria-live": "polite" });
  readonly #offerButton: HTMLButtonElement;
  readonly #offer: HTMLElement;
  readonly #well: HTMLElement;
  readonly #anyway: HTMLButtonElement;
  readonly #bar = h("progress", { max: 1, "aria-label": TEXTS.save });
  readonly #working: HTMLElement;
  readonly #many: HTMLElement;
  readonly #saveZip: HTMLButtonElement;
  readonly #saveFolder: HTMLButtonElement | undefined;
  readonly #saveOne: HTMLButtonElement;
  readonly #saves: HTMLButtonElement[];
  #isOpen = false;
  readonly #picker: HTMLInputElement;
  readonly #folderInput: HTMLInputElement;

  constructor(
    stage: Stage,
    controls: HTMLElement,
    filmstrip: HTMLElement,
    readonly events: LayoutEvents,
  ) {
    this.#picker = this.#fileInput({ multiple: true, accept: "image/*,.heic,.heif,.dng,.cr2,.cr3,.nef,.arw,.orf,.raf,.rw2" });
    this.#folderInput = this.#fileInput({ webkitdirectory: true });
    const format = h(
      "select",
      { "aria-label": TEXTS.format },
      ...Object.entries(TEXTS.formats).map(([value, text]) => h("option", { value }, text)),
    );
    const chosenFormat = () => format.value as Format | "same";
    this.#saveOne = button(TEXTS.download, () => events.save(chosenFormat()), { class: "primary" });
    this.#saveZip = button("", () => events.saveZip(chosenFormat()));
    this.#saveFolder = folderPicker() && button("", () => events.saveFolder(chosenFormat()));
    this.#saves = [this.#saveOne, this.#saveZip, ...(this.#saveFolder ? [this.#saveFolder] : [])];
    this.#many = h("div", { class: "many", hidden: true }, this.#saveZip, this.#saveFolder, h("p", { class: "small" }, TEXTS.saveHint));
    this.#working = h("div", { class: "working", hidden: true }, this.#bar, button(TEXTS.cancel, () => events.cancel()));
    this.#offerButton = button("", () => events.useServer(), { class: "primary" });
    this.#offer = h("div", { class: "offer", hidden: true }, this.#offerText, this.#offerButton);
    this.#anyway = button(TEXTS.brightenAnyway(1), () => events.brightenAnyway());
    this.#well = h(
      "div",
      { class: "well", hidden: true },
      h("p", {}, TEXTS.wellExposed),
      this.#anyway,
    );
    const tools = h(
      "div",
      { class: "zoom", role: "group", "aria-label": TEXTS.zoom },
      button("−", () => stage.zoom(1 / 1.25), { "aria-label": TEXTS.zoomOut, title: TEXTS.zoomOut }),
      button("+", () => stage.zoom(1.25), { "aria-label": TEXTS.zoomIn, title: TEXTS.zoomIn }),
      button(TEXTS.fit, () => stage.fit()),
      button(TEXTS.realSize, () => stage.realSize()),
    );
    this.#root = h(
      "div",
      { class: "app empty" },
      h(
        "header",
        {},
        h("h1", {}, TEXTS.name),
        h("p", { class: "tagline" }, TEXTS.tagline),
        h(
          "div",
          { class: "row open" },
          button(TEXTS.choose, () => this.#picker.click(), { class: "again" }),
          button(TEXTS.chooseFolder, () => this.#folderInput.click(), { class: "again folder" }),
          themeMenu(),
        ),
      ),
      h(
        "main",
        {},
        this.#welcome(),
        h("section", { class: "view", "aria-label": TEXTS.stage }, stage.element, h("div", { class: "under" }, this.#hint, tools), filmstrip),
        h(
          "aside",
          { "aria-label": TEXTS.settings },
          this.#well,
          this.#notes,
          controls,
          this.#many,
          h("div", { class: "save" }, h("div", { class: "row format" }, format, this.#saveOne), this.#working),
        ),
      ),
      this.#status,
      this.#offer,
      h("div", { class: "dropping", "aria-hidden": "true" }, TEXTS.dropNow),
    );
    document.body.append(this.#root, this.#picker, this.#folderInput);
    this.#listen();
  }

  /** Say something, also to screen readers. */
  say(text: string, isError = false): void {
    this.#status.textContent = text;
    this.#status.classList.toggle("error", isError);
  }

  /** Say something small, for the eye. */
  hint(text: string): void {
    this.#hint.textContent = text;
  }

  /** List what is to be known of the photo that is open. */
  set notes(notes: readonly string[]) {
    this.#notes.hidden = notes.length === 0;
    this.#notes.replaceChildren(...notes.map((note) => h("li", {}, note)));
  }

  /** Offer the server at a place; undefined withdraws the offer. */
  offer(where: string | undefined): void {
    this.#offer.hidden = where === undefined;
    this.#offerText.textContent = where === undefined ? "" : TEXTS.server.offer(where);
    if (where !== undefined) this.#offerButton.textContent = TEXTS.server.use(where);
  }

  /** Say where photos go, as it is agreed now. */
  set privacy(text: string) {
    this.#privacy.textContent = text;
  }

  /** How many photos there are, and whether the one that is marked is open. */
  setPhotos(count: number, isOpen: boolean): void {
    if (count > 1 || isOpen) this.#root.classList.remove("empty");
    else if (count === 0) this.#root.classList.add("empty");
    this.#isOpen = isOpen;
    this.#enable();
    const before = this.#root.classList.contains("empty") ? this.#status : this.#notes;
    if (before.nextElementSibling !== this.#offer) before.after(this.#offer);
    this.#many.hidden = count < 2;
    this.#anyway.textContent = TEXTS.brightenAnyway(count);
    this.#saveZip.textContent = TEXTS.saveAll(count);
    if (this.#saveFolder) this.#saveFolder.textContent = TEXTS.saveFolder(count);
  }

  set wellExposed(value: boolean) {
    this.#well.hidden = !value;
  }

  /** Show how far saving is; undefined hides it. */
  progress(done: number | undefined, text = ""): void {
    this.#working.hidden = done === undefined;
    this.#enable();
    if (done === undefined) return;
    this.#bar.value = done;
    this.say(text);
  }

  #enable(): void {
    for (const each of this.#saves) each.disabled = !this.#working.hidden;
    if (!this.#isOpen) this.#saveOne.disabled = true;
  }

  #welcome(): HTMLElement {
    return h(
      "section",
      { class: "welcome" },
      h("h2", {}, TEXTS.drop),
      h("p", {}, TEXTS.dropHint),
      h(
        "div",
        { class: "row" },
        button(TEXTS.choose, () => this.#picker.click(), { class: "primary" }),
        button(TEXTS.chooseFolder, () => this.#folderInput.click()),
      ),
      this.#privacy,
      h("p", { class: "small" }, IS_FOR_RESEARCH && `${TEXTS.research} `, h("a", { href: "licenses.txt" }, TEXTS.licenses)),
    );
  }

  #fileInput(properties: Record<string, string | boolean>): HTMLInputElement {
    const input = h("input", {
      type: "file",
      hidden: true,
      "aria-label": TEXTS.choose,
      ...properties,
      onchange: () => {
        this.events.files(chosen(input.files ?? []));
        input.value = "";
      },
    });
    return input;
  }

  #listen(): void {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    window.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.#root.classList.add("over");
    });
    window.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) this.#root.classList.remove("over");
    });
    window.addEventListener("drop", (event) => {
      this.#root.classList.remove("over");
      if (!event.dataTransfer || !hasFiles(event)) return;
      event.preventDefault();
      void transferred(event.dataTransfer).then((found) => this.events.files(found));
    });
    window.addEventListener("paste", (event) => {
      if (event.clipboardData?.files.length) this.events.files(chosen(event.clipboardData.files));
    });
  }
}
