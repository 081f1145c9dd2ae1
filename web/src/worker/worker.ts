/** The worker: decodes, predicts, enhances and encodes, one task after the other. */
import type { Prediction } from "../engine/exposureMap";
import { brightener, predict } from "./brighten";
import { decode, UnreadableError, type Decoded } from "./decode";
import { encode } from "./encode";
import type { Pixels } from "../engine/pixels";
import { finish, prepare, type Prepared, type Watch } from "./enhance";
import { useGpu, type Rectangle } from "./denoise";
import { isLoss } from "./notes";
import type { Failure, FromPage, FromWorker, Results, Task } from "./protocol";
import { LoadError } from "./runtime";

interface Entry {
  readonly picture: number;
  readonly decoded: Decoded;
  readonly prediction: Prediction;
  prepared: Prepared | undefined;
}

class StoppedError extends Error {}
class LossyError extends Error {}

let last: Entry | undefined; // the pixels of one picture are kept: of many, memory would not suffice
const stopped = new Set<number>();
let queue: Promise<void> = Promise.resolve();

const say = (message: FromWorker, transfer: Transferable[] = []) => self.postMessage(message, { transfer });

self.addEventListener("message", ({ data }: MessageEvent<FromPage>) => {
  if ("gpu" in data) {
    useGpu(data.gpu, (state) => say({ gpu: String(state) }));
    return;
  }
  if ("stop" in data) {
    stopped.add(data.id);
    return;
  }
  queue = queue.then(() => answer(data.id, data.task));
});

async function answer(id: number, task: Task): Promise<void> {
  try {
    await new Promise((done) => setTimeout(done)); // a stop may be waiting
    if (stopped.has(id)) throw new StoppedError();
    const watch = { progress: (progress: number) => say({ id, progress }), isStopped: () => stopped.has(id) };
    const { result, transfer } = await perform(task, watch);
    say({ id, result }, transfer);
  } catch (error) {
    say({ id, failure: failureOf(error), detail: String(error) });
  } finally {
    stopped.delete(id);
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof UnreadableError) return "unreadable";
  if (error instanceof LossyError) return "lossy";
  if (error instanceof StoppedError) return "stopped";
  return error instanceof LoadError ? "unloaded" : "failed";
}

type Answer = { result: Results[keyof Results]; transfer: Transferable[] };

async function perform(task: Task, watch: Watch): Promise<Answer> {
  switch (task.kind) {
    case "warm":
      await brightener.open();
      return { result: null, transfer: [] };
    case "close":
      if (last?.picture === task.picture) last = undefined;
      return { result: null, transfer: [] };
    case "open": {
      const { decoded, prediction } = await entryOf(task.picture, task.file);
      const { width, height, data } = decoded.pixels;
      const bitmap = await bitmapOf(new ImageData(data, width, height));
      const { orientation, notes, source, colorSpace } = decoded;
      const format = source?.format;
      return { result: { width, height, orientation, prediction, bitmap, colorSpace, format, notes }, transfer: [bitmap] };
    }
    case "save": {
      const entry = await entryOf(task.picture, task.file);
      const { decoded } = entry;
      if (task.whole && decoded.notes.some(isLoss)) throw new LossyError();
      const result = await enhanced(entry, task, watch);
      const saved = await encode(result, task.format === "same" ? decoded.format : task.format, decoded);
      return { result: saved, transfer: [] };
    }
    case "part": {
      const result = await enhanced(await entryOf(task.picture, task.file), task, watch, task.part);
      const { top, bottom, left, right } = task.part;
      const image = new ImageData(result.data, result.width, result.height);
      const bitmap = await bitmapOf(image, left, top, right - left, bottom - top);
      return { result: { part: task.part, bitmap }, transfer: [bitmap] };
    }
  }
}

async function enhanced(
  entry: Entry,
  task: Extract<Task, { kind: "save" | "part" }>,
  watch: Watch,
  part?: Rectangle,
): Promise<Pixels> {
  const { pixels, oneChannel } = entry.decoded;
  entry.prepared = prepare(pixels, entry.prediction, task, oneChannel, entry.prepared);
  const result = await finish(pixels, entry.prepared, task.options, oneChannel, watch, part);
  if (watch.isStopped()) throw new StoppedError();
  return result;
}

const AS_IT_IS: ImageBitmapOptions = { colorSpaceConversion: "none", premultiplyAlpha: "none" };

function bitmapOf(image: ImageData, ...part: [] | [number, number, number, number]): Promise<ImageBitmap> {
  return part.length ? createImageBitmap(image, ...part, AS_IT_IS) : createImageBitmap(image, AS_IT_IS);
}

async function entryOf(picture: number, file: Blob): Promise<Entry> {
  if (last?.picture !== picture) {
    const decoded = await decode(file);
    last = { picture, decoded, prediction: await predict(decoded.pixels), prepared: undefined };
  }
  return last;
}
