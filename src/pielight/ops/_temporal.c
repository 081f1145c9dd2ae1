/* A recursive average over frames that follows motion: pielight.ops.motion_compensation. Estimates have 15 bits, so that
   small differences still move them. */

#include "_loop.h"

#include <string.h>

#define BLOCK 16 /* pixels along each side of a block that has a vector */
#define CELL 8   /* the same of a cell that has a weight */
#define FRACTION_BITS 5
#define FRACTIONS (1 << FRACTION_BITS) /* of a pixel, in vectors */
#define TAPS 6
#define SPAN (BLOCK + TAPS - 1)
#define MIDDLE 16384 /* what is taken off values of 15 bits, so that those between two of them fit into 16 bits */
#define WEIGHT_BITS 12
#define MOST 32767

/* ---- Prediction ---- */

/* The value between `base` and the one after it, less OFFSET, of six neighbors and the sizes of their weights in units of
   2^-15; the second and the fifth weight are negative. In 16 bits, so that many fit into a register: half of each
   product is cut off, down for three and up for two of them, and the last bit of a difference, which the third weight
   takes, makes up for that. Where all neighbors are alike, so is the result. */
#define BETWEEN(A, B, BASE, D, E, F, OFFSET)                                                                           \
    do {                                                                                                               \
        const int16_t base = (int16_t)((BASE) - (OFFSET)), a = (int16_t)((A) - (BASE)), b = (int16_t)((B) - (BASE));   \
        const int16_t d = (int16_t)((D) - (BASE)), e = (int16_t)((E) - (BASE)), f = (int16_t)((F) - (BASE));           \
        const int16_t sum = (int16_t)((a * weight[0] >> 16) - (b * weight[1] >> 16) + (d * weight[3] >> 16)            \
                                      - (e * weight[4] >> 16) + (f * weight[5] >> 16) + (d & weight[2]));                    \
        const int16_t value = (int16_t)(base + 2 * sum);                                                               \
        const int16_t low = value < -MIDDLE ? -MIDDLE : value;                                                         \
        between = low > MOST - MIDDLE ? MOST - MIDDLE : low;                                                           \
    } while (0)

static inline void
across_row(const uint16_t *restrict at, const int16_t *restrict weight, int16_t *restrict line, int columns)
{
    for (int x = 0; x < columns; x++) {
        int16_t between;
        BETWEEN(at[x], at[x + 1], at[x + 2], at[x + 3], at[x + 4], at[x + 5], MIDDLE);
        line[x] = between;
    }
}

static inline void
down_row(const int16_t *restrict line, const int16_t *restrict weight, uint16_t *restrict result, int columns)
{
    for (int x = 0; x < columns; x++) {
        int16_t between;
        BETWEEN(line[x], line[x + BLOCK], line[x + 2 * BLOCK], line[x + 3 * BLOCK], line[x + 4 * BLOCK],
                line[x + 5 * BLOCK], 0);
        result[x] = (uint16_t)(between + MIDDLE);
    }
}

/* Interpolate rows of a block; `at` is two rows above and two columns left of it. */
WIDE static void
interpolate(const uint16_t *at, Py_ssize_t stride, const int16_t *weight_down, const int16_t *weight_across,
            uint16_t *result, Py_ssize_t width, int rows, int columns)
{
    int16_t lines[SPAN * BLOCK];
    for (int y = 0; y < rows + TAPS - 1; y++, at += stride) {
        int16_t *line = lines + y * BLOCK;
        if (columns == BLOCK) {
            across_row(at, weight_across, line, BLOCK);
        }
        else if (columns == BLOCK / 2) {
            across_row(at, weight_across, line, BLOCK / 2);
        }
        else {
            across_row(at, weight_across, line, columns);
        }
    }
    for (int y = 0; y < rows; y++, result += width) {
        const int16_t *line = lines + y * BLOCK;
        if (columns == BLOCK) {
            down_row(line, weight_down, result, BLOCK);
        }
        else if (columns == BLOCK / 2) {
            down_row(line, weight_down, result, BLOCK / 2);
        }
        else {
            down_row(line, weight_down, result, columns);
        }
    }
}

