/** The options of an enhancement, with the names and ranges of `pielight.EnhanceOptions`. */

export interface Options {
  readonly strength: number; // 0 to 1.5; 1 is the model's choice
  readonly highlights: number; // 0 to 1: how far what is bright already is protected
  readonly denoise: number | "auto"; // share of the visible noise that is removed
  readonly auto: boolean; // leaves well-exposed pictures as they are
  readonly targetEv: number; // brighter or darker than the model's choice, -3 to 3
  readonly black: number; // 0 to 1: how far black is held
}

export const DEFAULTS: Options = { strength: 1, highlights: 0, denoise: "auto", auto: true, targetEv: 0, black: 0 };

/** Whether a picture stays as it is. */
export const isKept = ({ strength }: Options, strokes: unknown): boolean => strength === 0 && strokes === undefined;

export const PRESETS = {
  natural: {},
  night: { highlights: 1, targetEv: -0.5, black: 0.5 },
  portrait: { highlights: 1, targetEv: -0.25, black: 0.5 },
  backlit: { highlights: 1, targetEv: 0.25, auto: false },
  subtle: { strength: 0.5, black: 0.25 },
} as const satisfies Record<string, Partial<Options>>;

export type Preset = keyof typeof PRESETS;

export function presetOptions(preset: Preset): Options {
  return { ...DEFAULTS, ...PRESETS[preset] };
}

/** The preset whose options these are, if there is one. */
export function presetOf(options: Options): Preset | undefined {
  return (Object.keys(PRESETS) as Preset[]).find((name) => {
    const of = presetOptions(name);
    return (Object.keys(of) as (keyof Options)[]).every((key) => of[key] === options[key]);
  });
}
