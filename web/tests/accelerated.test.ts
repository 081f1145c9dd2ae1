import { describe, expect, it } from "vitest";
import { AcceleratedNetwork } from "../src/worker/accelerated";
import { tensor, type Runner, type Tensors } from "../src/worker/network";

const TAKES = 60;
const inputs: Tensors = { cells: tensor(new Float32Array([0]), [1]) };

/** A runner that gives a value after some time, and counts. */
class Fake implements Runner {
  runs = 0;

  constructor(
    readonly value: number,
    readonly milliseconds = 0,
    readonly failsFrom = Infinity,
  ) {}

  async run(): Promise<Tensors> {
    if (++this.runs > this.failsFrom) throw new Error("lost");
    await new Promise((done) => setTimeout(done, this.milliseconds));
    return { noise: tensor(new Float32Array([this.value]), [1]) };
  }
}

async function values(network: AcceleratedNetwork, times: number): Promise<number[]> {
  const result: number[] = [];
  for (let i = 0; i < times; i++) result.push((await network.run(inputs))["noise"]!.values[0]!);
  return result;
}

describe("a network on the GPU", () => {
  it("is used once it agrees and is faster", async () => {
    const [processor, gpu] = [new Fake(0.5, TAKES), new Fake(0.5004)];
    const network = new AcceleratedNetwork(processor, { load: async () => gpu });
    const found = await values(network, 4);
    expect(network.state).toBe("gpu");
    expect(found.map((value) => value > 0.5)).toEqual([false, true, true, true]);
    expect([processor.runs, gpu.runs]).toEqual([1, 5]);
  });

  it.each([
    ["wrong", new Fake(0.6)],
    ["wrong", new Fake(NaN)],
    ["slower", new Fake(0.5, 5 * TAKES)],
    ["lost", new Fake(0.5, 0, 0)],
  ])("is not used if it is %s", async (said, gpu) => {
    const network = new AcceleratedNetwork(new Fake(0.5, TAKES), { load: async () => gpu });
    expect(await values(network, 3)).toEqual([0.5, 0.5, 0.5]);
    expect(String(network.state)).toContain(said);
    expect(gpu.runs).toBeLessThanOrEqual(2);
  });

  it("gives way to the processor, and no result is lost", async () => {
    const processor = new Fake(0.5, TAKES);
    const network = new AcceleratedNetwork(processor, { load: async () => new Fake(0.5, 0, 3) });
    expect(await values(network, 4)).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(String(network.state)).toContain("lost");
    expect(processor.runs).toBe(3);
  });

  it("is loaded once, whether it comes or not", async () => {
    let loads = 0;
    const load = async (): Promise<Runner> => {
      loads++;
      throw new Error("no GPU");
    };
    const told: string[] = [];
    const network = new AcceleratedNetwork(new Fake(0.5), { load, told: (state) => told.push(String(state)) });
    await values(network, 3);
    expect(loads).toBe(1);
    expect(told).toEqual(["loading", "Error: no GPU"]);
  });
});
