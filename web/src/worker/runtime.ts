/** ONNX Runtime, as WebAssembly from this page's own files. */
import * as ort from "onnxruntime-web/wasm";
import glueUrl from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";

const MOST_THREADS = 4;

// Threads need memory that is shared, which a server allows by two headers; plain hosts run one.
ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency) : 1;
ort.env.wasm.wasmPaths = {
  mjs: new URL(glueUrl, self.location.href).href,
  wasm: new URL(wasmUrl, self.location.href).href,
};
ort.env.logLevel = "error";

export const tensor = (values: Float32Array, shape: number[]): ort.Tensor => new ort.Tensor("float32", values, shape);

/** A network that is loaded when it is first run. */
export class Network {
  #session: Promise<ort.InferenceSession> | undefined;

  constructor(readonly url: string) {}

  open(): Promise<ort.InferenceSession> {
    this.#session ??= ort.InferenceSession.create(new URL(this.url, self.location.href).href);
    this.#session.catch(() => (this.#session = undefined)); // such as a lost connection: the next call tries again
    return this.#session;
  }

  async run(inputs: Record<string, ort.Tensor>): Promise<ort.InferenceSession.OnnxValueMapType> {
    return (await this.open()).run(inputs);
  }
}

export const floats = (value: ort.OnnxValue | undefined): Float32Array => (value as ort.Tensor).data as Float32Array;
export const shapeOf = (value: ort.OnnxValue | undefined): readonly number[] => (value as ort.Tensor).dims;