static void
predict_row(const uint16_t *before, Py_ssize_t height, Py_ssize_t width, const int16_t *vector, Py_ssize_t across,
            const int16_t *weights, int tall, int wide, uint16_t *result, Py_ssize_t row)
{
    const Py_ssize_t block_height = BLOCK >> tall, block_width = BLOCK >> wide, top = row * block_height;
    const Py_ssize_t bottom = top + block_height < height ? top + block_height : height;
    const int rows = (int)(bottom - top);
    uint16_t patch[SPAN * SPAN];
    for (Py_ssize_t column = 0; column < across && column * block_width < width; column++, vector += 2) {
        const Py_ssize_t left = column * block_width;
        const int columns = (int)((left + block_width < width ? left + block_width : width) - left);
        const int vy = vector[0] >> tall, vx = vector[1] >> wide;
        const Py_ssize_t y = top + (vy >> FRACTION_BITS) - 2, x = left + (vx >> FRACTION_BITS) - 2;
        const int fy = vy & (FRACTIONS - 1), fx = vx & (FRACTIONS - 1);
        const uint16_t *at = before + y * width + x;
        Py_ssize_t stride = width;
        if (y < 0 || x < 0 || y + rows + TAPS - 1 > height || x + columns + TAPS - 1 > width) {
            for (int j = 0; j < rows + TAPS - 1; j++) {
                const uint16_t *line = before + limited(y + j, 0, height - 1) * width;
                for (int i = 0; i < columns + TAPS - 1; i++) {
                    patch[j * SPAN + i] = line[limited(x + i, 0, width - 1)];
                }
            }
            at = patch;
            stride = SPAN;
        }
        uint16_t *target = result + top * width + left;
        if (fx || fy) {
            interpolate(at, stride, weights + TAPS * fy, weights + TAPS * fx, target, width, rows, columns);
            continue;
        }
        for (int j = 0; j < rows; j++) {
            memcpy(target + j * width, at + (j + 2) * stride + 2, (size_t)columns * sizeof *target);
        }
    }
}

PyObject *
predict_rows(PyObject *Py_UNUSED(module), PyObject *args)
{
    enum { BEFORE, VECTORS, WEIGHTS, RESULT, BUFFERS };
    PyObject *object[BUFFERS];
    Py_buffer view[BUFFERS];
    int tall, wide;
    Py_ssize_t top, bottom;

    if (!PyArg_ParseTuple(args, "OOOiiOnn", &object[BEFORE], &object[VECTORS], &object[WEIGHTS], &tall, &wide,
                          &object[RESULT], &top, &bottom)
        || take_buffers(object, view, BUFFERS, RESULT) < 0) {
        return NULL;
    }
    const Py_ssize_t *shape = view[BEFORE].shape, *blocks = view[VECTORS].shape;
    const int fits = is_array(&view[BEFORE], 'H', 2, 2) && is_array(&view[VECTORS], 'h', 2, 3)
                     && is_array(&view[WEIGHTS], 'h', 2, 2) && is_array(&view[RESULT], 'H', 2, 2)
                     && memcmp(shape, view[RESULT].shape, 2 * sizeof *shape) == 0 && blocks[2] == 2
                     && view[WEIGHTS].shape[0] == FRACTIONS && view[WEIGHTS].shape[1] == TAPS && (tall | 1) == 1
                     && (wide | 1) == 1;
    if (!fits || blocks[0] * (BLOCK >> tall) < shape[0] || blocks[1] * (BLOCK >> wide) < shape[1] || top < 0
        || bottom < top || bottom > blocks[0]) {
        PyErr_SetString(PyExc_ValueError, "predict_rows: planes and vectors do not fit together");
        return release_buffers(view, BUFFERS);
    }
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t row = top; row < bottom; row++) {
        predict_row(view[BEFORE].buf, shape[0], shape[1], (const int16_t *)view[VECTORS].buf + 2 * row * blocks[1],
                    blocks[1], view[WEIGHTS].buf, tall, wide, view[RESULT].buf, row);
    }
    Py_END_ALLOW_THREADS
    return release_buffers(view, BUFFERS);
}

/* ---- Weights ---- */

/* Add what a row of the frame differs from its prediction to sums down each column: of its squares, of itself in the
   upper or the lower half of a cell, and of what was predicted. */
