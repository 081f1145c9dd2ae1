/** What the page does around the worker: tasks, names, and where results go. */
import { unzipSync } from "fflate";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Client } from "../src/app/client";
import { numbered, sorted, type Found } from "../src/app/files";
import { ZipTarget } from "../src/app/targets";

class FakeWorker extends EventTarget {
  static all: FakeWorker[] = [];
  readonly tasks: { id: number }[] = [];
  terminate = vi.fn();

  constructor() {
    super();
    FakeWorker.all.push(this);
  }

  postMessage(message: { id: number } | { gpu: string }): void {
    if ("id" in message) this.tasks.push(message);
  }
}

describe("client", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("starts another worker after one has crashed", async () => {
    vi.stubGlobal("Worker", FakeWorker);
    const client = new Client("none");
    const [first, second] = [client.run<"warm">({ kind: "warm" }), client.run<"warm">({ kind: "warm" })];
    const [crashed] = FakeWorker.all;
    crashed!.dispatchEvent(new Event("error"));
    await expect(first).rejects.toThrow("the worker stopped");
    await expect(second).rejects.toThrow("the worker stopped");
    expect(crashed!.terminate).toHaveBeenCalled();
    const third = client.run<"warm">({ kind: "warm" });
    const [, next] = FakeWorker.all;
    next!.dispatchEvent(new MessageEvent("message", { data: { id: next!.tasks[0]!.id, result: null } }));
    await expect(third).resolves.toBeNull();
  });
});

describe("files", () => {
  const found = (...paths: string[]) => paths.map((path) => ({ path }) as Found);

  it("sorts those of a folder, and no others", () => {
    expect(sorted(found("b.jpg", "a.jpg")).map(({ path }) => path)).toEqual(["b.jpg", "a.jpg"]);
    expect(sorted(found("t/10.jpg", "t/9.jpg", "t/1.jpg")).map(({ path }) => path)).toEqual(["t/1.jpg", "t/9.jpg", "t/10.jpg"]);
  });

  it("numbers names", () => {
    expect(["a.jpg", "x.y/a", "a.b.jpg"].map((name) => numbered(name, 2))).toEqual(["a-2.jpg", "x.y/a-2", "a.b-2.jpg"]);
  });
});

describe("ZIP", () => {
  it("begins another when one is full", async () => {
    const saved: [string, Blob][] = [];
    const target = new ZipTarget("all.zip", (blob, name) => void saved.push([name, blob]), 3000);
    for (const name of ["a", "b", "c"]) await target.put(name, new Blob([new Uint8Array(1000)]));
    await target.finish();
    expect(saved.map(([name]) => name)).toEqual(["all.zip", "all-2.zip"]);
    const files = await Promise.all(saved.map(async ([, blob]) => Object.keys(unzipSync(new Uint8Array(await blob.arrayBuffer())))));
    expect(files).toEqual([["a", "b"], ["c"]]);
  });

  it("saves none without files", async () => {
    const save = vi.fn();
    await new ZipTarget("all.zip", save).finish();
    expect(save).not.toHaveBeenCalled();
  });
});
