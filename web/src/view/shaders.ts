/** The shaders: `out = G(E_k(G^-1(in)))`, `k = 2^EV`. */

/** The picture as a mesh: each corner brings its place and its EV. */
export const VERTEX = `#version 300 es
uniform vec4 rect; // of the picture, in clip coordinates: left, top, right, bottom
uniform vec4 part; // that the texture shows, as shares of the picture: left, top, width, height
in vec2 corner; // as shares of the picture
in float exposure;
out vec2 uv;
out float ev;
void main() {
  gl_Position = vec4(mix(rect.xy, rect.zw, corner), 0.0, 1.0);
  uv = (corner - part.xy) / part.zw;
  ev = exposure;
}`;

/** What a part of the canvas shows; each has its own program, since without a GPU every branch costs. */
export interface Kind {
  readonly exposed: boolean; // or the pixels as they are
  readonly holdsBlack: boolean;
  readonly showsMap: boolean;
}

/** sRGB is encoded by roots, within 0.06 levels of its power: powers take most of the time without a GPU. */
export function fragment({ exposed, holdsBlack, showsMap }: Kind): string {
  return `#version 300 es
precision highp float;
uniform sampler2D picture; // sRGB, which the sampler decodes
uniform float toe; // squared
uniform vec2 range; // of the overlay, in EV
uniform vec3 ramp[5];
in vec2 uv;
in float ev;
out vec4 color;

float most(vec3 v) { return max(v.r, max(v.g, v.b)); }

vec3 encoded(vec3 light) {
  vec3 a = sqrt(light), b = sqrt(a), c = sqrt(b);
  vec3 power = 0.6326108 * a + 0.7396754 * b - 0.3622847 * c - 0.0165597 * light + 0.0065384;
  return mix(power, 12.92 * light, lessThanEqual(light, vec3(0.0031308)));
}

void main() {
  vec4 texel = texture(picture, uv);
  vec3 light = texel.rgb;
  ${exposed ? EXPOSE : ""}
  ${exposed && holdsBlack ? HOLD_BLACK : ""}
  vec3 result = encoded(light);
  ${showsMap ? SHOW_MAP : ""}
  color = vec4(result * texel.a, texel.a);
}`;
}

const EXPOSE = `
  vec3 k = exp2(ev) * light;
  float x = most(light);
  light = k / (k + (1.0 - light));`;

const HOLD_BLACK = `
  float y = most(light), square = y * y;
  if (y > x) light *= (x + (y - x) * (square / (square + toe))) / y;`;

const SHOW_MAP = `
  float place = clamp((ev - range.x) / (range.y - range.x), 0.0, 1.0) * 4.0;
  int first = min(int(place), 3);
  result = mix(result, mix(ramp[first], ramp[first + 1], place - float(first)), 0.65);`;
