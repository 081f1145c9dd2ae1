/** All photos, one after the other, into a ZIP or a folder. */
import type { Options } from "../engine/options";
import { EXTENSION } from "../metadata/file";
import type { Format } from "../metadata/metadata";
import type { Note } from "../worker/decode";
import { TaskError, type Client } from "./client";
import { Names, resultName } from "./files";
import type { Photo } from "./photo";
import type { Target } from "./targets";

export interface BatchResult {
  readonly done: number;
  readonly failed: readonly Photo[];
  readonly stopped: boolean;
  readonly notes: ReadonlySet<Note>; // on some of the results
}

/** Save photos; one that cannot be opened does not stop the others. Once stopped, what is done stays. */
export async function saveAll(
  client: Client,
  photos: readonly Photo[],
  options: Options,
  format: Format | "same",
  target: Target,
  progress: (done: number) => void,
  signal: AbortSignal,
): Promise<BatchResult> {
  const names = new Names();
  const failed: Photo[] = [];
  const notes = new Set<Note>();
  let done = 0;
  let stopped = false;
  for (const [i, photo] of photos.entries()) {
    const { file, path } = photo.found;
    try {
      const saved = await client.run<"save">(
        { kind: "save", picture: photo.id, file, options, strokes: photo.strokes, format },
        { signal, progress: (share) => progress(i + share) },
      );
      await target.put(names.unique(resultName(path, EXTENSION[saved.format])), saved.blob);
      for (const note of saved.notes) notes.add(note);
      done++;
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      stopped = error.failure === "stopped";
      if (stopped) break;
      failed.push(photo);
    }
    progress(i + 1);
  }
  await target.finish();
  return { done, failed, stopped, notes };
}
