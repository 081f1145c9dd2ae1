// Brightens a photo: `pielight export --to onnx`, then `brighten pie-map.onnx dark.ppm bright.ppm`. All but the network.
// g++ -O2 -std=c++17 brighten.cpp -I ORT/include -L ORT/lib -lonnxruntime -o brighten
#include <onnxruntime_c_api.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

constexpr int SIDE = 64, NODES = 16, STATISTICS = 18;
constexpr double BRIGHTNESS = 0.42, UNSURE = 0.55, SURE = 0.95;  // mean of the canonical exposure; of the gate
struct Picture { int height, width; std::vector<uint8_t> rgb; };
[[noreturn]] void fail(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()), std::exit(1); }
double decode(double x) { return x <= 0.04045 ? x / 12.92 : std::pow((x + 0.055) / 1.055, 2.4); }
double encode(double l) { return l <= 0.0031308 ? 12.92 * l : 1.055 * std::pow(l, 1 / 2.4) - 0.055; }
double expose(double srgb, double ev) { const double l = decode(srgb), b = std::exp2(ev) * l; return encode(b / (b + 1 - l)); }

Picture read(const std::string& path) {  // a PPM, whose header may hold comments
    std::ifstream file(path, std::ios::binary);
    std::string magic; file >> magic;
    auto number = [&](int value = 0) {
        while ((file >> std::ws).peek() == '#') file.ignore(1 << 20, '\n');
        return file >> value, value;
    };
    const int width = number(), height = number(), most = number();
    const auto start = file.ignore().tellg(), end = file.seekg(0, std::ios::end).tellg();
    if (magic != "P6" || most != 255 || std::min(width, height) < 4 * SIDE || end - start < 3.0 * width * height)
        fail(path + ": needs a whole P6 file of 8 bits, sides 256 or more");
    Picture p{height, width, std::vector<uint8_t>(size_t(width) * height * 3)};
    file.seekg(start).read(reinterpret_cast<char*>(p.rgb.data()), p.rgb.size());
    return p;
}

std::vector<float> thumbnail(const Picture& p) {  // box means, planes of red, green and blue
    std::vector<float> small(3 * SIDE * SIDE);
    for (int j = 0; j < SIDE; j++) for (int i = 0; i < SIDE; i++) {
        const long top = long(j) * p.height / SIDE, bottom = long(j + 1) * p.height / SIDE;
        const long left = long(i) * p.width / SIDE, right = long(i + 1) * p.width / SIDE;
        long sum[3] = {};
        for (long y = top; y < bottom; y++) for (long x = left; x < right; x++)
            for (int c = 0; c < 3; c++) sum[c] += p.rgb[(y * p.width + x) * 3 + c];
        for (int c = 0; c < 3; c++) small[(c * SIDE + j) * SIDE + i] = float(sum[c] / (255.0 * (bottom - top) * (right - left)));
    }
    return small;
}

double canonical(const std::vector<float>& small) {  // the exposure that brings the mean to BRIGHTNESS, by halving
    double low = -6, high = 14;
    for (int n = 0; n < 24; n++) {
        double ev = (low + high) / 2, sum = 0;
        for (float value : small) sum += expose(value, ev);
        (sum / small.size() < BRIGHTNESS ? low : high) = ev;
    }
    return (low + high) / 2;
}

int place(const std::vector<long>& counts, double share, long all) {  // least level that holds so large a share
    long below = 0;
    return int(std::find_if(counts.begin(), counts.end(), [&](long n) { return (below += n) >= share * all; }) - counts.begin());
}

std::vector<float> noise(const Picture& p) {  // of green in tiles of 18 x 18, sorted, in levels
    const int down = std::min(16, p.height / 18), across = std::min(16, p.width / 18);
    auto begin = [](int n, int count, int side) { return count > 1 ? int(n * (side - 18.0) / (count - 1)) : 0; };
    std::vector<float> found;
    for (int j = 0; j < down; j++) for (int i = 0; i < across; i++) {
        const int top = begin(j, down, p.height), left = begin(i, across, p.width);
        const uint8_t* first = &p.rgb[(size_t(top) * p.width + left) * 3 + 1];
        auto bend = [&](int y, int x) { auto v = first + (size_t(y) * p.width + x) * 3; return v[-3] - 2 * v[0] + v[3]; };
        long sum = 0;
        for (int y = 1; y < 17; y++) for (int x = 1; x < 17; x++) sum += std::abs(bend(y - 1, x) - 2 * bend(y, x) + bend(y + 1, x));
        found.push_back(float(sum / 256.0 * std::sqrt(M_PI / 2) / 6));
    }
    return std::sort(found.begin(), found.end()), found;
}