#define DEFINE_COMPARE(TYPE, NAME)                                                                                     \
    WIDE static void NAME(const TYPE *restrict now, const uint16_t *restrict then, int32_t *restrict squares,          \
                          int32_t *restrict half, int32_t *restrict level, Py_ssize_t width, int shift)                \
    {                                                                                                                  \
        for (Py_ssize_t x = 0; x < width; x++) {                                                                       \
            const int32_t d = (((int32_t)now[x] << shift) - then[x]) >> 3; /* 64 squares of 12 bits fit */             \
            squares[x] += d * d;                                                                                       \
            half[x] += d;                                                                                              \
            level[x] += then[x];                                                                                       \
        }                                                                                                              \
    }

DEFINE_COMPARE(uint8_t, compare_8_bits)
DEFINE_COMPARE(uint16_t, compare_16_bits)

/* Sum columns up to cells: squares, the greatest size of the sums over quarters, and levels. */
static void
gather(const int32_t *squares, const int32_t *upper, const int32_t *lower, const int32_t *level, Py_ssize_t width,
       int32_t *found)
{
    for (Py_ssize_t left = 0; left < width; left += CELL, found += 3) {
        const Py_ssize_t end = left + CELL < width ? left + CELL : width;
        int32_t part[4] = {0, 0, 0, 0};
        found[0] = found[1] = found[2] = 0;
        for (Py_ssize_t x = left; x < end; x++) {
            const int right = x - left >= CELL / 2;
            found[0] += squares[x];
            found[2] += level[x];
            part[right] += upper[x];
            part[2 + right] += lower[x];
        }
        for (int i = 0; i < 4; i++) {
            const int32_t size = part[i] < 0 ? -part[i] : part[i];
            found[1] = size > found[1] ? size : found[1];
        }
    }
}

PyObject *
compare_rows(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *object[3];
    Py_buffer view[3];
    int shift;
    Py_ssize_t top, bottom;

    if (!PyArg_ParseTuple(args, "OiOOnn", &object[0], &shift, &object[1], &object[2], &top, &bottom)
        || take_buffers(object, view, 3, 2) < 0) {
        return NULL;
    }
    const int fits = is_plane(&view[0]) && is_array(&view[1], 'H', 2, 2) && is_array(&view[2], 'i', 4, 3)
                     && memcmp(view[0].shape, view[1].shape, 2 * sizeof(Py_ssize_t)) == 0 && view[2].shape[2] == 3;
    if (!fits || view[2].shape[0] != (view[0].shape[0] + CELL - 1) / CELL
        || view[2].shape[1] != (view[0].shape[1] + CELL - 1) / CELL || shift < 0 || shift > 7 || top < 0 || bottom < top
        || bottom > view[2].shape[0]) {
        PyErr_SetString(PyExc_ValueError, "compare_rows: planes and cells do not fit together");
        return release_buffers(view, 3);
    }
    const Py_ssize_t height = view[0].shape[0], width = view[0].shape[1], across = view[2].shape[1];
    int32_t *sums = PyMem_RawMalloc(4 * (size_t)width * sizeof *sums);
    if (!sums) {
        PyErr_NoMemory();
        return release_buffers(view, 3);
    }
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t row = top; row < bottom; row++) {
        const Py_ssize_t first = row * CELL, end = first + CELL < height ? first + CELL : height;
        memset(sums, 0, 4 * (size_t)width * sizeof *sums);
        for (Py_ssize_t y = first; y < end; y++) {
            const char *now = (const char *)view[0].buf + y * view[0].strides[0];
            const uint16_t *then = (const uint16_t *)view[1].buf + y * width;
            int32_t *half = sums + (y - first < CELL / 2 ? 1 : 2) * width;
            if (view[0].itemsize == 1) {
                compare_8_bits((const uint8_t *)now, then, sums, half, sums + 3 * width, width, shift);
            }
            else {
                compare_16_bits((const uint16_t *)now, then, sums, half, sums + 3 * width, width, shift);
            }
        }
        gather(sums, sums + width, sums + 2 * width, sums + 3 * width, width, (int32_t *)view[2].buf + 3 * row * across);
    }
    Py_END_ALLOW_THREADS
    PyMem_RawFree(sums);
    return release_buffers(view, 3);
}

