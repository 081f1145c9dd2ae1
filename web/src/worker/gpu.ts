/** ONNX Runtime on WebGPU: its larger build is loaded when it is first wanted, and only where there is a GPU. */
import glueUrl from "onnxruntime-web/ort-wasm-simd-threaded.jspi.mjs?url";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url";
import type { Runner } from "./network";
import { absolute, runSession, setUp } from "./runtime";

/** Which adapters are used; the one that the browser runs by software is slower than WebAssembly. */
export type GpuUse = "hardware" | "any" | "none";

interface Adapter {
  readonly info?: { readonly isFallbackAdapter?: boolean };
}

interface Device {
  readonly lost: Promise<{ readonly message: string }>;
}

/**
 * Load a network for the GPU.
 *
 * The build is the one that waits by JSPI: 4.1 MB compressed where the one for every browser takes 6.6.
 * Rejects if there is no GPU that is to be used, or if anything else fails.
 */
export async function loadOnGpu(url: string, use: GpuUse): Promise<Runner> {
  await findAdapter(use);
  const ort = await import("onnxruntime-web/jspi");
  setUp(ort, glueUrl, wasmUrl, 1);
  const options = { executionProviders: ["webgpu"], logSeverityLevel: 3 } as const; // that shapes are for the processor is no news
  const session = await ort.InferenceSession.create(absolute(url), options);
  const { lost } = (await ort.env.webgpu.device) as unknown as Device;
  const failed = lost.then(({ message }): never => {
    throw new Error(`the GPU was lost: ${message}`);
  });
  failed.catch(() => undefined); // is told by the next run
  return { run: (inputs) => Promise.race([runSession(ort, session, inputs), failed]) };
}

async function findAdapter(use: GpuUse): Promise<void> {
  const { gpu, connection } = navigator as Navigator & {
    readonly gpu?: { requestAdapter(): Promise<Adapter | null> };
    readonly connection?: { readonly saveData?: boolean };
  };
  if (use === "none" || !gpu) throw new Error("no WebGPU");
  if (!("Suspending" in WebAssembly)) throw new Error("no JSPI");
  if (connection?.saveData) throw new Error("data is to be saved");
  const adapter = await gpu.requestAdapter();
  if (!adapter || (use === "hardware" && adapter.info?.isFallbackAdapter)) throw new Error("no GPU");
}
