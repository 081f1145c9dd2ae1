/* Black held and colors balanced, in linear light: pielight.ops.finish, to the bit. */

#include "_loop.h"

#include <float.h>
#include <math.h>

typedef struct {
    const float *levels;     /* linear light of the 256 levels of 8 bits */
    const float *to_light;   /* at knots, evenly spaced in sRGB */
    const float *from_light; /* sRGB at knots, evenly spaced in the root of linear light */
    const float *matrix;     /* of rows for red, green and blue, or NULL */
    int knots;
    float toe;               /* squared; below 0 without */
} Finish;

static inline float
between(const float *restrict table, int last, float value)
{
    const float place = value * (float)(last + 1);
    const int at = (int)place < last ? (int)place : last;
    return table[at] + (place - (float)at) * (table[at + 1] - table[at]);
}

static inline float
clipped(float value)
{
    const float positive = value > 0.0f ? value : 0.0f;
    return positive < 1.0f ? positive : 1.0f;
}

/* The factors that hold black, from the brightest channels before and after. */
WIDE static void
hold(const float *restrict before, const float *restrict after, float *restrict factor, float toe, Py_ssize_t width)
{
    for (Py_ssize_t x = 0; x < width; x++) {
        const float square = after[x] * after[x] > FLT_MIN ? after[x] * after[x] : FLT_MIN;
        const float kept = before[x] + (after[x] - before[x]) * (square / (square + toe));
        const float share = kept / (after[x] > FLT_MIN ? after[x] : FLT_MIN);
        factor[x] = after[x] > before[x] ? share : 1.0f;
    }
}

WIDE static void
brightest(const float *restrict light, float *restrict most, Py_ssize_t channels, Py_ssize_t width)
{
    for (Py_ssize_t x = 0; x < width; x++) {
        most[x] = light[x];
    }
    for (Py_ssize_t c = 1; c < channels; c++) {
        for (Py_ssize_t x = 0; x < width; x++) {
            most[x] = light[c * width + x] > most[x] ? light[c * width + x] : most[x];
        }
    }
}

WIDE static void
balance(float *restrict red, float *restrict green, float *restrict blue, const float *restrict m, Py_ssize_t width)
{
    for (Py_ssize_t x = 0; x < width; x++) {
        const float r = red[x], g = green[x], b = blue[x];
        red[x] = clipped(m[0] * r + m[1] * g + m[2] * b);
        green[x] = clipped(m[3] * r + m[4] * g + m[5] * b);
        blue[x] = clipped(m[6] * r + m[7] * g + m[8] * b);
    }
}

/* Linear light to sRGB, in place. */
WIDE static void
encode(float *restrict light, const float *restrict table, int last, Py_ssize_t count)
{
    for (Py_ssize_t x = 0; x < count; x++) {
        light[x] = clipped(between(table, last, sqrtf(light[x])));
    }
}

