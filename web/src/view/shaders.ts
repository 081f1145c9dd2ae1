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

/** sRGB is encoded by roots, within 0.06 levels of its power: powers take most of the time without a GPU. */
export const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D picture; // sRGB, which the sampler decodes
uniform float split; // in pixels of the canvas
uniform float toe; // squared, or below 0
uniform bool plain; // whether the picture is the result already
uniform vec3 overlay; // share of the map's colors, and its range in EV
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
  bool after = gl_FragCoord.x >= split;
  if (after && !plain) {
    vec3 k = exp2(ev) * light;
    vec3 exposed = k / (k + (1.0 - light));
    if (toe >= 0.0) {
      float x = most(light), y = most(exposed), square = y * y;
      if (y > x) exposed *= (x + (y - x) * (square / (square + toe))) / y;
    }
    light = exposed;
  }
  vec3 result = encoded(light);
  if (overlay.x > 0.0 && after) {
    float place = clamp((ev - overlay.y) / (overlay.z - overlay.y), 0.0, 1.0) * 4.0;
    int first = min(int(place), 3);
    result = mix(result, mix(ramp[first], ramp[first + 1], place - float(first)), overlay.x);
  }
  color = vec4(result * texel.a, texel.a);
}`;
