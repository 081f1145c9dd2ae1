/** What the page and its worker say to each other. */
import type { Prediction, Strokes } from "../engine/exposureMap";
import type { Options } from "../engine/options";
import type { Format } from "../metadata/metadata";
import type { Rectangle } from "./denoise";
import type { GpuUse } from "./gpu";
import type { Note } from "./notes";

export type Task =
  | { readonly kind: "warm" }
  | { readonly kind: "open"; readonly picture: number; readonly file: Blob }
  | { readonly kind: "close"; readonly picture: number }
  | {
      readonly kind: "save";
      readonly picture: number;
      readonly file: Blob;
      readonly options: Options;
      readonly strokes: Strokes | undefined;
      readonly format: Format | "same";
      readonly whole: boolean; // it fails as "lossy" where something would be lost that a server keeps
    }
  | {
      readonly kind: "part";
      readonly picture: number;
      readonly file: Blob;
      readonly options: Options;
      readonly strokes: Strokes | undefined;
      readonly part: Rectangle;
    };

export interface Opened {
  readonly width: number;
  readonly height: number;
  readonly orientation: number;
  readonly prediction: Prediction;
  readonly bitmap: ImageBitmap; // as stored, neither turned nor converted
  readonly colorSpace: PredefinedColorSpace;
  readonly format: Format | undefined;
  readonly notes: readonly Note[];
}

export interface Saved {
  readonly blob: Blob;
  readonly format: Format;
  readonly notes: readonly Note[];
}

export interface Results {
  warm: null;
  open: Opened;
  close: null;
  save: Saved;
  part: { readonly part: Rectangle; readonly bitmap: ImageBitmap };
}

export type Failure = "unreadable" | "lossy" | "stopped" | "unloaded" | "failed";

export type FromPage =
  | { readonly gpu: GpuUse } // the first, if any
  | { readonly id: number; readonly task: Task }
  | { readonly id: number; readonly stop: true };

export type FromWorker =
  | { readonly gpu: string } // where noise is removed from now on: a state of `AcceleratedNetwork`
  | { readonly id: number; readonly progress: number }
  | { readonly id: number; readonly result: Results[keyof Results] }
  | { readonly id: number; readonly failure: Failure; readonly detail: string };
