/** Drawing by WebGL2: exposures are those of a mesh's corners, and a slider costs one draw. */
import type { Grid } from "../engine/axis";
import { onCanvas, type Rect } from "./geometry";
import { corners, meshFor, triangles, type Mesh } from "./mesh";
import { toUpright } from "./orientation";
import { RAMP, rangeOf, type Renderer, type Scene } from "./renderer";
import { FRAGMENT, VERTEX } from "./shaders";

const OPACITY = 0.65; // of the overlay
const TOE = 0.08;

export class WebglRenderer implements Renderer {
  readonly kind = "webgl";
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #picture: WebGLTexture;
  readonly #finished: WebGLTexture;
  readonly #places = new Map<string, WebGLUniformLocation | null>();
  #mesh: Mesh = { across: 0, down: 0 };
  #version = -1;
  #shown: ImageBitmap | undefined;

  /** Throws if the browser has no WebGL2. */
  constructor(readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { alpha: true, antialias: false, depth: false, preserveDrawingBuffer: true });
    if (!gl) throw new Error("no WebGL2");
    this.#gl = gl;
    this.#program = linked(gl);
    gl.useProgram(this.#program);
    this.#picture = textureOf(gl);
    this.#finished = textureOf(gl);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    for (const [name, size, at] of [["corner", 2, 0], ["exposure", 1, 8]] as const) {
      const place = gl.getAttribLocation(this.#program, name);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, gl.FLOAT, false, 12, at);
    }
    gl.uniform3fv(this.#at("ramp"), RAMP.flat().map((value) => value / 255));
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  }

  draw(scene: Scene): void {
    const gl = this.#gl;
    const { width, height } = this.canvas;
    const { map, place, picture } = scene;
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    this.#setMap(map);
    gl.uniform1f(this.#at("split"), scene.split);
    gl.uniform1f(this.#at("toe"), scene.black > 0 ? (TOE * scene.black) ** 2 : -1);
    gl.uniform3f(this.#at("overlay"), scene.showsMap ? OPACITY : 0, ...rangeOf(map));
    const first = onCanvas(place, { x: 0, y: 0 }, this.canvas);
    const last = onCanvas(place, { x: picture.width, y: picture.height }, this.canvas);
    const x = (value: number) => (value / width) * 2 - 1;
    const y = (value: number) => 1 - (value / height) * 2;
    gl.uniform4f(this.#at("rect"), x(first.x), y(first.y), x(last.x), y(last.y));
    gl.enable(gl.SCISSOR_TEST);
    gl.bindTexture(gl.TEXTURE_2D, this.#picture);
    if (this.#version !== scene.source.version) {
      this.#upload(scene.source.canvas);
      this.#version = scene.source.version;
    }
    this.#part(scene, scene.source.rect, 0, false);
    if (scene.finished) {
      gl.bindTexture(gl.TEXTURE_2D, this.#finished);
      if (this.#shown !== scene.finished.bitmap) {
        this.#upload(uprightCanvas(scene.finished.bitmap, scene.finished.orientation));
        this.#shown = scene.finished.bitmap;
      }
      this.#part(scene, scene.finished.rect, scene.split, true);
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

  /** Draw what lies in a part of the picture, right of a column of the canvas. */
  #part({ picture, place }: Scene, rect: Rect, from: number, plain: boolean): void {
    const gl = this.#gl;
    const { width, height } = picture;
    const first = onCanvas(place, { x: rect.left, y: rect.top }, this.canvas);
    const last = onCanvas(place, { x: rect.right, y: rect.bottom }, this.canvas);
    const left = Math.max(0, Math.round(first.x), Math.ceil(from));
    const right = Math.min(this.canvas.width, Math.round(last.x));
    const top = Math.max(0, Math.round(first.y));
    const bottom = Math.min(this.canvas.height, Math.round(last.y));
    if (left >= right || top >= bottom) return;
    gl.scissor(left, this.canvas.height - bottom, right - left, bottom - top);
    const [across, down] = [(rect.right - rect.left) / width, (rect.bottom - rect.top) / height];
    gl.uniform4f(this.#at("part"), rect.left / width, rect.top / height, across, down);
    gl.uniform1i(this.#at("plain"), plain ? 1 : 0);
    gl.drawElements(gl.TRIANGLES, 6 * this.#mesh.across * this.#mesh.down, gl.UNSIGNED_SHORT, 0);
  }

  #upload(source: TexImageSource): void {
    const gl = this.#gl;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.SRGB8_ALPHA8, gl.RGBA, gl.UNSIGNED_BYTE, source);
  }

  #at(name: string): WebGLUniformLocation | null {
    if (!this.#places.has(name)) this.#places.set(name, this.#gl.getUniformLocation(this.#program, name));
    return this.#places.get(name)!;
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

function linked(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram()!;
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "no shaders");
  return program;
}
