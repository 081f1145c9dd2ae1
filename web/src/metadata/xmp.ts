/** XMP: without what tells of parts that the result does not have. */
import { bytesOf } from "./metadata";

const GAIN_MAP = [/\s+hdrgm:Version="[^"]*"/g, /<Container:Directory[\s\S]*?<\/Container:Directory>/g];

/** XMP without the directory of a gain map, which brightens the old picture and is not in the new file. */
export function withoutGainMap(xmp: Uint8Array): Uint8Array {
  let text = "";
  for (const byte of xmp) text += String.fromCharCode(byte);
  const result = GAIN_MAP.reduce((before, pattern) => before.replace(pattern, ""), text);
  return result === text ? xmp : bytesOf(result);
}
