/** Photos from what was chosen, dropped or pasted; folders are gone through. */

export interface Found {
  readonly file: File;
  readonly path: string; // within the folder that was given
}

const KNOWN = /\.(jpe?g|jfif|png|webp|avif|gif|bmp|heic|heif|hif|tiff?|dng|cr2|cr3|nef|arw|orf|raf|rw2|pef|srw|jxl)$/i;
const RAW = /\.(dng|cr2|cr3|nef|arw|orf|raf|rw2|pef|srw)$/i;
const HEIC = /\.(heic|heif|hif)$/i;

const isPhoto = (file: File) => KNOWN.test(file.name) || (file.type.startsWith("image/") && !file.type.includes("svg"));

/** What a file is called that a browser cannot open, or undefined for one that it should. */
export function foreignKind(name: string): string | undefined {
  if (RAW.test(name)) return "camera RAW";
  if (HEIC.test(name)) return "HEIC";
  if (/\.tiff?$/i.test(name)) return "TIFF";
  if (/\.jxl$/i.test(name)) return "JPEG XL";
  return undefined;
}

/** The photos of a folder, or every file that was given by itself: what is no photo is told when it is opened. */
export function chosen(files: Iterable<File>): Found[] {
  const wanted = [...files].filter((file) => !file.webkitRelativePath || isPhoto(file));
  return sorted(wanted.map((file) => ({ file, path: file.webkitRelativePath || file.name })));
}

/** The photos of a drop or a paste. Its items must be read at once, so call this in the event. */
export async function transferred(data: DataTransfer): Promise<Found[]> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const files = [...data.files];
  if (!entries.some((entry) => entry?.isDirectory)) return chosen(files);
  const found = await Promise.all(entries.map((entry) => (entry ? walk(entry, "") : [])));
  return sorted(found.flat().filter(({ file }) => isPhoto(file)));
}

/** What comes of a folder, by path; files that were chosen one by one stay as they are. */
export function sorted(found: Found[]): Found[] {
  if (!found.some(({ path }) => path.includes("/"))) return found;
  const { compare } = new Intl.Collator(undefined, { numeric: true });
  return found.sort((a, b) => compare(a.path, b.path));
}

async function walk(entry: FileSystemEntry, prefix: string): Promise<Found[]> {
  const path = prefix + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ file, path }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const result: Found[] = [];
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return result; // a reader returns some at a time
    for (const each of batch) result.push(...(await walk(each, `${path}/`)));
  }
}

/** The name of a result: `photo_pie.jpg`. */
export function resultName(path: string, extension: string): string {
  return `${path.replace(/\.[^./]*$/, "")}_pie.${extension}`;
}

const EXTENSIONS: Record<string, readonly [string, ...string[]]> = {
  "image/jpeg": ["jpg", "jpeg", "jpe", "jfif", "mpo"],
  "image/png": ["png"],
  "image/webp": ["webp"],
  "image/tiff": ["tif", "tiff"],
  "image/bmp": ["bmp", "dib"],
  "image/gif": ["gif"],
  "image/avif": ["avif"],
  "image/heic": ["heic", "heif", "hif"],
};

/** The name of a server's result, by its media type: with the photo's own extension where that fits. */
export function servedName(path: string, type: string): string {
  const own = /\.([^./]*)$/.exec(path)?.[1] ?? "";
  const known = EXTENSIONS[type];
  return resultName(path, !known || known.includes(own.toLowerCase()) ? own : known[0]);
}

/** The name with a number: `a-2.jpg` of `a.jpg`. */
export function numbered(name: string, number: number): string {
  return name.replace(/(\.[^./]*)?$/, (extension) => `-${number}${extension}`);
}

/** Names that do not meet: the second `a.jpg` becomes `a-2.jpg`. */
export class Names {
  readonly #taken = new Set<string>();

  unique(name: string): string {
    let result = name;
    for (let i = 2; this.#taken.has(result.toLowerCase()); i++) result = numbered(name, i);
    this.#taken.add(result.toLowerCase());
    return result;
  }
}
