/** Where the upright picture lies on the canvas: zoom and pan. */
import { clamp } from "../engine/color";
import type { Size } from "./orientation";

const MOST_ZOOM = 8; // device pixels for a pixel of the picture

/** The view: which point of the picture is in the middle, and device pixels for a pixel of the picture. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export function fitted(picture: Size, canvas: Size): Place {
  return { x: picture.width / 2, y: picture.height / 2, scale: fitScale(picture, canvas) };
}

export function fitScale(picture: Size, canvas: Size): number {
  return Math.min(canvas.width / picture.width, canvas.height / picture.height, 2);
}

/** Zoom by a factor, so that the point under (x, y) of the canvas stays. */
export function zoomed(place: Place, factor: number, at: { x: number; y: number }, picture: Size, canvas: Size): Place {
  const least = Math.min(fitScale(picture, canvas), 1);
  const scale = clamp(place.scale * factor, least, Math.max(MOST_ZOOM, least));
  const point = onPicture(place, at, canvas);
  return limited(
    { x: point.x - (at.x - canvas.width / 2) / scale, y: point.y - (at.y - canvas.height / 2) / scale, scale },
    picture,
    canvas,
  );
}

/** Keep the picture in view: what is smaller than the canvas is centered. */
export function limited(place: Place, picture: Size, canvas: Size): Place {
  const along = (value: number, side: number, seen: number) =>
    side <= seen ? side / 2 : clamp(value, seen / 2, side - seen / 2);
  return {
    x: along(place.x, picture.width, canvas.width / place.scale),
    y: along(place.y, picture.height, canvas.height / place.scale),
    scale: place.scale,
  };
}

export function onPicture(place: Place, at: { x: number; y: number }, canvas: Size): { x: number; y: number } {
  return { x: place.x + (at.x - canvas.width / 2) / place.scale, y: place.y + (at.y - canvas.height / 2) / place.scale };
}

/** The canvas coordinates of a point of the picture. */
export function onCanvas(place: Place, at: { x: number; y: number }, canvas: Size): { x: number; y: number } {
  return { x: (at.x - place.x) * place.scale + canvas.width / 2, y: (at.y - place.y) * place.scale + canvas.height / 2 };
}

/** The part of the picture that is seen, in whole pixels. */
export function seenRect(place: Place, picture: Size, canvas: Size): Rect {
  const first = onPicture(place, { x: 0, y: 0 }, canvas);
  const last = onPicture(place, { x: canvas.width, y: canvas.height }, canvas);
  return {
    left: clamp(Math.floor(first.x), 0, picture.width - 1),
    top: clamp(Math.floor(first.y), 0, picture.height - 1),
    right: clamp(Math.ceil(last.x), 1, picture.width),
    bottom: clamp(Math.ceil(last.y), 1, picture.height),
  };
}