std::vector<float> statistics(const Picture& p) {  // what a thumbnail does not show; see ops/exposure_statistics.py
    const int skip = std::max(1, int(std::ceil(std::sqrt(double(p.height) * p.width / 130000))));
    std::vector<long> brightest(256), luma(64 * 255 + 1), green(256), low(3);
    long all = 0, bright = 0, dark = 0;
    for (int y = 0; y < p.height; y += skip) for (int x = 0; x < p.width; x += skip, all++) {
        const uint8_t* v = &p.rgb[(size_t(y) * p.width + x) * 3]; const int most = std::max({v[0], v[1], v[2]});
        brightest[most]++, green[v[1]]++, luma[19 * v[0] + 38 * v[1] + 7 * v[2]]++;
        bright += most >= 250, dark += std::min({v[0], v[1], v[2]}) <= 1;
        for (int c = 0; c < 3; c++) if (v[c] < 3) low[v[c]]++;
    }
    std::vector<float> s, tiles = noise(p);
    for (double q : {0.5, 0.9, 0.99, 0.999, 1.0}) s.push_back(place(brightest, q, all) / 255.f);
    for (double q : {0.001, 0.01, 0.1}) s.push_back(place(luma, q, all) / (64 * 255.f));
    s.push_back(float(bright) / all), s.push_back(float(dark) / all);
    const int from = place(green, 0.01, all), to = place(green, 0.99, all);
    s.push_back(float(std::count(&green[from], &green[to] + 1, 0)) / (to - from + 1)), s.push_back((to - from + 1) / 256.f);
    for (double share : {0.25, 0.5}) {
        const double at = share * (tiles.size() - 1), n = std::floor(at);
        s.push_back(float(tiles[int(n)] + (at - n) * (tiles[int(n) + 1] - tiles[int(n)])));
    }
    for (long count : low) s.push_back(float(count) / (3 * all));
    return s;
}

void run(const char* path, std::vector<float>& seen, std::vector<float>& numbers, float* map, float& underexposed) {
    const OrtApi* ort = OrtGetApiBase()->GetApi(ORT_API_VERSION);
    auto check = [&](OrtStatus* status) { if (status) fail(ort->GetErrorMessage(status)); };
    OrtEnv* env; OrtSessionOptions* options; OrtSession* session; OrtMemoryInfo* memory; OrtValue *in[2], *out[2] = {};
    check(ort->CreateEnv(ORT_LOGGING_LEVEL_WARNING, "pielight", &env));
    check(ort->CreateSessionOptions(&options)), check(ort->CreateSession(env, path, options, &session));
    check(ort->CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &memory));
    auto tensor = [&](std::vector<float>& values, std::vector<int64_t> shape, OrtValue** out) {
        check(ort->CreateTensorWithDataAsOrtValue(memory, values.data(), values.size() * sizeof(float), shape.data(),
                                                  shape.size(), ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, out));
    };
    tensor(seen, {1, 3, SIDE, SIDE}, &in[0]), tensor(numbers, {1, STATISTICS}, &in[1]);
    const char *names[] = {"thumbnail", "statistics"}, *outputs[] = {"exposure", "underexposed"};
    check(ort->Run(session, nullptr, names, in, 2, outputs, 2, out));
    auto data = [&](OrtValue* value) { void* at; check(ort->GetTensorMutableData(value, &at)); return static_cast<float*>(at); };
    std::copy_n(data(out[0]), NODES * NODES, map), underexposed = *data(out[1]);
}

void apply(Picture& p, const float* ev) {  // nodes blended by quadratic B-splines; one exposure for a pixel's channels
    auto weights = [](int at, int pixels, int* node, double* w) {
        const double place = (at + 0.5) / pixels * NODES - 0.5, nearest = std::clamp(std::floor(place + 0.5), 0.0, NODES - 1.0);
        const double t = std::clamp(place - nearest, -0.5, 0.5);
        w[0] = (0.5 - t) * (0.5 - t) / 2, w[1] = 0.75 - t * t, w[2] = (0.5 + t) * (0.5 + t) / 2;
        for (int n = 0; n < 3; n++) node[n] = std::clamp(int(nearest) + n - 1, 0, NODES - 1);
    };
    for (int y = 0; y < p.height; y++) for (int x = 0; x < p.width; x++) {
        int rows[3], columns[3]; double a[3], b[3], sum = 0;
        weights(y, p.height, rows, a), weights(x, p.width, columns, b);
        for (int j = 0; j < 3; j++) for (int i = 0; i < 3; i++) sum += a[j] * b[i] * ev[rows[j] * NODES + columns[i]];
        uint8_t* v = &p.rgb[(size_t(y) * p.width + x) * 3];
        for (int c = 0; c < 3; c++) v[c] = uint8_t(std::lround(255 * expose(v[c] / 255.0, sum)));
    }
}

int main(int count, char** words) {
    if (count != 4) fail("usage: brighten pie-map.onnx IN.ppm OUT.ppm");
    Picture p = read(words[2]);
    std::vector<float> seen = thumbnail(p), numbers = statistics(p);
    const double ev = canonical(seen);
    for (float& value : seen) value = float(expose(value, ev));
    numbers.push_back(float(ev));
    float map[NODES * NODES], underexposed; run(words[1], seen, numbers, map, underexposed);
    const double t = std::clamp((underexposed - UNSURE) / (SURE - UNSURE), 0.0, 1.0);  // the gate
    for (float& node : map) node = float(t * t * (3 - 2 * t) * std::max(0.0, ev + node));
    apply(p, map);
    std::ofstream out(words[3], std::ios::binary);
    out << "P6\n" << p.width << " " << p.height << "\n255\n", out.write(reinterpret_cast<char*>(p.rgb.data()), p.rgb.size());
    if (!out.flush()) fail(words[3] + std::string(": cannot be written"));
}