/* ---- Blending ---- */

#define DEFINE_BLEND(TYPE, NAME)                                                                                       \
    WIDE static void NAME(const TYPE *restrict now, const uint16_t *restrict then, const int32_t *restrict weight,     \
                          uint16_t *restrict estimate, TYPE *restrict result, Py_ssize_t width, int shift)             \
    {                                                                                                                  \
        const int32_t half = (1 << shift) >> 1, most = MOST >> shift;                                                  \
        for (Py_ssize_t x = 0; x < width; x++) {                                                                       \
            const int32_t old = then[x], value = old + (((((int32_t)now[x] << shift) - old) * weight[x]                \
                                                         + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS);                  \
            const int32_t rounded = (value + half) >> shift;                                                           \
            estimate[x] = (uint16_t)value;                                                                             \
            result[x] = (TYPE)(rounded > most ? most : rounded);                                                       \
        }                                                                                                              \
    }

DEFINE_BLEND(uint8_t, blend_8_bits)
DEFINE_BLEND(uint16_t, blend_16_bits)

PyObject *
blend_rows(PyObject *Py_UNUSED(module), PyObject *args)
{
    enum { NOW, THEN, WEIGHT, ESTIMATE, RESULT, BUFFERS };
    PyObject *object[BUFFERS];
    Py_buffer view[BUFFERS];
    int shift, tall, wide;
    Py_ssize_t top, bottom;

    if (!PyArg_ParseTuple(args, "OiOOiiOOnn", &object[NOW], &shift, &object[THEN], &object[WEIGHT], &tall, &wide,
                          &object[ESTIMATE], &object[RESULT], &top, &bottom)
        || take_buffers(object, view, BUFFERS, ESTIMATE) < 0) {
        return NULL;
    }
    const Py_ssize_t *shape = view[NOW].shape;
    int fits = is_plane(&view[NOW]) && is_plane(&view[RESULT]) && view[NOW].itemsize == view[RESULT].itemsize
               && is_array(&view[THEN], 'H', 2, 2) && is_array(&view[ESTIMATE], 'H', 2, 2)
               && is_array(&view[WEIGHT], 'i', 4, 2) && shift >= 0 && shift <= 7 && (tall | 1) == 1 && (wide | 1) == 1;
    for (int i = 0; fits && i < BUFFERS; i++) {
        fits = i == WEIGHT || memcmp(shape, view[i].shape, 2 * sizeof *shape) == 0;
    }
    if (!fits || view[WEIGHT].shape[0] * (CELL >> tall) < shape[0] || view[WEIGHT].shape[1] * (CELL >> wide) < shape[1]
        || top < 0 || bottom < top || bottom > shape[0]) {
        PyErr_SetString(PyExc_ValueError, "blend_rows: planes and weights do not fit together");
        return release_buffers(view, BUFFERS);
    }
    const Py_ssize_t width = shape[1], across = view[WEIGHT].shape[1];
    int32_t *weight = PyMem_RawMalloc((size_t)width * sizeof *weight);
    if (!weight) {
        PyErr_NoMemory();
        return release_buffers(view, BUFFERS);
    }
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t y = top; y < bottom; y++) {
        const int32_t *cells = (const int32_t *)view[WEIGHT].buf + (y >> (3 - tall)) * across;
        if (y == top || y % (CELL >> tall) == 0) {
            for (Py_ssize_t x = 0; x < width; x++) {
                weight[x] = cells[x >> (3 - wide)];
            }
        }
        const char *now = (const char *)view[NOW].buf + y * view[NOW].strides[0];
        const uint16_t *then = (const uint16_t *)view[THEN].buf + y * width;
        uint16_t *estimate = (uint16_t *)view[ESTIMATE].buf + y * width;
        char *result = (char *)view[RESULT].buf + y * view[RESULT].strides[0];
        if (view[NOW].itemsize == 1) {
            blend_8_bits((const uint8_t *)now, then, weight, estimate, (uint8_t *)result, width, shift);
        }
        else {
            blend_16_bits((const uint16_t *)now, then, weight, estimate, (uint16_t *)result, width, shift);
        }
    }
    Py_END_ALLOW_THREADS
    PyMem_RawFree(weight);
    return release_buffers(view, BUFFERS);
}
