/** The shaders: `out = G(E_k(G^-1(in)))`, `k = 2^EV`, EV the nodes of the map blended by quadratic B-splines. */

export const VERTEX = `#version 300 es
uniform vec4 rect; // of the upright picture, in clip coordinates: left, top, right, bottom
uniform vec4 part; // the same rectangle, as shares of the picture
out vec2 where;
out vec2 uv;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  gl_Position = vec4(mix(rect.xy, rect.zw, corner), 0.0, 1.0);
  where = mix(part.xy, part.zw, corner);
  uv = corner;
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2D;
uniform sampler2D picture; // sRGB, which the sampler decodes
uniform sampler2D map; // EV
uniform ivec2 nodes;
uniform float split; // in pixels of the canvas
uniform float toe; // squared, or below 0
uniform bool plain; // whether the picture is the result already
uniform vec3 overlay; // share of the map's colors, and its range in EV
uniform vec3 ramp[5];
in vec2 where;
in vec2 uv;
out vec4 color;

float exposure() {
  vec2 p = where * vec2(nodes) - 0.5;
  vec2 nearest = clamp(floor(p + 0.5), vec2(0.0), vec2(nodes - 1));
  vec2 t = clamp(p - nearest, -0.5, 0.5);
  vec2 before = 0.5 * (0.5 - t) * (0.5 - t);
  vec2 after = 0.5 * (0.5 + t) * (0.5 + t);
  vec2 at = 0.75 - t * t;
  ivec2 node = ivec2(nearest);
  ivec2 low = max(node - 1, ivec2(0));
  ivec2 high = min(node + 1, nodes - 1);
  vec3 x = vec3(before.x, at.x, after.x);
  vec3 a = vec3(texelFetch(map, low, 0).r, texelFetch(map, ivec2(node.x, low.y), 0).r, texelFetch(map, ivec2(high.x, low.y), 0).r);
  vec3 b = vec3(texelFetch(map, ivec2(low.x, node.y), 0).r, texelFetch(map, node, 0).r, texelFetch(map, ivec2(high.x, node.y), 0).r);
  vec3 c = vec3(texelFetch(map, ivec2(low.x, high.y), 0).r, texelFetch(map, ivec2(node.x, high.y), 0).r, texelFetch(map, high, 0).r);
  return before.y * dot(x, a) + at.y * dot(x, b) + after.y * dot(x, c);
}

float most(vec3 v) { return max(v.r, max(v.g, v.b)); }

vec3 encoded(vec3 light) {
  vec3 power = 1.055 * pow(light, vec3(1.0 / 2.4)) - 0.055;
  return mix(power, 12.92 * light, lessThanEqual(light, vec3(0.0031308)));
}

void main() {
  vec4 texel = texture(picture, uv);
  vec3 light = texel.rgb;
  float ev = 0.0;
  bool after = gl_FragCoord.x >= split;
  if (overlay.x > 0.0 || (after && !plain)) ev = exposure();
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
