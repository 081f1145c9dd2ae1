/** The page: what is open, what is shown, and what the controls do. */
import { exposuresAt, gate } from "../engine/exposureMap";
import { isKept } from "../engine/options";
import type { Format } from "../metadata/metadata";
import { TEXTS } from "../texts";
import type { GpuUse } from "../worker/gpu";
import { isLoss } from "../worker/notes";
import type { Opened } from "../worker/protocol";
import { storedRect, uprightRect } from "../view/orientation";
import { rangeOf } from "../view/renderer";
import { Stage } from "../view/stage";
import { saveAll } from "./batch";
import { Client, TaskError } from "./client";
import { Controls } from "./controls";
import { foreignKind, type Found } from "./files";
import { Filmstrip } from "./filmstrip";
import { Layout } from "./layout";
import { Photo, shownOf, type Shown } from "./photo";
import { isForeign, Saver } from "./saver";
import { findServer, ServerError, type Server } from "./server";
import { download, folderPicker, FolderTarget, ZipTarget, type Target } from "./targets";

const MOST_DENOISED = 6e6; // pixels of a view in which noise is removed at once
const CELLS = 8; // pixels that the denoiser's parts are aligned to

export class App {
  readonly client = new Client(gpuUse());
  readonly stage: Stage;
  readonly controls: Controls;
  readonly layout: Layout;
  readonly #filmstrip: Filmstrip;
  readonly #saver = new Saver(this.client);
  #photos: Photo[] = [];
  #shown: Shown | undefined;
  #current: Photo | undefined; // the one that is marked: shown, being opened, or one that could not be
  #opening: AbortController | undefined;
  #denoising: AbortController | undefined;
  #saving: AbortController | undefined;
  #opensNext: Photo | undefined; // waits for what is being saved
  #offered: Server | undefined;
  #progress: readonly [done: number, text: string] | undefined; // of saving

  constructor() {
    this.stage = new Stage({ painted: () => this.#painted(), settled: () => void this.#denoise() });
    this.controls = new Controls({
      changed: () => this.#refresh(),
      tool: (tool) => {
        this.stage.tool = tool;
        this.stage.element.classList.toggle("painting", tool !== "move");
      },
      brushRadius: (radius) => (this.stage.brushRadius = radius),
      brushAmount: (amount) => (this.stage.brushAmount = amount),
      undo: () => this.undo(),
      redo: () => this.redo(),
      clear: () => {
        this.#shown?.photo.brush?.clear();
        this.#painted();
      },
      showsMap: (value) => (this.stage.showsMap = value),
    });
    this.#filmstrip = new Filmstrip(
      (photo) => void this.open(photo),
      (photo) => this.remove(photo),
    );
    this.layout = new Layout(this.stage, this.controls.element, this.#filmstrip.element, {
      files: (found) => this.add(found),
      save: (format) => void this.save(format),
      saveZip: (format) => void this.saveMany(format, async () => new ZipTarget("pielight.zip")),
      saveFolder: (format) =>
        void this.saveMany(format, async () => new FolderTarget(await folderPicker()!({ mode: "readwrite" }))),
      cancel: () => this.#saving?.abort(),
      brightenAnyway: () => this.controls.change({ auto: false }),
      useServer: () => this.#useServer(),
    });
    this.client.run<"warm">({ kind: "warm" }).catch(() => this.layout.say(TEXTS.loadFailed, true));
  }

  get shown(): Shown | undefined {
    return this.#shown;
  }

