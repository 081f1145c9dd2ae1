/** Decoding by the browser, to the pixels as the file holds them: neither turned nor converted. */
import { parse } from "../metadata/file";
import { orientationOf } from "../metadata/exif";
import { isAnimatedGif, isGif, isBmp } from "../metadata/gif";
import type { Format, Metadata } from "../metadata/metadata";
import { colorSpaceOf } from "../metadata/profile";
import type { Pixels } from "../engine/pixels";
import type { Note } from "./notes";

export class UnreadableError extends Error {}

export interface Decoded {
  readonly pixels: Pixels;
  readonly orientation: number; // of EXIF: how the pixels are to be turned for the eye
  readonly oneChannel: boolean;
  readonly opaque: boolean;
  readonly format: Format; // of a result that is saved as the photo
  readonly colorSpace: PredefinedColorSpace; // of the pixels, as far as a canvas knows it
  readonly source: { format: Format; metadata: Metadata } | undefined; // undefined: metadata is not known here
  readonly notes: Note[];
}

const SHOWS_WIDE = "drawingBufferColorSpace" in (globalThis.WebGL2RenderingContext?.prototype ?? {});

export async function decode(file: Blob): Promise<Decoded> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const parsed = parse(bytes);
  const plain = parsed ? new Blob(parsed.stripped, { type: file.type }) : file;
  let bitmap: ImageBitmap;
  try {
    // A profile that is not known here cannot be put into the result: the browser converts to sRGB.
    const colorSpaceConversion = parsed ? "none" : "default";
    bitmap = await createImageBitmap(plain, { colorSpaceConversion, premultiplyAlpha: "none" });
  } catch {
    throw new UnreadableError();
  }
  const pixels = pixelsOf(bitmap, parsed !== undefined);
  const opaque = isOpaque(pixels);
  const lossless = parsed?.lossless ?? (isBmp(bytes) || isGif(bytes));
  const format = lossless ? "png" : (parsed?.format ?? (opaque ? "jpeg" : "png"));
  const icc = parsed?.metadata.icc;
  const colorSpace = icc ? colorSpaceOf(icc) : "srgb";
  const notes: Note[] = [];
  if (!parsed) notes.push("metadata");
  if (parsed && parsed.bits > 8) notes.push("bits");
  if (parsed?.inks) notes.push("inks");
  if (parsed?.animated || isAnimatedGif(bytes)) notes.push("animated");
  if (!colorSpace || (colorSpace !== "srgb" && !SHOWS_WIDE)) notes.push("profile");
  if (lossless && parsed?.format !== "png") notes.push("lossless");
  else if (!parsed) notes.push(opaque ? "jpeg" : "png");
  return {
    pixels,
    orientation: orientationOf(parsed?.metadata.exif),
    oneChannel: parsed?.oneChannel ?? false,
    opaque,
    format,
    colorSpace: colorSpace ?? "srgb",
    source: parsed && { format: parsed.format, metadata: parsed.metadata },
    notes,
  };
}

/** The pixels of a bitmap, which is closed. */
function pixelsOf(bitmap: ImageBitmap, isUnconverted: boolean): Pixels {
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new UnreadableError();
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = { width, height, data: data as Uint8ClampedArray<ArrayBuffer> };
  const result = isOpaque(pixels) || !isUnconverted ? pixels : (exactPixels(bitmap) ?? pixels);
  bitmap.close();
  return result;
}

/** Pixels that are not opaque, as the file has them: a canvas multiplies them by their opacity, which rounds. */
function exactPixels(bitmap: ImageBitmap): Pixels | undefined {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return undefined;
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, gl.getParameter(gl.TEXTURE_BINDING_2D), 0);
  const data = new Uint8ClampedArray(width * height * 4);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, data);
  const isRead = gl.getError() === gl.NO_ERROR;
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return isRead ? { width, height, data } : undefined;
}

function isOpaque({ data }: Pixels): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}
