/** Metadata goes from file to file. */
import { describe, expect, it } from "vitest";
import { orientationOf, withoutThumbnail } from "../src/metadata/exif";
import { parse, write } from "../src/metadata/file";
import { bytesOf, joined, view, type Format } from "../src/metadata/metadata";
import { chunk } from "../src/metadata/png";
import { withoutGainMap } from "../src/metadata/xmp";

const segment = (marker: number, content: Uint8Array) =>
  joined([Uint8Array.of(0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 255), content]);
const SCAN = Uint8Array.of(0xff, 0xda, 0, 2, 1, 2, 3, 0xff, 0xd9);
const FRAME = segment(0xc0, Uint8Array.of(8, 0, 1, 0, 1, 3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1));
const JFIF = segment(0xe0, joined([bytesOf("JFIF\0"), Uint8Array.of(1, 1, 0, 0, 1, 0, 1, 0, 0)]));
const ICC = joined([new Uint8Array(16), bytesOf("RGB "), new Uint8Array(20)]);
const XMP = bytesOf("<x:xmpmeta/>");

/** EXIF with one entry, the orientation, and a link to a thumbnail. */
function exif(orientation: number, link = 0): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(26);
  result.set(bytesOf("II*\0"));
  const data = view(result);
  data.setUint32(4, 8, true);
  data.setUint16(8, 1, true);
  data.setUint16(10, 0x0112, true);
  data.setUint16(12, 3, true);
  data.setUint32(14, 1, true);
  data.setUint16(18, orientation, true);
  data.setUint32(22, link, true);
  return result;
}

const jpeg = (...segments: Uint8Array[]) => joined([Uint8Array.of(0xff, 0xd8), ...segments, FRAME, SCAN]);
const described = jpeg(
  JFIF,
  segment(0xe1, joined([bytesOf("Exif\0\0"), exif(6)])),
  segment(0xe1, joined([bytesOf("http://ns.adobe.com/xap/1.0/\0"), XMP])),
  segment(0xe2, joined([bytesOf("ICC_PROFILE\0"), Uint8Array.of(2, 2), ICC.subarray(18)])),
  segment(0xe2, joined([bytesOf("ICC_PROFILE\0"), Uint8Array.of(1, 2), ICC.subarray(0, 18)])),
  segment(0xe2, bytesOf("MPF\0...")),
  segment(0xfe, bytesOf("a comment")),
);
const HEADER = chunk("IHDR", Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0));
const png = (...chunks: Uint8Array[]) =>
  joined([bytesOf("\x89PNG\r\n\x1a\n"), HEADER, ...chunks, chunk("IDAT", Uint8Array.of(1)), chunk("IEND", new Uint8Array())]);
const webp = () => joined([bytesOf("RIFF"), Uint8Array.of(14, 0, 0, 0), bytesOf("WEBPVP8 "), Uint8Array.of(2, 0, 0, 0, 7, 7)]);
const CODED: Record<Format, Uint8Array<ArrayBuffer>> = { jpeg: jpeg(JFIF), png: png(), webp: webp() };

describe("a JPEG", () => {
  const parsed = parse(described)!;
  it("is taken apart", () => {
    expect(parsed.format).toBe("jpeg");
    expect(orientationOf(parsed.metadata.exif)).toBe(6);
    expect(parsed.metadata.icc).toEqual(ICC);
    expect(parsed.metadata.xmp).toEqual(XMP);
    expect(parsed.oneChannel).toBe(false);
  });

  it("is decoded without what would turn or convert it", () => {
    const plain = parse(joined(parsed.stripped))!;
    expect(plain.metadata.exif).toBeUndefined();
    expect(plain.metadata.icc).toBeUndefined();
  });

  it("keeps its segments, but not the directory of pictures that are gone", () => {
    const result = write(CODED.jpeg, "jpeg", parsed, { width: 1, height: 1 });
    const text = String.fromCharCode(...result);
    expect(text).toContain("a comment");
    expect(text).not.toContain("MPF");
    expect(text.match(/JFIF/g)).toHaveLength(1);
    expect([...result.subarray(0, 4)]).toEqual([0xff, 0xd8, 0xff, 0xe0]);
  });

  it("loses a profile of another number of channels", () => {
    const gray = joined([new Uint8Array(16), bytesOf("GRAY")]);
    const file = jpeg(segment(0xe2, joined([bytesOf("ICC_PROFILE\0"), Uint8Array.of(1, 1), gray])));
    expect(parse(file)!.metadata.icc).toBeUndefined();
    expect(parse(file)!.metadata.pieces).toHaveLength(0);
  });
});

describe.each(["jpeg", "png", "webp"] as const)("from %s", (source) => {
  it.each(["jpeg", "png", "webp"] as const)("to %s", (target) => {
    const first = parse(write(CODED[source], source, parse(described)!, { width: 1, height: 1 }))!;
    const second = parse(write(CODED[target], target, first, { width: 1, height: 1 }))!;
    expect(second.format).toBe(target);
    expect(second.metadata.exif).toEqual(exif(6));
    expect(second.metadata.icc).toEqual(ICC);
    expect(second.metadata.xmp).toEqual(XMP);
  });
});

describe("files that are damaged", () => {
  it("are no reason to fail", () => {
    for (const file of [described, png(), webp()]) {
      for (let length = 0; length < file.length; length += 3) parse(file.slice(0, length));
    }
    expect(parse(Uint8Array.of(1, 2, 3))).toBeUndefined();
  });
});

describe("EXIF and XMP", () => {
  it("lose what showed the photo as it was", () => {
    expect(withoutThumbnail(exif(3, 40))).toEqual(exif(3));
    const xmp = bytesOf('<a hdrgm:Version="1.0" b="2"><Container:Directory>x</Container:Directory></a>');
    expect(withoutGainMap(xmp)).toEqual(bytesOf('<a b="2"></a>'));
    expect(orientationOf(bytesOf("nothing"))).toBe(1);
  });
});
