/** The page's side of the worker: a promise for each task. */
import type { GpuUse } from "../worker/gpu";
import type { Failure, FromPage, FromWorker, Results, Task } from "../worker/protocol";

export class TaskError extends Error {
  constructor(
    readonly failure: Failure,
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
  #worker: Worker | undefined;
  readonly #pending = new Map<number, Pending>();
  #last = 0;
  #gpu = "processor";

  constructor(readonly gpuUse: GpuUse) {}

  /** Where noise is removed, or why not on the GPU. */
  get gpu(): string {
    return this.#gpu;
  }

  run<K extends Task["kind"]>(task: Extract<Task, { kind: K }>, { progress, signal }: TaskOptions = {}): Promise<Results[K]> {
    const id = ++this.#last;
    return new Promise<Results[K]>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, progress });
      const stop = () => {
        if (this.#pending.has(id)) this.#send({ id, stop: true });
      };
      signal?.addEventListener("abort", stop);
      if (signal?.aborted) stop();
      this.#send({ id, task });
    });
  }

  #send(message: FromPage): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(message);
  }

  #start(): Worker {
    const worker = new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.#receive(data));
    worker.addEventListener("error", () => this.#fail(worker));
    worker.postMessage({ gpu: this.gpuUse } satisfies FromPage);
    return worker;
  }

  #receive(message: FromWorker): void {
    if ("gpu" in message) {
      this.#gpu = message.gpu;
      return;
    }
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

  /** Give up a worker that has crashed, and what it was asked for; the next task starts another. */
  #fail(worker: Worker): void {
    if (worker !== this.#worker) return;
    worker.terminate();
    this.#worker = undefined;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(new TaskError("failed", "the worker stopped"));
  }
}