  get #isOnGpu(): boolean {
    return this.client.gpu === "gpu";
  }

  get photos(): readonly Photo[] {
    return this.#photos;
  }

  /** Add photos to the list, and open the first of them that can be. */
  add(found: readonly Found[]): void {
    if (found.length === 0) {
      this.layout.say(TEXTS.nothing, true);
      return;
    }
    const photos = found.map((each) => new Photo(each));
    this.#photos.push(...photos);
    this.#filmstrip.add(photos);
    void this.#openFirst(photos);
  }

  async #openFirst(photos: readonly Photo[]): Promise<void> {
    for (const [failed, photo] of photos.entries()) if (await this.open(photo, failed)) return;
    if (photos.length > 1) await this.open(photos[0]!); // and say why
  }

  /** Open a photo, `failed` others having failed before it; false if it cannot be opened. */
  async open(photo: Photo, failed = 0): Promise<boolean> {
    this.#opening?.abort();
    this.#denoising?.abort();
    const opening = (this.#opening = new AbortController());
    this.#current = photo;
    this.#opensNext = this.#saving && photo;
    this.#say(TEXTS.opening(photo.name));
    this.#update();
    try {
      const opened = await this.#opened(photo, opening.signal);
      if (opening.signal.aborted) {
        opened.bitmap.close();
        return true;
      }
      photo.failed = false;
      this.#shown?.source.close();
      this.#shown = shownOf(photo, opened);
      this.#opensNext = undefined;
      this.#refresh();
      this.#say(TEXTS.opened(photo.name, failed));
      return true;
    } catch (error) {
      if (opening.signal.aborted) return true;
      this.#opensNext = undefined;
      this.#close();
      this.#failed(photo, error);
      return false;
    } finally {
      this.#update();
    }
  }

  /** Open a photo; where the browser cannot, the server's preview of it, if it may be asked. */
  async #opened(photo: Photo, signal: AbortSignal): Promise<Opened> {
    const open = () => this.client.run<"open">({ kind: "open", picture: photo.id, file: photo.source }, { signal });
    try {
      const opened = await open();
      if (opened.notes.some(isLoss)) photo.isForeign = true;
      return opened;
    } catch (error) {
      if (!isForeign(error)) throw error;
      photo.isForeign = true;
      if (!this.#saver.server || photo.preview) throw error;
    }
    photo.preview = await this.#saver.server.preview(photo.found.file, signal);
    this.#filmstrip.draw(photo);
    return await open();
  }

  /** Offer the server that the page comes from to photos that the browser cannot open in full. */
  async #offer(): Promise<void> {
    const isWanted = () => !this.#saver.server && this.#photos.some((photo) => photo.isForeign);
    const server = isWanted() ? await findServer() : undefined;
    this.#offered = isWanted() ? server : undefined;
    this.layout.offer(this.#offered?.where);
  }

  /** Send such photos to the server from now on. */
  #useServer(): void {
    const server = this.#offered;
    if (!server) return;
    this.#saver.server = server;
    this.layout.privacy = TEXTS.server.privacy(server.where);
    for (const photo of this.#photos) photo.failed &&= !photo.isForeign;
    void this.open(this.#current?.isForeign ? this.#current : this.#photos.find((photo) => photo.isForeign)!);
  }

  /** Show no photo. */
  #close(): void {
    this.#denoising?.abort();
    clearTimeout(this.#timer);
    this.#shown?.source.close();
    this.#shown = undefined;
    this.stage.clear();
    this.layout.notes = [];
    this.layout.hint("");
    this.layout.wellExposed = false;
    this.controls.setHistory(false, false, false);
    this.controls.setRange(undefined);
  }

  /** Mark the photo that is open or was asked for, and let it be saved if it is open. */
  #update(): void {
    this.layout.setPhotos(this.#photos.length, this.#shown !== undefined && this.#shown.photo === this.#current);
    this.#filmstrip.update(this.#photos, this.#current);
    void this.#offer();
  }

  /** Say something, unless there is progress to tell. */
  #say(text: string): void {
    if (this.#progress) this.#tell(...this.#progress);
    else this.layout.say(text);
  }

  #tell(done: number, text: string): void {
    this.#progress = [done, text];
    const next = this.#opensNext;
    this.layout.progress(done, next ? `${text}. ${TEXTS.opensNext(next.name)}` : text);
  }

  remove(photo: Photo): void {
    const at = this.#photos.indexOf(photo);
    this.#photos.splice(at, 1);
    this.#filmstrip.delete(photo);
    this.client.run<"close">({ kind: "close", picture: photo.id }).catch(() => undefined); // a worker that stopped holds nothing
    if (this.#photos.length === 0) {
      this.#opening?.abort();
      this.#current = undefined;
      this.#close();
      this.layout.say("");
    } else if (this.#current === photo) void this.open(this.#photos[Math.max(0, at - 1)]!);
    this.#update();
  }

  undo(): void {
    this.stage.endStroke();
    this.#shown?.photo.brush?.undo();
    this.#painted();
  }

  redo(): void {
    this.stage.endStroke();
    this.#shown?.photo.brush?.redo();
    this.#painted();
  }

  /** Save the photo that is shown. */
  async save(format: Format | "same"): Promise<void> {
    const photo = this.#shown?.photo;
    if (!photo || photo !== this.#current) return;
    await this.#whileSaving(async (signal) => {
      const progress = (done: number) => this.#tell(done, TEXTS.saving(Math.round(done * 100), this.#isOnGpu));
      if (this.#saver.isServed(photo)) this.#tell(0, TEXTS.server.saving(photo.name, this.#saver.server!.where));
      else progress(0);
      const saved = await this.#saver.save(photo, this.controls.options, format, { progress, signal });
      const name = saved.path.replace(/.*\//, "");
      download(saved.blob, name);
      this.layout.say([TEXTS.saved(name), ...saved.notes].join(" "));
    }, photo);
  }

  /** Save all photos. */
  async saveMany(format: Format | "same", open: () => Promise<Target>): Promise<void> {
    let target: Target;
    try {
      target = await open();
    } catch {
      return; // no folder was chosen
    }
    await this.#whileSaving(async (signal) => {
      const photos = [...this.#photos];
      const progress = (done: number) => this.#tell(done / photos.length, TEXTS.batch(Math.floor(done), photos.length));
      progress(0);
      const { done, failed, stopped, notes } = await saveAll(this.#saver, photos, this.controls.options, format, target, progress, signal);
      this.#update();
      const names = failed.map(({ name }) => name);
      const text = stopped ? TEXTS.batchStopped(done, photos.length, names) : TEXTS.batchDone(done, names);
      this.layout.say([text, ...notes].join(" "), names.length > 0);
    });
  }

  async #whileSaving(work: (signal: AbortSignal) => Promise<void>, photo?: Photo): Promise<void> {
    if (this.#saving) return;
    this.#denoising?.abort();
    this.#saving = new AbortController();
    try {
      await work(this.#saving.signal);
    } catch (error) {
      if (error instanceof TaskError && error.failure === "stopped") this.layout.say(TEXTS.stopped);
      else this.#failed(photo, error);
    } finally {
      this.#saving = this.#progress = undefined;
      this.layout.progress(undefined);
    }
  }

  #failed(photo: Photo | undefined, error: unknown): void {
    if (error instanceof TaskError && error.failure === "unloaded") {
      this.layout.say(TEXTS.loadFailed, true); // which is no fault of the photo
      return;
    }
    if (error instanceof ServerError) {
      if (photo) photo.failed = error.isOfPhoto;
      this.layout.say(error.message, true);
      this.#update();
      return;
    }
    if (photo) photo.failed = true;
    const name = photo?.name ?? TEXTS.name;
    const kind = foreignKind(name);
    const unreadable = error instanceof TaskError && error.failure === "unreadable";
    const detail = error instanceof Error ? error.message : String(error);
    this.layout.say(unreadable ? (kind ? TEXTS.unreadable(name, kind) : TEXTS.damaged(name)) : TEXTS.failed(name, detail), true);
  }

  #painted(): void {
    this.#refresh();
  }

  /** Show the picture with the options and strokes as they are now. */
  #refresh(): void {
    const shown = this.#shown;
    if (!shown) return;
    const { options } = this.controls;
    const brush = shown.photo.brush!;
    const map = exposuresAt(shown.upright, options, brush.strokes);
    this.stage.show({ source: shown.source, map, black: options.black, brush });
    this.controls.setRange(rangeOf(map));
    this.controls.setHistory(brush.canUndo, brush.canRedo, brush.strokes !== undefined);
    this.layout.notes = this.#notes(shown);
    this.layout.wellExposed = options.auto && gate(shown.upright, options) < 0.05;
    this.#denoising?.abort();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#denoise(), 400);
  }

  #notes({ photo, opened }: Shown): string[] {
    const { server } = this.#saver;
    if (server && this.#saver.isServed(photo)) return [TEXTS.server.note(server.where)];
    const notes = opened.notes.map((note) => TEXTS.notes[note]);
    return server && photo.isForeign ? [TEXTS.server.strokes, ...notes] : notes;
  }

  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Remove the noise of what is seen, once nothing has changed for a moment. */
  async #denoise(): Promise<void> {
    this.#denoising?.abort();
    const shown = this.#shown;
    const seen = this.stage.seen();
    const { options } = this.controls;
    if (!shown || !seen || this.#saving) return;
    const { opened, photo } = shown;
    if (options.denoise === 0 || isKept(options, photo.strokes)) return;
    const { rect } = seen;
    if ((rect.right - rect.left) * (rect.bottom - rect.top) > MOST_DENOISED) {
      this.layout.hint(TEXTS.zoomForNoise);
      return;
    }
    this.layout.hint("");
    const stored = storedRect(rect, opened, opened.orientation);
    const down = (value: number) => Math.floor(value / CELLS) * CELLS;
    const up = (value: number, most: number) => Math.min(Math.ceil(value / CELLS) * CELLS, most);
    const part = {
      left: down(stored.left),
      top: down(stored.top),
      right: up(stored.right, opened.width),
      bottom: up(stored.bottom, opened.height),
    };
    const denoising = (this.#denoising = new AbortController());
    try {
      const task = { kind: "part", picture: photo.id, file: photo.source, options, strokes: photo.strokes, part } as const;
      const { bitmap } = await this.client.run<"part">(task, {
        signal: denoising.signal,
        progress: (done) => this.layout.hint(TEXTS.denoising(Math.round(done * 100), this.#isOnGpu)),
      });
      if (!denoising.signal.aborted && this.#shown === shown) {
        this.stage.finish({ bitmap, rect: uprightRect(part, opened, opened.orientation), orientation: opened.orientation });
        this.layout.hint("");
      }
    } catch (error) {
      this.layout.hint("");
      if (!denoising.signal.aborted) this.#failed(photo, error);
    }
  }
}

/** `?gpu=none` in the address forgoes WebGPU; `?gpu=any` takes it from software, too, for tests. */
function gpuUse(): GpuUse {
  const use = new URLSearchParams(location.search).get("gpu");
  return use === "none" || use === "any" ? use : "hardware";
}
