/** What is to be told of a photo or its result: keys of the page's texts. */
export type Note =
  | "bits"
  | "inks"
  | "animated"
  | "metadata"
  | "profile"
  | "lossless"
  | "jpeg"
  | "png"
  | "opacity"
  | "size";

const LOSSES: readonly Note[] = ["bits", "inks", "animated", "metadata"];

/** Whether it tells of a loss that the command and the server do not have. */
export const isLoss = (note: Note): boolean => LOSSES.includes(note);
