/** A photo in the list, and what is known of it once it is open. */
import type { Strokes } from "../engine/exposureMap";
import type { Prediction } from "../engine/exposureMap";
import { Brush } from "../view/brush";
import { storedGrid, uprightGrid, uprightSize } from "../view/orientation";
import { PictureSource } from "../view/source";
import type { Opened } from "../worker/protocol";
import type { Found } from "./files";

export class Photo {
  static #last = 0;
  readonly id = ++Photo.#last;
  brush: Brush | undefined;
  orientation = 1;
  failed = false;
  isForeign = false; // the browser cannot open it, or not in full
  preview: Blob | undefined; // by a server, of one that the browser cannot open

  constructor(readonly found: Found) {}

  get name(): string {
    return this.found.file.name;
  }

  /** What the browser opens. */
  get source(): Blob {
    return this.preview ?? this.found.file;
  }

  /** The strokes as the stored picture lies. */
  get strokes(): Strokes | undefined {
    const strokes = this.brush?.strokes;
    if (!strokes) return undefined;
    const { height, width } = strokes;
    const lift = storedGrid({ height, width, values: strokes.lift }, this.orientation);
    const keep = storedGrid({ height, width, values: strokes.keep }, this.orientation);
    return { height: lift.height, width: lift.width, lift: lift.values, keep: keep.values };
  }
}

/** What is shown of the photo that is open. */
export interface Shown {
  readonly photo: Photo;
  readonly opened: Opened;
  readonly source: PictureSource;
  readonly upright: Prediction;
}

export function shownOf(photo: Photo, opened: Opened): Shown {
  const { orientation, prediction } = opened;
  photo.orientation = orientation;
  photo.brush ??= new Brush(uprightSize(opened, orientation));
  return {
    photo,
    opened,
    source: new PictureSource(opened.bitmap, orientation, opened.colorSpace),
    upright: {
      ...prediction,
      ev: uprightGrid(prediction.ev, orientation),
      ceiling: uprightGrid(prediction.ceiling, orientation),
    },
  };
}
