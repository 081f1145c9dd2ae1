/** Geometry, orientation and the brush. */
import { describe, expect, it } from "vitest";
import { Names, resultName, foreignKind } from "../src/app/files";
import { Brush } from "../src/view/brush";
import { fitted, limited, onPicture, seenRect, zoomed } from "../src/view/geometry";
import { corners, meshFor, triangles } from "../src/view/mesh";
import { storedGrid, storedRect, toUpright, uprightGrid, uprightRect, uprightSize } from "../src/view/orientation";
import { rampColor, rangeOf } from "../src/view/renderer";

const PICTURE = { width: 4000, height: 3000 };
const CANVAS = { width: 800, height: 800 };

describe("geometry", () => {
  it("fits", () => {
    expect(fitted(PICTURE, CANVAS)).toEqual({ x: 2000, y: 1500, scale: 0.2 });
    expect(seenRect(fitted(PICTURE, CANVAS), PICTURE, CANVAS)).toEqual({ left: 0, top: 0, right: 4000, bottom: 3000 });
  });

  it("zooms around a point, within limits", () => {
    const at = { x: 600, y: 500 };
    const place = fitted(PICTURE, CANVAS);
    const closer = zoomed(place, 5, at, PICTURE, CANVAS);
    const [before, after] = [onPicture(place, at, CANVAS), onPicture(closer, at, CANVAS)];
    expect(closer.scale).toBe(1);
    expect(after.x).toBeCloseTo(before.x);
    expect(after.y).toBeCloseTo(before.y);
    expect(zoomed(place, 1e6, at, PICTURE, CANVAS).scale).toBe(8);
    expect(zoomed(place, 1e-6, at, PICTURE, CANVAS)).toEqual(place);
  });

  it("keeps the picture in view", () => {
    expect(limited({ x: -500, y: 9000, scale: 1 }, PICTURE, CANVAS)).toEqual({ x: 400, y: 2600, scale: 1 });
  });
});

describe("orientation", () => {
  // As pielight.io.orientation.upright: [[1, 2], [3, 4]] of orientation 6 is [[3, 1], [4, 2]].
  const grid = { height: 2, width: 2, values: Float32Array.of(1, 2, 3, 4) };
  const wanted = [[1, 2, 3, 4], [2, 1, 4, 3], [4, 3, 2, 1], [3, 4, 1, 2], [1, 3, 2, 4], [3, 1, 4, 2], [4, 2, 3, 1], [2, 4, 1, 3]];

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("%i", (orientation) => {
    expect([...uprightGrid(grid, orientation).values]).toEqual(wanted[orientation - 1]);
    const wide = { height: 2, width: 3, values: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const upright = uprightGrid(wide, orientation);
    expect(storedGrid(upright, orientation)).toEqual(wide);
    const stored = { width: 30, height: 20 };
    const size = uprightSize(stored, orientation);
    const rect = { left: 1, top: 2, right: 7, bottom: 5 };
    expect(uprightRect(storedRect(rect, stored, orientation), stored, orientation)).toEqual(rect);
    const [a, b, c, d, e, f] = toUpright(stored, orientation);
    const xs = [e, a * 30 + c * 20 + e];
    const ys = [f, b * 30 + d * 20 + f];
    expect([Math.max(...xs), Math.max(...ys)]).toEqual([size.width, size.height]);
    expect([Math.min(...xs), Math.min(...ys)]).toEqual([0, 0]);
  });
});

describe("the mesh", () => {
  const map = { height: 16, width: 16, values: Float32Array.from({ length: 256 }, (_, i) => i % 16) };
  it("covers the picture", () => {
    const mesh = meshFor(map);
    const found = corners(mesh, map);
    expect([...found.slice(0, 2)]).toEqual([0, 0]);
    expect([...found.slice(-3, -1)]).toEqual([1, 1]);
    expect(found[3 * (mesh.across / 2) + 2]).toBeCloseTo(7.5); // in the middle
    expect(Math.max(...triangles(mesh))).toBe(found.length / 3 - 1);
  });

  it("is as fine as the map is bent, and has indices of 16 bits", () => {
    expect(meshFor({ height: 16, width: 16, values: new Float32Array(256) })).toEqual({ across: 16, down: 16 });
    const peak = { height: 64, width: 96, values: new Float32Array(64 * 96) };
    peak.values[3000] = 4;
    const mesh = meshFor(peak);
    expect(mesh).toEqual({ across: 128, down: 128 });
    expect(Math.max(...triangles(mesh))).toBeLessThan(1 << 16);
  });

  it("has a range of whole stops", () => {
    expect(rangeOf({ height: 1, width: 2, values: Float32Array.of(0.5, 2.2) })).toEqual([0, 3]);
    expect(rangeOf({ height: 1, width: 1, values: Float32Array.of(0) })).toEqual([0, 1]);
    expect(rampColor(0)).toEqual([68, 1, 84]);
    expect(rampColor(2)).toEqual([253, 231, 37]);
  });
});

describe("the brush", () => {
  const painted = (tool: "lift" | "darken" | "keep") => {
    const brush = new Brush({ width: 200, height: 100 });
    brush.begin();
    const limit = brush.blank();
    for (let i = 0; i < 5; i++) brush.dab(tool, { x: 0.5, y: 0.5 }, 0.2, 1, limit);
    return brush;
  };
  it("lifts once in a stroke", () => {
    const { strokes } = painted("lift");
    expect(strokes!.width).toBe(96);
    expect(strokes!.height).toBe(48);
    expect(Math.max(...strokes!.lift)).toBeCloseTo(1, 1);
    expect(strokes!.lift[0]).toBe(0);
  });

  it("paints along a line what it paints at a place", () => {
    const brush = new Brush({ width: 200, height: 100 });
    brush.begin();
    brush.line("lift", { x: 0.2, y: 0.5 }, { x: 0.8, y: 0.5 }, 0.01, 1, brush.blank());
    const middle = Math.max(24, 23) * 96;
    const row = Array.from(brush.strokes!.lift.slice(middle, middle + 96)).slice(22, 75);
    expect(Math.min(...row)).toBeGreaterThan(0.8 * Math.max(...row));
  });

  it("darkens, and leaves as is", () => {
    expect(Math.min(...painted("darken").strokes!.lift)).toBeCloseTo(-1, 1);
    expect(Math.max(...painted("keep").strokes!.keep)).toBeCloseTo(1, 1);
  });

  it("undoes and redoes", () => {
    const brush = painted("lift");
    const { strokes } = brush;
    brush.undo();
    expect(brush.strokes).toBeUndefined();
    expect([brush.canUndo, brush.canRedo]).toEqual([false, true]);
    brush.redo();
    expect(brush.strokes).toEqual(strokes);
    brush.clear();
    expect(brush.strokes).toBeUndefined();
    brush.undo();
    expect(brush.strokes).toEqual(strokes);
  });
});

describe("names", () => {
  it("do not meet", () => {
    const names = new Names();
    expect(["a.jpg", "A.jpg", "b/a.jpg", "a.jpg"].map((name) => names.unique(name))).toEqual(["a.jpg", "A-2.jpg", "b/a.jpg", "a-3.jpg"]);
    expect(resultName("trip.2/night.jpeg", "jpg")).toBe("trip.2/night_pie.jpg");
    expect(resultName("night", "png")).toBe("night_pie.png");
  });

  it("tell what a browser cannot open", () => {
    expect(foreignKind("a.CR2")).toBe("camera RAW");
    expect(foreignKind("a.heic")).toBe("HEIC");
    expect(foreignKind("a.jpg")).toBeUndefined();
  });
});
