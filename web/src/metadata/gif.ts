/** GIF and BMP, of which nothing is kept beside the pixels. */
import { startsWith } from "./metadata";

const CONTROL = [0x00, 0x21, 0xf9, 0x04]; // the end of a block, then the extension that goes before a frame

export const isBmp = (bytes: Uint8Array): boolean => startsWith(bytes, "BM");
export const isGif = (bytes: Uint8Array): boolean => startsWith(bytes, "GIF8");

/** Whether a file is a GIF of more than one frame. */
export function isAnimatedGif(bytes: Uint8Array): boolean {
  if (!isGif(bytes)) return false;
  let frames = 0;
  for (let at = bytes.indexOf(0x21, 13); at > 0; at = bytes.indexOf(0x21, at + 1)) {
    if (CONTROL.every((value, i) => bytes[at - 1 + i] === value)) frames++;
  }
  return frames > 1;
}
