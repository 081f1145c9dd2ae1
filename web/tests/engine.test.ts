/** The engine against vectors from Python. */
import { describe, expect, it } from "vitest";
import { resample } from "../src/engine/axis";
import { applyExposure, canonicalExposure, exposeValues, levelTables } from "../src/engine/exposure";
import { exposuresAt, highlightCeiling, type Prediction } from "../src/engine/exposureMap";
import { holdBlack } from "../src/engine/finish";
import { blurCorrection, estimateNoise } from "../src/engine/noise";
import { DEFAULTS, presetOf, presetOptions, type Preset } from "../src/engine/options";
import { findQuantization, quantizationSigma } from "../src/engine/quantization";
import { exposureStatistics } from "../src/engine/statistics";
import { SIDE, thumbnail } from "../src/engine/thumbnail";
import { every, largestDifference, picture } from "./helpers";
import vectors from "./vectors.json";

const EV = { height: 3, width: 4, values: Float32Array.from({ length: 12 }, (_, i) => -1 + (5 * i) / 11) };

describe("tables", () => {
  const { places, results } = levelTables();
  it("are those of Python", () => {
    expect([...places]).toEqual(vectors.places);
    expect(results.filter((_, i) => i % 64 === 0)).toEqual(Uint8Array.from(vectors.results_every_64th));
  });
});

describe.each(vectors.pictures)("a picture of $size", (wanted) => {
  const [height, width] = wanted.size as [number, number];
  const pixels = picture(height, width);
  const small = thumbnail(pixels);

  it("has the thumbnail", () => {
    const seen: number[] = [];
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < SIDE; y += 7) for (let x = 0; x < SIDE; x += 7) seen.push(small[(c * SIDE + y) * SIDE + x]!);
    expect(largestDifference(seen, wanted.thumbnail)).toBeLessThan(1.01 / 255);
    expect(seen.filter((value, i) => Math.abs(value - wanted.thumbnail[i]!) > 1e-6).length).toBeLessThan(seen.length / 50);
  });

  it("has the canonical exposure", () => expect(canonicalExposure(small)).toBeCloseTo(wanted.canonical, 2));

  it("has the statistics", () => expect(largestDifference(exposureStatistics(pixels), wanted.statistics)).toBeLessThan(1e-4));

  it("has the ceiling", () =>
    expect(largestDifference(highlightCeiling(small, 16, 16).values, wanted.ceiling)).toBeLessThan(0.02));

  it("has the noise", () => {
    const noise = estimateNoise(pixels, false);
    [noise.shot, noise.read, noise.step].forEach((values, i) => {
      for (const [c, value] of values.entries()) expect(value).toBeCloseTo(wanted.noise[i]![c]!, 6);
    });
    expect(findQuantization(pixels) ?? null).toBe(wanted.quantization);
  });

  it("is exposed to the bit", () => {
    const out = new Uint8ClampedArray(pixels.data.length);
    applyExposure(pixels, EV, out);
    const seen = every({ ...pixels, data: out }, Math.floor(height / 9), Math.floor(width / 9));
    expect(seen).toEqual(wanted.exposed);
  });

  it("is exposed alike in windows", () => {
    const whole = new Uint8ClampedArray(pixels.data.length);
    applyExposure(pixels, EV, whole);
    const part = { width: 20, height: 10, data: new Uint8ClampedArray(20 * 10 * 4) };
    for (let y = 0; y < 10; y++) {
      const from = ((y + 5) * width + 7) * 4;
      part.data.set(pixels.data.subarray(from, from + 80), y * 80);
    }
    const out = new Uint8ClampedArray(part.data.length);
    const window = { rows: { start: 5, step: 1, count: 10 }, columns: { start: 7, step: 1, count: 20 } };
    applyExposure(part, EV, out, pixels, window);
    for (let y = 0; y < 10; y++) {
      const from = ((y + 5) * width + 7) * 4;
      expect(out.subarray(y * 80, (y + 1) * 80)).toEqual(whole.subarray(from, from + 80));
    }
  });
});

describe("maps", () => {
  it("are resampled as in Python", () =>
    expect(largestDifference(resample(EV, 5, 7).values, vectors.pictures[0]!.resampled)).toBeLessThan(1e-5));

  const prediction: Prediction = {
    ev: { height: 1, width: 2, values: Float32Array.of(4, 2) },
    ceiling: { height: 1, width: 2, values: Float32Array.of(2, 9) },
    underexposed: 1,
  };
  const at = (part: object, strokes?: Parameters<typeof exposuresAt>[2]) => [
    ...exposuresAt(prediction, { ...DEFAULTS, ...part }, strokes).values,
  ];

  it("follow strength, target and highlights", () => {
    expect(at({ strength: 0.5, highlights: 1 })).toEqual([1, 1]);
    expect(at({ targetEv: 1 })).toEqual([5, 3]);
    expect(at({ strength: 0 })).toEqual([0, 0]);
  });

  it("leave well-exposed pictures alone, unless that is off", () => {
    const well = { ...prediction, underexposed: 0.1 };
    expect([...exposuresAt(well, DEFAULTS).values]).toEqual([0, 0]);
    expect([...exposuresAt(well, { ...DEFAULTS, auto: false }).values]).toEqual([4, 2]);
  });

  it("take strokes last", () => {
    const strokes = { height: 1, width: 2, lift: Float32Array.of(0, 1), keep: Float32Array.of(1, 0) };
    expect(at({}, strokes)).toEqual([0, 3]);
    expect(at({ strength: 0 }, strokes)).toEqual([0, 1]);
  });
});

describe("the rest", () => {
  it("corrects for blur, and knows JPEG's tables", () => {
    const ratios = [0.2, 1.0, 1.7, 2.5, 9.0];
    expect(largestDifference(ratios.map(blurCorrection), vectors.blur)).toBeLessThan(1e-9);
    expect(largestDifference(quantizationSigma(0.5), vectors.quantization_sigma)).toBeLessThan(1e-7);
  });

  it("has Python's presets", () => {
    for (const [name, wanted] of Object.entries(vectors.presets)) {
      const options = presetOptions(name as Preset);
      expect(options.strength).toBe(wanted.strength);
      expect(options.highlights).toBe(wanted.highlights ?? 0);
      expect(options.auto).toBe(wanted.auto ?? true);
      expect(options.targetEv).toBe(wanted.target_ev);
      expect(options.black).toBe(wanted.black);
      expect(presetOf(options)).toBe(name);
    }
    expect(presetOf({ ...DEFAULTS, strength: 0.3 })).toBeUndefined();
  });

  it("exposes values as it does levels", () => {
    const values = exposeValues(Float32Array.of(51 / 255, 51 / 255, 51 / 255), 1, 1, { height: 1, width: 1, values: Float32Array.of(2) });
    expect(Math.round(values[0]! * 255)).toBe(97);
  });

  it("holds black", () => {
    const before = Uint8ClampedArray.of(5, 5, 5, 255, 60, 60, 60, 255);
    const after = Uint8ClampedArray.of(40, 40, 40, 255, 200, 200, 200, 255);
    holdBlack(before, after, 1);
    expect(after[0]).toBeLessThan(20);
    expect(after[4]).toBeGreaterThan(190);
    const same = after.slice();
    holdBlack(before, after, 0);
    expect(after).toEqual(same);
  });
});
