/** All photos, one after the other, into a ZIP or a folder. */
import type { Options } from "../engine/options";
import type { Format } from "../metadata/metadata";
import { TaskError } from "./client";
import { Names } from "./files";
import type { Photo } from "./photo";
import type { Saver } from "./saver";
import { ServerError } from "./server";
import type { Target } from "./targets";

export interface BatchResult {
  readonly done: number;
  readonly failed: readonly Photo[];
  readonly stopped: boolean;
  readonly notes: ReadonlySet<string>; // on some of the results, and what the server said
}

/** Save photos; one that cannot be opened does not stop the others. Once stopped, what is done stays. */
export async function saveAll(
  saver: Saver,
  photos: readonly Photo[],
  options: Options,
  format: Format | "same",
  target: Target,
  progress: (done: number) => void,
  signal: AbortSignal,
): Promise<BatchResult> {
  const names = new Names();
  const failed: Photo[] = [];
  const notes = new Set<string>();
  let done = 0;
  let stopped = false;
  for (const [i, photo] of photos.entries()) {
    try {
      const saved = await saver.save(photo, options, format, { signal, progress: (share) => progress(i + share) });
      await target.put(names.unique(saved.path), saved.blob);
      for (const note of saved.notes) notes.add(note);
      done++;
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      stopped = error.failure === "stopped";
      if (stopped) break;
      failed.push(photo);
      photo.failed = !(error instanceof ServerError) || error.isOfPhoto;
      if (error instanceof ServerError) notes.add(error.message);
    }
    progress(i + 1);
  }
  await target.finish();
  return { done, failed, stopped, notes };
}
