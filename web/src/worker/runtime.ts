/** ONNX Runtime, as WebAssembly from this page's own files. */
import * as ort from "onnxruntime-web/wasm";
import glueUrl from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import type { Runner, Tensors } from "./network";

const MOST_THREADS = 4;

type Build = Pick<typeof ort, "env" | "InferenceSession" | "Tensor">;

// Threads need memory that is shared, which a server allows by two headers; plain hosts run one.
setUp(ort, glueUrl, wasmUrl, self.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency) : 1);

/** Tell a build of the runtime where its files are. */
export function setUp({ env }: Build, glue: string, wasm: string, threads: number): void {
  env.wasm.numThreads = threads;
  env.wasm.wasmPaths = { mjs: absolute(glue), wasm: absolute(wasm) };
  env.logLevel = "error";
}

export function absolute(url: string): string {
  return new URL(url, self.location.href).href;
}

/** A network could not be loaded, as without a connection. */
export class LoadError extends Error {}

/** A network that is loaded when it is first run. */
export class Network implements Runner {
  #session: Promise<ort.InferenceSession> | undefined;

  constructor(readonly url: string) {}

  open(): Promise<ort.InferenceSession> {
    this.#session ??= ort.InferenceSession.create(absolute(this.url)).catch((error: unknown) => {
      throw new LoadError(String(error));
    });
    this.#session.catch(() => (this.#session = undefined)); // such as a lost connection: the next call tries again
    return this.#session;
  }

  async run(inputs: Tensors): Promise<Tensors> {
    return runSession(ort, await this.open(), inputs);
  }
}

/** Run a session of either build. */
export async function runSession({ Tensor }: Build, session: ort.InferenceSession, inputs: Tensors): Promise<Tensors> {
  const feeds = Object.entries(inputs).map(([name, { values, shape }]) => [name, new Tensor("float32", values, shape)]);
  const results = await session.run(Object.fromEntries(feeds) as Record<string, ort.Tensor>);
  return Object.fromEntries(
    Object.entries(results).map(([name, value]) => {
      const { data, dims } = value as ort.Tensor;
      return [name, { values: data as Float32Array, shape: dims }];
    }),
  );
}
