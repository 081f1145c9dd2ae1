/** Where results go: a download, a ZIP of many, or a folder. */
import { Zip, ZipPassThrough } from "fflate";
import { numbered } from "./files";

const MOST_BYTES = 4e9; // of a ZIP: its format without extensions ends at 2 ** 32
const MOST_FILES = 65_000; // and at 2 ** 16 - 1 files

export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export interface Target {
  put(name: string, blob: Blob): Promise<void>;
  finish(): Promise<void>;
}

/** A ZIP without further compression, since photos are compressed already; what one cannot hold goes into another. */
export class ZipTarget implements Target {
  #parts: Blob[] = []; // blobs may lie on disk, arrays do not
  #zip = this.#start();
  #bytes = 0;
  #files = 0;
  #saved = 0;

  constructor(
    readonly name: string,
    readonly save = download,
    readonly most = MOST_BYTES,
  ) {}

  async put(name: string, blob: Blob): Promise<void> {
    const bytes = blob.size + 256 + 4 * name.length; // and what the ZIP says of it, twice
    if (this.#bytes + bytes > this.most || this.#files === MOST_FILES) await this.finish();
    const content = new Uint8Array(await blob.arrayBuffer());
    this.#bytes += bytes;
    this.#files++;
    const entry = new ZipPassThrough(name);
    this.#zip.add(entry);
    entry.push(content, true);
  }

  /** Save what was put since the last time, if anything. */
  async finish(): Promise<void> {
    if (this.#files === 0) return;
    this.#zip.end();
    this.#saved++;
    this.save(new Blob(this.#parts, { type: "application/zip" }), this.#saved === 1 ? this.name : numbered(this.name, this.#saved));
    this.#parts = [];
    this.#zip = this.#start();
    this.#bytes = this.#files = 0;
  }

  #start(): Zip {
    const parts = this.#parts;
    return new Zip((error, chunk) => {
      if (error) throw error;
      parts.push(new Blob([chunk as Uint8Array<ArrayBuffer>]));
    });
  }
}

/** A folder that the user has chosen; files that are there stay as they are. */
export class FolderTarget implements Target {
  constructor(readonly folder: FileSystemDirectoryHandle) {}

  async put(name: string, blob: Blob): Promise<void> {
    const parts = name.split("/");
    let folder = this.folder;
    for (const part of parts.slice(0, -1)) folder = await folder.getDirectoryHandle(part, { create: true });
    const file = await folder.getFileHandle(await freeName(folder, parts.at(-1)!), { create: true });
    const stream = await file.createWritable();
    await stream.write(blob);
    await stream.close();
  }

  async finish(): Promise<void> {}
}

async function freeName(folder: FileSystemDirectoryHandle, name: string): Promise<string> {
  const isTaken = (each: string) =>
    folder.getFileHandle(each).then(
      () => true,
      (error: unknown) => {
        const name = error instanceof DOMException ? error.name : "";
        if (name !== "NotFoundError" && name !== "TypeMismatchError") throw error;
        return name === "TypeMismatchError"; // a folder of that name
      },
    );
  let free = name;
  for (let i = 2; await isTaken(free); i++) free = numbered(name, i);
  return free;
}

type Picker = (options: { mode: "readwrite" }) => Promise<FileSystemDirectoryHandle>;

/** Ask for a folder, where the browser can; undefined if it cannot. */
export const folderPicker = (): Picker | undefined =>
  (window as unknown as { showDirectoryPicker?: Picker }).showDirectoryPicker?.bind(window);
