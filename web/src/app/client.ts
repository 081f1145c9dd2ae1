/** The page's side of the worker: a promise for each task. */
import type { FromPage, FromWorker, Results, Task } from "../worker/protocol";

export class TaskError extends Error {
  constructor(
    readonly failure: "unreadable" | "stopped" | "failed",
    detail: string,
  ) {
    super(detail);
  }
}

interface Pending {
  resolve(result: never): void;
  reject(error: TaskError): void;
  progress?: ((done: number) => void) | undefined;
}

export interface TaskOptions {
  readonly progress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

export class Client {
  readonly #worker = new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module" });
  readonly #pending = new Map<number, Pending>();
  #last = 0;

  constructor() {
    this.#worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.#receive(data));
    this.#worker.addEventListener("error", () => this.#fail());
  }

  run<K extends Task["kind"]>(task: Extract<Task, { kind: K }>, { progress, signal }: TaskOptions = {}): Promise<Results[K]> {
    const id = ++this.#last;
    return new Promise<Results[K]>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, progress });
      signal?.addEventListener("abort", () => this.#send({ id, stop: true }));
      if (signal?.aborted) this.#send({ id, stop: true });
      this.#send({ id, task });
    });
  }

  #send(message: FromPage): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromWorker): void {
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    if ("progress" in message) {
      pending.progress?.(message.progress);
      return;
    }
    this.#pending.delete(message.id);
    if ("failure" in message) pending.reject(new TaskError(message.failure, message.detail));
    else pending.resolve(message.result as never);
  }

  #fail(): void {
    for (const { reject } of this.#pending.values()) reject(new TaskError("failed", "the worker stopped"));
    this.#pending.clear();
  }
}
