/** The server that this page comes from, if it is one of pielight's: it opens and saves in full what a browser cannot. */
import { DEFAULTS, type Options } from "../engine/options";
import type { Format } from "../metadata/metadata";
import { TEXTS } from "../texts";
import { TaskError } from "./client";

const BUSY = [429, 503];
const LONGEST_WAIT = 60; // seconds that a busy server may ask for
const OF_PHOTO = [413, 415, 422]; // refusals that another try does not change
const MEGABYTE = 2 ** 20;
const LONGEST_NAME = 200;
const PREVIEW = { strength: "0", denoise: "0", format: "jpeg", quality: "95" };
const NAMES: Record<keyof Options, string> = {
  strength: "strength",
  highlights: "highlights",
  denoise: "denoise",
  auto: "auto",
  targetEv: "target_ev",
  black: "black",
};

/** A photo that the server refuses, or a server that does not answer. */
export class ServerError extends TaskError {
  constructor(
    detail: string,
    readonly isOfPhoto: boolean,
  ) {
    super("failed", detail);
  }
}

/** What the server made of a photo. */
export interface Served {
  readonly blob: Blob;
  readonly notes: string; // on how it was read and written
}

export class Server {
  constructor(
    readonly root: URL, // of the API
    readonly mostBytes: number, // of a photo
  ) {}

  /** Where it is, for the user. */
  get where(): string {
    return isLoopback(this.root.hostname) ? TEXTS.server.here : TEXTS.server.at(this.root.host);
  }

  /** The photo as it is, as a JPEG. */
  async preview(file: File, signal: AbortSignal): Promise<Blob> {
    return (await this.#ask(file, PREVIEW, signal)).blob;
  }

  /** Enhance a photo, with all that its file holds. */
  enhance(file: File, options: Options, format: Format | "same", signal: AbortSignal): Promise<Served> {
    return this.#ask(file, parameters(options, format), signal);
  }

  async #ask(file: File, given: Record<string, string>, signal: AbortSignal): Promise<Served> {
    if (file.size > this.mostBytes) {
      throw new ServerError(TEXTS.server.large(file.name, Math.floor(this.mostBytes / MEGABYTE)), true);
    }
    const address = new URL("enhance", this.root);
    address.search = String(new URLSearchParams({ ...given, name: file.name.slice(-LONGEST_NAME) }));
    const headers = { "Content-Type": "application/octet-stream" };
    const send = () => fetch(address, { method: "POST", body: file, headers, signal });
    try {
      let response = await send();
      const seconds = Number(response.headers.get("Retry-After") ?? NaN);
      if (BUSY.includes(response.status) && seconds <= LONGEST_WAIT) {
        await waited(seconds * 1000, signal);
        response = await send();
      }
      if (!response.ok) throw new ServerError(await detailOf(response), OF_PHOTO.includes(response.status));
      return { blob: await response.blob(), notes: decodeURIComponent(response.headers.get("Pielight-Notes") ?? "") };
    } catch (error) {
      if (signal.aborted) throw new TaskError("stopped", String(error));
      if (error instanceof ServerError) throw error;
      throw new ServerError(TEXTS.server.gone(this.where), false);
    }
  }
}

/** The options that differ from their defaults, as the API calls them. */
export function parameters(options: Options, format: Format | "same"): Record<string, string> {
  const changed = (Object.keys(NAMES) as (keyof Options)[]).filter((key) => options[key] !== DEFAULTS[key]);
  const found = Object.fromEntries(changed.map((key) => [NAMES[key], String(options[key])]));
  return format === "same" ? found : { ...found, format };
}

const known = new Map<string, Server | undefined>(); // by the address of the page

/** Look for the server of a page: beside it, or one folder up where the page is below `static/`. */
export async function findServer(page = document.baseURI): Promise<Server | undefined> {
  if (known.has(page)) return known.get(page);
  const folder = new URL(".", page);
  const roots = [new URL("v1/", folder), ...(folder.pathname.endsWith("/static/") ? [new URL("../v1/", folder)] : [])];
  let server: Server | undefined;
  for (const root of roots) {
    try {
      server ??= await serverAt(root);
    } catch {
      return undefined; // no network, or it is busy: asked again the next time
    }
  }
  known.set(page, server);
  return server;
}

async function serverAt(root: URL): Promise<Server | undefined> {
  const response = await fetch(new URL("info", root), { cache: "no-store" });
  if (BUSY.includes(response.status)) throw new Error(response.statusText);
  if (!response.ok || !response.headers.get("Content-Type")?.includes("json")) return undefined; // 401: it wants a token
  const { limits } = (await response.json()) as { limits?: { max_body?: number } };
  return limits?.max_body === undefined ? undefined : new Server(root, limits.max_body);
}

async function detailOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => undefined)) as { detail?: string } | undefined;
  return problem?.detail ?? `${response.status} ${response.statusText}`;
}

const isLoopback = (host: string): boolean => /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(host);

function waited(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}
