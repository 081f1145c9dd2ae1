/** Where results go: a download, a ZIP of many, or a folder. */
import { Zip, ZipPassThrough } from "fflate";

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

/** A ZIP without further compression, since photos are compressed already. */
export class ZipTarget implements Target {
  readonly #parts: Blob[] = []; // blobs may lie on disk, arrays do not
  readonly #zip = new Zip();

  constructor(readonly name: string) {
    this.#zip.ondata = (error, chunk) => {
      if (error) throw error;
      this.#parts.push(new Blob([chunk as Uint8Array<ArrayBuffer>]));
    };
  }

  async put(name: string, blob: Blob): Promise<void> {
    const entry = new ZipPassThrough(name);
    this.#zip.add(entry);
    entry.push(new Uint8Array(await blob.arrayBuffer()), true);
  }

  async finish(): Promise<void> {
    this.#zip.end();
    download(new Blob(this.#parts, { type: "application/zip" }), this.name);
  }
}

/** A folder that the user has chosen. */
export class FolderTarget implements Target {
  constructor(readonly folder: FileSystemDirectoryHandle) {}

  async put(name: string, blob: Blob): Promise<void> {
    const parts = name.split("/");
    let folder = this.folder;
    for (const part of parts.slice(0, -1)) folder = await folder.getDirectoryHandle(part, { create: true });
    const file = await folder.getFileHandle(parts.at(-1)!, { create: true });
    const stream = await file.createWritable();
    await stream.write(blob);
    await stream.close();
  }

  async finish(): Promise<void> {}
}

type Picker = (options: { mode: "readwrite" }) => Promise<FileSystemDirectoryHandle>;

/** Ask for a folder, where the browser can; undefined if it cannot. */
export const folderPicker = (): Picker | undefined =>
  (window as unknown as { showDirectoryPicker?: Picker }).showDirectoryPicker?.bind(window);
