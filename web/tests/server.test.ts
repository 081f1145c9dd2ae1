/** What the page asks a server for, and what it makes of the answers. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { servedName } from "../src/app/files";
import { findServer, parameters, Server } from "../src/app/server";
import { DEFAULTS } from "../src/engine/options";
import { TEXTS } from "../src/texts";

const INFO = { version: "0.1.0", limits: { max_body: 1000 } };
const photo = new File([new Uint8Array(10)], "a.heic", { type: "image/heic" });
const { signal } = new AbortController();
const answers = vi.fn<(address: URL, init?: RequestInit) => Promise<Response>>();
const asked = () => answers.mock.calls.map(([address]) => String(address));

beforeEach(() => vi.stubGlobal("fetch", answers.mockReset()));
afterEach(() => vi.unstubAllGlobals());

describe("the server of a page", () => {
  it("is found below any path, and asked for once", async () => {
    answers.mockImplementation(async () => Response.json(INFO));
    const server = await findServer("https://a.example/light/?x=1");
    expect([server?.root.href, server?.mostBytes]).toEqual(["https://a.example/light/v1/", 1000]);
    await findServer("https://a.example/light/?x=1");
    expect(asked()).toEqual(["https://a.example/light/v1/info"]);
  });

  it("is found beside the folder static", async () => {
    answers.mockImplementation(async ({ pathname }) => (pathname === "/v1/info" ? Response.json(INFO) : new Response("", { status: 404 })));
    expect((await findServer("https://b.example/static/index.html"))?.root.href).toBe("https://b.example/v1/");
  });

  it.each([
    ["a missing file", () => new Response("", { status: 404 })],
    ["a page", () => new Response("<p>", { headers: { "Content-Type": "text/html" } })],
    ["another API", () => Response.json({})],
    ["a token", () => Response.json({}, { status: 401 })],
  ])("is none where the answer is %s", async (name, answer) => {
    answers.mockImplementation(async () => answer());
    const page = `https://c.example/${name.length}/`;
    expect(await findServer(page)).toBeUndefined();
    expect(await findServer(page)).toBeUndefined();
    expect(answers).toHaveBeenCalledOnce();
  });

  it("is asked for again after there was no network", async () => {
    answers.mockRejectedValueOnce(new TypeError("no network")).mockImplementation(async () => Response.json(INFO));
    expect(await findServer("https://d.example/")).toBeUndefined();
    expect(await findServer("https://d.example/")).toBeInstanceOf(Server);
  });

  it("is called by its host, or this computer", () => {
    const where = (address: string) => new Server(new URL(address), 1).where;
    expect(where("https://a.example:8000/v1/")).toBe("at a.example:8000");
    for (const host of ["localhost:8000", "127.0.0.1", "[::1]:9"]) expect(where(`http://${host}/v1/`)).toBe(TEXTS.server.here);
  });
});

describe("a request", () => {
  const server = new Server(new URL("http://127.0.0.1:8000/v1/"), 1000);
  const busy = (seconds: string) => Response.json({ detail: "busy" }, { status: 503, headers: { "Retry-After": seconds } });

  it("names the options that differ from their defaults", () => {
    expect(parameters(DEFAULTS, "same")).toEqual({});
    const options = { ...DEFAULTS, strength: 0.5, auto: false, targetEv: -0.5, denoise: 0 };
    expect(parameters(options, "png")).toEqual({ strength: "0.5", denoise: "0", auto: "false", target_ev: "-0.5", format: "png" });
  });

  it("sends the file, and reads the notes", async () => {
    answers.mockImplementation(async () => new Response("x", { headers: { "Content-Type": "image/heic", "Pielight-Notes": "4%3A2%3A0" } }));
    const { blob, notes } = await server.enhance(photo, DEFAULTS, "same", signal);
    expect([blob.type, notes]).toEqual(["image/heic", "4:2:0"]);
    expect(asked()).toEqual(["http://127.0.0.1:8000/v1/enhance?name=a.heic"]);
    expect(answers.mock.calls[0]![1]!.body).toBe(photo);
  });

  it("is sent to a busy server once more", async () => {
    vi.useFakeTimers();
    answers.mockImplementation(async () => busy("2"));
    const result = expect(server.preview(photo, signal)).rejects.toMatchObject({ message: "busy", isOfPhoto: false });
    await vi.advanceTimersByTimeAsync(1900);
    expect(answers).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(200);
    await result;
    expect(answers).toHaveBeenCalledTimes(2);
    vi.useRealTimers();
  });

  it.each([413, 415, 422])("that is refused by %i tells why", async (status) => {
    answers.mockImplementation(async () => Response.json({ detail: "a.heic: damaged" }, { status }));
    await expect(server.preview(photo, signal)).rejects.toMatchObject({ message: "a.heic: damaged", isOfPhoto: true });
  });

  it("is not sent with more than the server takes", async () => {
    const large = new File([new Uint8Array(1001)], "b.heic");
    await expect(server.preview(large, signal)).rejects.toMatchObject({ isOfPhoto: true });
    expect(answers).not.toHaveBeenCalled();
  });

  it("stops, or fails when the server is gone", async () => {
    answers.mockRejectedValue(new TypeError("Failed to fetch"));
    await expect(server.preview(photo, signal)).rejects.toThrow(TEXTS.server.gone(TEXTS.server.here));
    await expect(server.preview(photo, AbortSignal.abort())).rejects.toMatchObject({ failure: "stopped" });
  });
});

it("names results as the command does", () => {
  const names = [["t/a.HEIC", "image/heic"], ["a.dng", "image/tiff"], ["a.jpeg", "image/jpeg"], ["a.heic", "image/png"]] as const;
  expect(names.map(([path, type]) => servedName(path, type))).toEqual(["t/a_pie.HEIC", "a_pie.tif", "a_pie.jpeg", "a_pie.png"]);
});
