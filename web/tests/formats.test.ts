/** What is read of profiles and of formats whose metadata are not kept. */
import { describe, expect, it } from "vitest";
import { write } from "../src/metadata/file";
import { isAnimatedGif } from "../src/metadata/gif";
import { bytesOf, joined, view } from "../src/metadata/metadata";
import { colorSpaceOf } from "../src/metadata/profile";
import { parseWebp } from "../src/metadata/webp";

/** A profile of three primaries, and the power of 2.2 as such or as a table. */
function profile(primaries: number[][], entries = 1): Uint8Array {
  const result = new Uint8Array(252 + 2 * entries);
  const data = view(result);
  const tags = ["rXYZ", "gXYZ", "bXYZ", "rTRC"];
  data.setUint32(128, tags.length);
  tags.forEach((name, i) => {
    result.set(bytesOf(name), 132 + 12 * i);
    const start = 180 + 20 * i;
    data.setUint32(136 + 12 * i, start);
    data.setUint32(140 + 12 * i, i < 3 ? 20 : 12 + 2 * entries);
    primaries[i]?.forEach((value, c) => data.setInt32(start + 8 + 4 * c, Math.round(value * 65536)));
  });
  result.set(bytesOf("curv"), 240);
  data.setUint32(248, entries);
  for (let i = 0; i < entries; i++) data.setUint16(252 + 2 * i, Math.round((i / (entries - 1)) ** 2.2 * 65535));
  if (entries === 1) data.setUint16(252, Math.round(2.2 * 256));
  return result;
}

const riff = (...chunks: [string, number[]][]) => {
  const parts = chunks.flatMap(([kind, content]) => [bytesOf(kind), Uint8Array.of(content.length, 0, 0, 0), Uint8Array.from(content)]);
  const body = joined([bytesOf("WEBP"), ...parts]);
  return joined([bytesOf("RIFF"), Uint8Array.of(body.length, 0, 0, 0), body]);
};

describe("a profile", () => {
  const red = [0.5151, 0.2412, -0.0011];
  const green = [0.292, 0.6922, 0.0419];
  it("is that of Display P3", () => {
    for (const entries of [1, 16, 17, 1024]) {
      expect(colorSpaceOf(profile([red, green, [0.1571, 0.0666, 0.7841]], entries))).toBe("display-p3");
    }
  });
  it("is that of sRGB", () => {
    expect(colorSpaceOf(profile([[0.4361, 0.2225, 0.0139], [0.3851, 0.7169, 0.0971], [0.1431, 0.0606, 0.7141]]))).toBe("srgb");
  });
  it("is none that a canvas knows", () => {
    expect(colorSpaceOf(profile([[0.6097, 0.3111, 0.0195], [0.2053, 0.6257, 0.0609], [0.1492, 0.0632, 0.7446]]))).toBeUndefined();
    expect(colorSpaceOf(new Uint8Array(20))).toBeUndefined();
  });
});

describe("WebP", () => {
  const frame = [0, 0, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0];
  it("says its size, and whether it is lossless", () => {
    expect(parseWebp(riff(["VP8 ", frame]))).toMatchObject({ width: 320, height: 240, lossless: false });
    const packed = [0x2f, 0x3f, 0xc1, 0x3b, 0, 0, 0, 0, 0, 0];
    expect(parseWebp(riff(["VP8L", packed]))).toMatchObject({ width: 320, height: 240, lossless: true });
    expect(parseWebp(riff(["VP8X", [0, 0, 0, 0, 0x3f, 1, 0, 0xef, 0, 0]]))).toMatchObject({ width: 320, height: 240 });
  });
  it("loses the profile of a browser", () => {
    const coded = riff(["VP8X", [0x20, 0, 0, 0, 0x3f, 1, 0, 0xef, 0, 0]], ["ICCP", [1, 2]], ["VP8 ", frame]);
    expect(write(coded, "webp", undefined, { width: 320, height: 240 })).toEqual(riff(["VP8 ", frame]));
  });
});

describe("a GIF", () => {
  it("is animated from the second frame on", () => {
    const head = joined([bytesOf("GIF89a"), new Uint8Array(8)]);
    const control = Uint8Array.of(0, 0x21, 0xf9, 4, 0);
    expect(isAnimatedGif(joined([head, control]))).toBe(false);
    expect(isAnimatedGif(joined([head, control, control]))).toBe(true);
  });
});
