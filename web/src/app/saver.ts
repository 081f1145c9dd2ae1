/** Saves a photo: by the page, or by the server where the page would lose something. */
import type { Options } from "../engine/options";
import { EXTENSION } from "../metadata/file";
import type { Format } from "../metadata/metadata";
import { TEXTS } from "../texts";
import { TaskError, type Client } from "./client";
import { resultName, servedName } from "./files";
import type { Photo } from "./photo";
import type { Server } from "./server";

export interface Result {
  readonly blob: Blob;
  readonly path: string; // as that of the photo
  readonly notes: readonly string[];
}

export interface Watch {
  progress(done: number): void;
  readonly signal: AbortSignal;
}

export class Saver {
  server: Server | undefined; // once the user has agreed to it

  constructor(readonly client: Client) {}

  /** Whether the server saves a photo. Strokes cannot be sent to it. */
  isServed(photo: Photo): boolean {
    return this.server !== undefined && photo.isForeign && !photo.strokes;
  }

  async save(photo: Photo, options: Options, format: Format | "same", watch: Watch): Promise<Result> {
    if (!this.isServed(photo)) {
      try {
        return await this.#byPage(photo, options, format, watch);
      } catch (error) {
        if (!isForeign(error)) throw error;
        photo.isForeign = true;
        if (!this.isServed(photo)) throw error;
      }
    }
    const { file, path } = photo.found;
    const { blob, notes } = await this.server!.enhance(file, options, format, watch.signal);
    return { blob, path: servedName(path, blob.type), notes: notes ? [`${notes}.`] : [] };
  }

  async #byPage(photo: Photo, options: Options, format: Format | "same", watch: Watch): Promise<Result> {
    const { strokes } = photo;
    const whole = this.server !== undefined && !strokes;
    const saved = await this.client.run<"save">(
      { kind: "save", picture: photo.id, file: photo.source, options, strokes, format, whole },
      watch,
    );
    const notes = saved.notes.map((note) => TEXTS.notes[note]);
    return {
      blob: saved.blob,
      path: resultName(photo.found.path, EXTENSION[saved.format]),
      notes: this.server && photo.isForeign ? [TEXTS.server.strokes, ...notes] : notes,
    };
  }
}

/** Whether the browser is what cannot open a photo, or not in full. */
export const isForeign = (error: unknown): boolean =>
  error instanceof TaskError && (error.failure === "unreadable" || error.failure === "lossy");
