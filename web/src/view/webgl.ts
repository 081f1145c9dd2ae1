/** Drawing by WebGL2: exposures are those of a mesh's corners, and a slider costs one draw. */
import type { Grid } from "../engine/axis";
import { onCanvas, type Rect } from "./geometry";
import { corners, meshFor, triangles, type Mesh } from "./mesh";
import { toUpright } from "./orientation";
import { RAMP, rangeOf, type Renderer, type Scene } from "./renderer";
import { fragment, VERTEX, type Kind } from "./shaders";

const TOE = 0.08;

interface Program {
  readonly program: WebGLProgram;
  readonly at: (name: string) => WebGLUniformLocation | null;
}

export interface ContextEvents {
  lost(): void; // as when the graphics driver restarts
  restored(): void;
}

export class WebglRenderer implements Renderer {
  readonly kind = "webgl";
  readonly #gl: WebGL2RenderingContext;
  readonly #programs = new Map<string, Program>();
  #picture!: WebGLTexture;
  #finished!: WebGLTexture;
  #mesh: Mesh = { across: 0, down: 0 };
  #version = -1;
  #shown: ImageBitmap | undefined;

  /** Throws if the browser has no WebGL2. */
  constructor(
    readonly canvas: HTMLCanvasElement,
    readonly events: ContextEvents,
  ) {
    const gl = canvas.getContext("webgl2", { alpha: true, antialias: false, depth: false, preserveDrawingBuffer: true });
    if (!gl) throw new Error("no WebGL2");
    this.#gl = gl;
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault(); // or it is never restored
      events.lost();
    });
    canvas.addEventListener("webglcontextrestored", () => {
      this.#setUp();
      events.restored();
    });
    this.#setUp();
  }

  /** Make what a context holds, which is gone with it. */
  #setUp(): void {
    const gl = this.#gl;
    this.#programs.clear();
    this.#mesh = { across: 0, down: 0 };
    this.#version = -1;
    this.#shown = undefined;
    this.#picture = textureOf(gl);
    this.#finished = textureOf(gl);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    for (const [place, size, at] of [[0, 2, 0], [1, 1, 8]] as const) {
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, gl.FLOAT, false, 12, at);
    }
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    this.#program({ exposed: true, holdsBlack: false, showsMap: false });
  }

  draw(scene: Scene): void {
    const gl = this.#gl;
    if (gl.isContextLost()) return;
    const { width, height } = this.canvas;
    const { source, split, showsMap, finished } = scene;
    if (gl.drawingBufferColorSpace !== source.colorSpace) gl.drawingBufferColorSpace = source.colorSpace;
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    this.#setMap(scene.map);
    gl.enable(gl.SCISSOR_TEST);
    gl.bindTexture(gl.TEXTURE_2D, this.#picture);
    if (this.#version !== source.version) {
      this.#upload(source.canvas);
      const filter = source.isExact ? gl.NEAREST : gl.LINEAR;
      for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, filter);
      this.#version = source.version;
    }
    const before = { exposed: false, holdsBlack: false, showsMap: false };
    this.#part(scene, source.rect, 0, split, before);
    this.#part(scene, source.rect, split, width, { exposed: true, holdsBlack: scene.black > 0, showsMap });
    if (finished) {
      gl.bindTexture(gl.TEXTURE_2D, this.#finished);
      if (this.#shown !== finished.bitmap) {
        this.#upload(uprightCanvas(finished.bitmap, finished.orientation));
        this.#shown = finished.bitmap;
      }
      this.#part(scene, finished.rect, split, width, { ...before, showsMap });
    }
    gl.disable(gl.SCISSOR_TEST);
  }

  dispose(): void {
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  #setMap(map: Grid): void {
    const gl = this.#gl;
    const mesh = meshFor(map);
    if (mesh.across !== this.#mesh.across || mesh.down !== this.#mesh.down) {
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, triangles(mesh), gl.STATIC_DRAW);
      this.#mesh = mesh;
    }
    gl.bufferData(gl.ARRAY_BUFFER, corners(mesh, map), gl.DYNAMIC_DRAW);
  }

  /** Draw what lies in a part of the picture, between two columns of the canvas. */
  #part(scene: Scene, rect: Rect, from: number, to: number, kind: Kind): void {
    const gl = this.#gl;
    const { width, height } = this.canvas;
    const { picture, place } = scene;
    const first = onCanvas(place, { x: rect.left, y: rect.top }, this.canvas);
    const last = onCanvas(place, { x: rect.right, y: rect.bottom }, this.canvas);
    const left = Math.max(0, Math.round(first.x), Math.ceil(from));
    const right = Math.min(Math.round(last.x), Math.ceil(to));
    const top = Math.max(0, Math.round(first.y));
    const bottom = Math.min(height, Math.round(last.y));
    if (left >= right || top >= bottom) return;
    gl.scissor(left, height - bottom, right - left, bottom - top);
    const { program, at } = this.#program(kind);
    gl.useProgram(program);
    gl.uniform1f(at("toe"), (TOE * scene.black) ** 2);
    gl.uniform2f(at("range"), ...rangeOf(scene.map));
    const start = onCanvas(place, { x: 0, y: 0 }, this.canvas);
    const end = onCanvas(place, { x: picture.width, y: picture.height }, this.canvas);
    if (scene.source.isExact) {
      start.x = Math.round(start.x); // so that every pixel of the canvas is one of the texture
      start.y = Math.round(start.y);
      end.x = start.x + scene.source.canvas.width;
      end.y = start.y + scene.source.canvas.height;
    }
    const x = (value: number) => (value / width) * 2 - 1;
    const y = (value: number) => 1 - (value / height) * 2;
    gl.uniform4f(at("rect"), x(start.x), y(start.y), x(end.x), y(end.y));
    const [across, down] = [(rect.right - rect.left) / picture.width, (rect.bottom - rect.top) / picture.height];
    gl.uniform4f(at("part"), rect.left / picture.width, rect.top / picture.height, across, down);
    gl.drawElements(gl.TRIANGLES, 6 * this.#mesh.across * this.#mesh.down, gl.UNSIGNED_SHORT, 0);
  }

  #upload(source: TexImageSource): void {
    const gl = this.#gl;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.SRGB8_ALPHA8, gl.RGBA, gl.UNSIGNED_BYTE, source);
  }

  #program(kind: Kind): Program {
    const name = JSON.stringify(kind);
    let found = this.#programs.get(name);
    if (!found) {
      const gl = this.#gl;
      const program = linked(gl, fragment(kind));
      const places = new Map<string, WebGLUniformLocation | null>();
      const at = (uniform: string) => {
        if (!places.has(uniform)) places.set(uniform, gl.getUniformLocation(program, uniform));
        return places.get(uniform)!;
      };
      gl.useProgram(program);
      gl.uniform3fv(at("ramp"), RAMP.flat().map((value) => value / 255));
      found = { program, at };
      this.#programs.set(name, found);
    }
    return found;
  }
}

/** A result, upright. */
export function uprightCanvas(bitmap: ImageBitmap, orientation: number): OffscreenCanvas | ImageBitmap {
  if (orientation === 1) return bitmap;
  const sideways = orientation >= 5;
  const canvas = new OffscreenCanvas(sideways ? bitmap.height : bitmap.width, sideways ? bitmap.width : bitmap.height);
  const context = canvas.getContext("2d")!;
  context.setTransform(...toUpright(bitmap, orientation));
  context.drawImage(bitmap, 0, 0);
  return canvas;
}

function textureOf(gl: WebGL2RenderingContext): WebGLTexture {
  const texture = gl.createTexture()!;
  gl.bindTexture(gl.TEXTURE_2D, texture);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.LINEAR);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  return texture;
}

function linked(gl: WebGL2RenderingContext, shown: string): WebGLProgram {
  const program = gl.createProgram()!;
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, shown]] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.bindAttribLocation(program, 0, "corner");
  gl.bindAttribLocation(program, 1, "exposure");
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "no shaders");
  return program;
}
