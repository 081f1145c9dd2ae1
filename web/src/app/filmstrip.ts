/** The photos that were given, to choose one of. */
import { TEXTS } from "../texts";
import { button, h } from "./dom";
import type { Photo } from "./photo";

const SIDE = 72; // CSS pixels of a preview

export class Filmstrip {
  readonly element: HTMLElement;
  readonly #list = h("ul", {});
  readonly #items = new Map<number, { item: HTMLLIElement; choose: HTMLButtonElement }>();

  constructor(
    readonly choose: (photo: Photo) => void,
    readonly remove: (photo: Photo) => void,
  ) {
    this.element = h("nav", { class: "filmstrip", "aria-label": TEXTS.photos, hidden: true }, this.#list);
  }

  add(photos: readonly Photo[]): void {
    for (const photo of photos) {
      const choose = button("", () => this.choose(photo), { class: "frame" });
      const remove = button("×", () => this.remove(photo), { class: "remove", "aria-label": `${TEXTS.remove}: ${photo.name}`, title: TEXTS.remove });
      const item = h("li", {}, choose, remove);
      this.#items.set(photo.id, { item, choose });
      this.#list.append(item);
      this.draw(photo);
    }
  }

  /** Draw what is known of a photo: its preview, or its name. */
  draw(photo: Photo): void {
    const choose = this.#items.get(photo.id)?.choose;
    void preview(photo).then((canvas) => choose?.replaceChildren(canvas ?? h("span", { dir: "auto" }, photo.name)));
  }

  delete(photo: Photo): void {
    this.#items.get(photo.id)?.item.remove();
    this.#items.delete(photo.id);
  }

  update(photos: readonly Photo[], current: Photo | undefined): void {
    const isSeen = photos.length > 1 || (photos.length === 1 && !this.element.hidden); // once it was, the last can be removed, too
    this.element.hidden = !isSeen;
    photos.forEach((photo, i) => {
      const { choose, item } = this.#items.get(photo.id)!;
      choose.setAttribute("aria-label", TEXTS.photo(photo.name, i + 1, photos.length));
      choose.title = photo.name;
      item.classList.toggle("failed", photo.failed);
      if (photo === current) {
        choose.setAttribute("aria-current", "true");
        this.#reveal(item);
      } else choose.removeAttribute("aria-current");
    });
  }

  /** Scroll to a photo: the strip alone, not the page. */
  #reveal(item: HTMLLIElement): void {
    const [strip, part] = [this.element.getBoundingClientRect(), item.getBoundingClientRect()];
    this.element.scrollBy({ left: Math.min(0, part.left - strip.left) || Math.max(0, part.right - strip.right) });
  }
}

let queue: Promise<unknown> = Promise.resolve(); // one after the other: many large photos would fill the memory

function preview(photo: Photo): Promise<HTMLCanvasElement | undefined> {
  const result = queue.then(async () => {
    try {
      const bitmap = await createImageBitmap(photo.source, { resizeHeight: SIDE * 2, resizeQuality: "low" });
      const canvas = h("canvas", { width: bitmap.width, height: bitmap.height, "aria-hidden": "true" });
      canvas.getContext("2d")!.drawImage(bitmap, 0, 0);
      bitmap.close();
      return canvas;
    } catch {
      return undefined; // the name stands there instead
    }
  });
  queue = result;
  return result;
}