/* A row goes through planes of floats: one for each channel, one for factors and two for the brightest channels. */
#define DEFINE_FINISH(NAME, TYPE, LIGHT, VALUE)                                                                        \
    WIDE static void NAME##_light(const char *row, Py_ssize_t step, float *restrict light, const Finish *finish,       \
                                  Py_ssize_t width)                                                                    \
    {                                                                                                                  \
        const float *restrict levels = finish->levels, *restrict table = finish->to_light;                             \
        const int last = finish->knots - 1;                                                                            \
        (void)levels, (void)table, (void)last;                                                                         \
        for (Py_ssize_t x = 0; x < width; x++) {                                                                       \
            const TYPE value = *(const TYPE *)(row + x * step);                                                        \
            light[x] = LIGHT(value);                                                                                   \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    static void NAME(const Py_buffer *source, const Py_buffer *result, const Finish *finish, Py_ssize_t top,           \
                     Py_ssize_t bottom, float *scratch)                                                                \
    {                                                                                                                  \
        const Py_ssize_t channels = source->shape[2], width = source->shape[1], values = channels * width;             \
        float *light = scratch, *before = light + values, *most = before + values, *old = most + width;                \
        float *factor = old + width;                                                                                   \
        for (Py_ssize_t y = top; y < bottom; y++) {                                                                    \
            const char *in = (const char *)source->buf + y * source->strides[0];                                       \
            char *out = (char *)result->buf + y * result->strides[0];                                                  \
            for (Py_ssize_t c = 0; c < channels; c++) {                                                                \
                NAME##_light(out + c * (Py_ssize_t)sizeof(TYPE), result->strides[1], light + c * width, finish, width);\
            }                                                                                                          \
            if (finish->toe >= 0.0f) {                                                                                 \
                for (Py_ssize_t c = 0; c < channels; c++) {                                                            \
                    NAME##_light(in + c * (Py_ssize_t)sizeof(TYPE), source->strides[1], before + c * width, finish,    \
                                 width);                                                                               \
                }                                                                                                      \
                brightest(before, old, channels, width);                                                               \
                brightest(light, most, channels, width);                                                               \
                hold(old, most, factor, finish->toe, width);                                                           \
                for (Py_ssize_t c = 0; c < channels; c++) {                                                            \
                    for (Py_ssize_t x = 0; x < width; x++) {                                                           \
                        light[c * width + x] *= factor[x];                                                             \
                    }                                                                                                  \
                }                                                                                                      \
            }                                                                                                          \
            if (finish->matrix && channels == 3) {                                                                     \
                balance(light, light + width, light + 2 * width, finish->matrix, width);                               \
            }                                                                                                          \
            encode(light, finish->from_light, finish->knots - 1, values);                                              \
            for (Py_ssize_t c = 0; c < channels; c++) {                                                                \
                for (Py_ssize_t x = 0; x < width; x++) {                                                               \
                    ((TYPE *)(out + x * result->strides[1]))[c] = VALUE(light[c * width + x]);                         \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

#define LIGHT_8(value) levels[value]
#define LIGHT_16(value) between(table, last, (float)(value) / 65535.0f)
#define LIGHT_FLOAT(value) between(table, last, value)
#define VALUE_8(value) (uint8_t)(value * 255.0f + 0.5f)
#define VALUE_16(value) (uint16_t)(value * 65535.0f + 0.5f)
#define VALUE_FLOAT(value) value

DEFINE_FINISH(finish_8_bits, uint8_t, LIGHT_8, VALUE_8)
DEFINE_FINISH(finish_16_bits, uint16_t, LIGHT_16, VALUE_16)
DEFINE_FINISH(finish_floats, float, LIGHT_FLOAT, VALUE_FLOAT)

enum { KINDS = 3 };
static const char formats[KINDS] = {'B', 'H', 'f'};
static const Py_ssize_t sizes[KINDS] = {1, 2, 4};

PyObject *
finish_rows(PyObject *Py_UNUSED(module), PyObject *args)
{
    enum { SOURCE, LEVELS, TO_LIGHT, FROM_LIGHT, MATRIX, RESULT, BUFFERS };
    PyObject *object[BUFFERS];
    Py_buffer view[BUFFERS];
    Py_ssize_t top, bottom;
    double toe;
    int kind = 0;

    if (!PyArg_ParseTuple(args, "OOOOOdOnn", &object[SOURCE], &object[LEVELS], &object[TO_LIGHT], &object[FROM_LIGHT],
                          &object[MATRIX], &toe, &object[RESULT], &top, &bottom)
        || take_buffers(object, view, BUFFERS, RESULT) < 0) {
        return NULL;
    }
    while (kind < KINDS && !is_picture(&view[SOURCE], formats[kind], sizes[kind])) {
        kind++;
    }
    const Py_ssize_t *shape = view[SOURCE].shape, *others = view[RESULT].shape;
    if (kind == KINDS || !is_picture(&view[RESULT], formats[kind], sizes[kind])
        || shape[0] != others[0] || shape[1] != others[1] || shape[2] != others[2]
        || !is_array(&view[LEVELS], 'f', 4, 1) || view[LEVELS].shape[0] != 256
        || !is_array(&view[TO_LIGHT], 'f', 4, 1) || view[TO_LIGHT].shape[0] < 2
        || !is_array(&view[FROM_LIGHT], 'f', 4, 1) || view[FROM_LIGHT].shape[0] != view[TO_LIGHT].shape[0]
        || !is_array(&view[MATRIX], 'f', 4, 2) || view[MATRIX].shape[1] != 3
        || (view[MATRIX].shape[0] != 0 && view[MATRIX].shape[0] != 3)
        || top < 0 || bottom < top || bottom > shape[0]) {
        PyErr_SetString(PyExc_ValueError, "finish_rows: pictures, tables and matrix do not fit together");
        return release_buffers(view, BUFFERS);
    }
    const Finish finish = {view[LEVELS].buf, view[TO_LIGHT].buf, view[FROM_LIGHT].buf,
                           view[MATRIX].shape[0] ? view[MATRIX].buf : NULL, (int)view[TO_LIGHT].shape[0] - 1, (float)toe};
    float *scratch = PyMem_RawMalloc((size_t)((2 * shape[2] + 3) * shape[1]) * sizeof(float));
    if (!scratch) {
        PyErr_NoMemory();
        return release_buffers(view, BUFFERS);
    }
    Py_BEGIN_ALLOW_THREADS
    if (kind == 0) {
        finish_8_bits(&view[SOURCE], &view[RESULT], &finish, top, bottom, scratch);
    }
    else if (kind == 1) {
        finish_16_bits(&view[SOURCE], &view[RESULT], &finish, top, bottom, scratch);
    }
    else {
        finish_floats(&view[SOURCE], &view[RESULT], &finish, top, bottom, scratch);
    }
    Py_END_ALLOW_THREADS
    PyMem_RawFree(scratch);
    return release_buffers(view, BUFFERS);
}
