/** A network on the GPU once it has shown there that it is right and faster, else on the processor. */
import type { Runner, Tensors } from "./network";

const TOLERANCE = 0.25 / 255; // of results that are colors from 0 to 1
const TELLING = 50; // milliseconds: what takes less says little of speed

export interface Choice {
  readonly load: () => Promise<Runner>; // rejects where there is no GPU
  readonly mayBeSlower?: boolean; // for tests, where software stands for a GPU
  readonly told?: (state: State) => void;
}

/** Where the network runs: `trial` until the GPU has proved itself, an Error once it has failed. */
export type State = "processor" | "loading" | "trial" | "gpu" | Error;

/**
 * Runs on the processor while the GPU is made ready, tries that on the same inputs, and goes on there.
 *
 * Drivers may be wrong, slow or gone: the first failure ends the use of the GPU, and no result is lost by it.
 */
export class AcceleratedNetwork implements Runner {
  #gpu: Runner | undefined;
  #state: State = "processor";

  constructor(
    readonly processor: Runner,
    readonly choice: Choice,
  ) {}

  get state(): State {
    return this.#state;
  }

  async run(inputs: Tensors): Promise<Tensors> {
    if (this.#state === "processor") void this.#load();
    if (this.#state === "gpu") {
      try {
        return await this.#gpu!.run(inputs);
      } catch (error) {
        this.#fail(error);
      }
    }
    const start = performance.now();
    const result = await this.processor.run(inputs);
    const taken = performance.now() - start;
    if (this.#state === "trial" && (taken >= TELLING || this.choice.mayBeSlower)) await this.#try(inputs, result, taken);
    return result;
  }

  async #load(): Promise<void> {
    this.#set("loading");
    try {
      this.#gpu = await this.choice.load();
      this.#set("trial");
    } catch (error) {
      this.#fail(error);
    }
  }

  async #try(inputs: Tensors, expected: Tensors, milliseconds: number): Promise<void> {
    try {
      await this.#gpu!.run(inputs); // compiles
      const start = performance.now();
      const result = await this.#gpu!.run(inputs);
      const taken = performance.now() - start;
      if (!agree(result, expected)) throw new Error("the GPU is wrong");
      if (taken > milliseconds && !this.choice.mayBeSlower) throw new Error("the GPU is slower");
      this.#set("gpu");
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#gpu = undefined;
    this.#set(error instanceof Error ? error : new Error(String(error)));
  }

  #set(state: State): void {
    this.#state = state;
    this.choice.told?.(state);
  }
}

function agree(result: Tensors, expected: Tensors): boolean {
  return Object.entries(expected).every(([name, { values }]) => {
    const others = result[name]?.values;
    return others?.length === values.length && values.every((value, i) => Math.abs(value - others[i]!) <= TOLERANCE);
  });
}
