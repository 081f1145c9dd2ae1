/** Drawing by WebGL2: the map is a texture of EVs, and a slider costs one draw. */
import { onCanvas, type Rect } from "./geometry";
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
  readonly #map: WebGLTexture;
  readonly #places = new Map<string, WebGLUniformLocation | null>();
  #version = -1;
  #shown: ImageBitmap | undefined;

  /** Throws if the browser has no WebGL2. */
  constructor(readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { alpha: true, antialias: false, depth: false, preserveDrawingBuffer: true });
    if (!gl) throw new Error("no WebGL2");
    this.#gl = gl;
    this.#program = linked(gl);
    gl.useProgram(this.#program);
    [this.#picture, this.#finished, this.#map] = [gl.LINEAR, gl.LINEAR, gl.NEAREST].map((filter) => textureOf(gl, filter)) as [
      WebGLTexture,
      WebGLTexture,
      WebGLTexture,
    ];
    gl.uniform1i(this.#at("map"), 1);
    gl.uniform3fv(this.#at("ramp"), RAMP.flat().map((value) => value / 255));
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  }

  draw(scene: Scene): void {
    const gl = this.#gl;
    const { width, height } = this.canvas;
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.#map);
    const { map } = scene;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, map.width, map.height, 0, gl.RED, gl.FLOAT, map.values);
    gl.uniform2i(this.#at("nodes"), map.width, map.height);
    gl.uniform1f(this.#at("split"), scene.split);
    gl.uniform1f(this.#at("toe"), scene.black > 0 ? (TOE * scene.black) ** 2 : -1);
    gl.uniform3f(this.#at("overlay"), scene.showsMap ? OPACITY : 0, ...rangeOf(map));
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.#picture);
    if (this.#version !== scene.source.version) {
      this.#upload(scene.source.canvas);
      this.#version = scene.source.version;
    }
    this.#quad(scene, scene.source.rect, false);
    if (scene.finished) {
      gl.bindTexture(gl.TEXTURE_2D, this.#finished);
      if (this.#shown !== scene.finished.bitmap) {
        this.#upload(uprightCanvas(scene.finished.bitmap, scene.finished.orientation));
        this.#shown = scene.finished.bitmap;
      }
      gl.enable(gl.SCISSOR_TEST);
      const left = Math.min(Math.max(0, Math.ceil(scene.split)), width);
      gl.scissor(left, 0, width - left, height);
      this.#quad(scene, scene.finished.rect, true);
      gl.disable(gl.SCISSOR_TEST);
    }
  }

  dispose(): void {
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  #quad({ picture, place }: Scene, rect: Rect, plain: boolean): void {
    const gl = this.#gl;
    const first = onCanvas(place, { x: rect.left, y: rect.top }, this.canvas);
    const last = onCanvas(place, { x: rect.right, y: rect.bottom }, this.canvas);
    const x = (value: number) => (value / this.canvas.width) * 2 - 1;
    const y = (value: number) => 1 - (value / this.canvas.height) * 2;
    gl.uniform4f(this.#at("rect"), x(first.x), y(first.y), x(last.x), y(last.y));
    const { width, height } = picture;
    gl.uniform4f(this.#at("part"), rect.left / width, rect.top / height, rect.right / width, rect.bottom / height);
    gl.uniform1i(this.#at("plain"), plain ? 1 : 0);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
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

function textureOf(gl: WebGL2RenderingContext, filter: number): WebGLTexture {
  const texture = gl.createTexture()!;
  gl.bindTexture(gl.TEXTURE_2D, texture);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, filter);
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
