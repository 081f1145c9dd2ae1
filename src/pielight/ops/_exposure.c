/* Exposures laid over a picture: pielight.ops.exposure_map. The three rows of nodes around a row of pixels are blended
   into one, which gives every pixel its exposure; that is the same for its channels. */

#include "_nodes.h"

#include <string.h>

#define LEVELS 256
#define MOST_EV 48

/* 8 bits: an exposure adds to the log-odds of linear light, so a level's place in a table of results moves by as many
   steps as the exposure has. */
#define NODE_BITS 13   /* nodes hold EV * 2^13 */
#define STEP_BITS 9    /* places of the table are 2^-9 EV apart */
#define MOST_STEPS (MOST_EV << STEP_BITS)

/* 16 bits and floats: linear light lies between knots, even in sRGB where it is decoded, and even within each octave
   where it is encoded: see pielight.ops.exposure_map. */
#define DECODE_KNOTS 4096
#define ENCODE_BITS 14 /* 2^9 knots an octave leave 14 bits of the mantissa */
#define ENCODE_FIRST 0x3B000000u /* the bits of 2^-9 */
#define ENCODE_KNOTS (9 * 512)
#define SRGB_LIMIT 0.04045f
#define LINEAR_LIMIT 0.0031308f
#define SRGB_SLOPE 12.92f

typedef struct {
    const char *source;
    char *result;
    Py_ssize_t source_row, source_pixel, result_row, result_pixel; /* strides in bytes */
    Py_ssize_t width, channels, nodes_down, nodes_across;
    const void *nodes; /* (nodes_down, nodes_across) */
    const int32_t *row_node, *column_node;
    const void *row_weight;    /* (height, TAPS) */
    const void *column_weight; /* (TAPS, width) */
    const void *decode, *encode;
} Job;

/* The first pixel after x that has another nearest column. */
static inline Py_ssize_t
end_of_cell(const Job *job, Py_ssize_t x)
{
    const int32_t node = job->column_node[x];
    while (x < job->width && job->column_node[x] == node) {
        x++;
    }
    return x;
}

/* ---- 8 bits ---- */

/* The exposure of each pixel of a row in steps of the table. */
WIDE static void
steps_of_row(const NodeGrid *grid, Py_ssize_t y, int32_t *restrict row, int32_t *restrict steps)
{
    blend_nodes(grid, y, row);
    place_among_nodes(grid, row, WEIGHT_BITS + NODE_BITS - STEP_BITS, steps);
}

/* `channels` and `step`, where given, are constants at the places of call, so that each gets its own unrolled loop. */
static inline void
look_up(const Job *job, Py_ssize_t y, const int32_t *restrict steps, const Py_ssize_t channels,
        const Py_ssize_t step_in, const Py_ssize_t step_out)
{
    const uint8_t *in = (const uint8_t *)job->source + y * job->source_row;
    uint8_t *out = (uint8_t *)job->result + y * job->result_row;
    const int32_t *place = job->decode;
    const uint8_t *encode = job->encode;

    for (Py_ssize_t x = 0; x < job->width; x++, in += step_in, out += step_out) {
        const uint8_t *results = encode + steps[x];
        for (Py_ssize_t c = 0; c < channels; c++) {
            out[c] = results[place[in[c]]];
        }
    }
}

static void
expose_8_bits(const Job *job, Py_ssize_t top, Py_ssize_t bottom, void *scratch)
{
    int32_t *row = scratch, *steps = row + job->nodes_across;
    const NodeGrid grid = {
        .columns = job->width, .nodes_down = job->nodes_down, .nodes_across = job->nodes_across, .nodes = job->nodes,
        .row_node = job->row_node, .row_weight = job->row_weight, .column_node = job->column_node,
        .column_weight = job->column_weight,
    };
    for (Py_ssize_t y = top; y < bottom; y++) {
        steps_of_row(&grid, y, row, steps);
        if (job->channels == 1) {
            look_up(job, y, steps, 1, job->source_pixel, job->result_pixel);
        }
        else if (job->source_pixel == 3 && job->result_pixel == 3) {
            look_up(job, y, steps, 3, 3, 3);
        }
        else {
            look_up(job, y, steps, 3, job->source_pixel, job->result_pixel);
        }
    }
}

/* ---- 16 bits and floats ---- */

/* 2^ev: the whole part is the exponent, the rest is a polynomial of degree 6 (the series of the exponential). */
static inline float
exp2_of(float ev)
{
    const int32_t whole = (int32_t)(ev + (MOST_EV + 0.5f)) - MOST_EV;
    const float rest = ev - (float)whole;
    float power = 1.5403530e-4f;
    power = power * rest + 1.3333558e-3f;
    power = power * rest + 9.6181291e-3f;
    power = power * rest + 5.5504109e-2f;
    power = power * rest + 2.4022651e-1f;
    power = power * rest + 6.9314718e-1f;
    power = power * rest + 1.0f;
    const uint32_t bits = (uint32_t)(whole + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return power * scale;
}

/* The exposure of each pixel of a row, and its k = 2^EV. */
WIDE static void
gains_of_row(const Job *job, Py_ssize_t y, float *restrict row, float *restrict ev, float *restrict gain)
{
    const float *nodes = job->nodes, *weight = (const float *)job->row_weight + TAPS * y;
    const Py_ssize_t node = job->row_node[y], across = job->nodes_across;
    const float *a = nodes + clamped(node - 1, job->nodes_down) * across;
    const float *b = nodes + node * across;
    const float *c = nodes + clamped(node + 1, job->nodes_down) * across;
    const float wa = weight[0], wc = weight[2]; /* differences, so that an even map stays even to the bit */
    for (Py_ssize_t i = 0; i < across; i++) {
        row[i] = b[i] + wa * (a[i] - b[i]) + wc * (c[i] - b[i]);
    }

    const float *before = job->column_weight, *after = before + 2 * job->width;
    for (Py_ssize_t x = 0; x < job->width;) {
        const Py_ssize_t column = job->column_node[x], end = end_of_cell(job, x);
        const float left = row[clamped(column - 1, across)], middle = row[column];
        const float right = row[clamped(column + 1, across)];
        for (; x < end; x++) {
            ev[x] = middle + before[x] * (left - middle) + after[x] * (right - middle);
            gain[x] = exp2_of(ev[x]);
        }
    }
}

static inline float
decoded(const float *table, float x)
{
    x = x > 0.0f ? x : 0.0f; /* also of NaN: whatever a pixel holds, no index leaves the tables */
    x = x < 1.0f ? x : 1.0f;
    const float place = x * DECODE_KNOTS;
    const int32_t knot = (int32_t)place, at = knot < DECODE_KNOTS ? knot : DECODE_KNOTS - 1;
    const float power = table[at] + (place - (float)at) * (table[at + 1] - table[at]);
    return x <= SRGB_LIMIT ? x / SRGB_SLOPE : power;
}

static inline float
encoded(const float *table, float linear)
{
    if (linear <= LINEAR_LIMIT) {
        return linear * SRGB_SLOPE;
    }
    uint32_t bits;
    memcpy(&bits, &linear, sizeof bits);
    bits -= ENCODE_FIRST;
    const uint32_t at = bits >> ENCODE_BITS;
    const float part = (float)(int32_t)(bits & ((1u << ENCODE_BITS) - 1)) * (1.0f / (1 << ENCODE_BITS));
    return table[at] + part * (table[at + 1] - table[at]);
}

#define DEFINE_DEEP(NAME, TYPE, FROM, TO)                                                                              \
    static void NAME(const Job *job, Py_ssize_t top, Py_ssize_t bottom, void *scratch)                                 \
    {                                                                                                                  \
        float *row = scratch, *ev = row + job->nodes_across, *gain = ev + job->width;                                  \
        for (Py_ssize_t y = top; y < bottom; y++) {                                                                    \
            const char *in = job->source + y * job->source_row;                                                        \
            char *out = job->result + y * job->result_row;                                                             \
            gains_of_row(job, y, row, ev, gain);                                                                       \
            for (Py_ssize_t x = 0; x < job->width; x++, in += job->source_pixel, out += job->result_pixel) {           \
                for (Py_ssize_t c = 0; c < job->channels; c++) {                                                       \
                    const TYPE value = ((const TYPE *)in)[c];                                                          \
                    const float linear = decoded(job->decode, FROM(value));                                            \
                    const float odds = (1.0f - linear) / (gain[x] * linear); /* against; each step is monotone */      \
                    const float exposed = encoded(job->encode, 1.0f / (1.0f + odds));                                  \
                    ((TYPE *)out)[c] = ev[x] == 0.0f ? value : TO(exposed);                                            \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

#define FROM_16_BITS(value) ((float)(value) * (1.0f / 65535.0f))
#define TO_16_BITS(value) ((uint16_t)((value) * 65535.0f + 0.5f))
#define FROM_DOUBLE(value) ((float)(value))
#define TO_DOUBLE(value) ((double)(value))
DEFINE_DEEP(expose_16_bits, uint16_t, FROM_16_BITS, TO_16_BITS)
DEFINE_DEEP(expose_floats, float, , )
DEFINE_DEEP(expose_doubles, double, FROM_DOUBLE, TO_DOUBLE)

typedef struct {
    char format;
    Py_ssize_t size;
    int is_deep;
    void (*expose)(const Job *, Py_ssize_t, Py_ssize_t, void *);
} Kind;

static const Kind kinds[] = {
    {'B', 1, 0, expose_8_bits},
    {'H', 2, 1, expose_16_bits},
    {'f', 4, 1, expose_floats},
    {'d', 8, 1, expose_doubles},
};

/* Weights of TAPS nodes for each pixel, that of a row (pixels, TAPS), that of a column (TAPS, pixels). Sums of them
   times nodes must fit: weights that are no shares of 1 are refused. */
static int
is_axis(const Py_buffer *node, const Py_buffer *weight, int is_deep, Py_ssize_t pixels, Py_ssize_t nodes, int across)
{
    if (!is_array(node, 'i', 4, 1) || !is_array(weight, is_deep ? 'f' : 'i', 4, 2) || node->shape[0] != pixels
        || weight->shape[across] != pixels || weight->shape[!across] != TAPS) {
        return 0;
    }
    const Py_ssize_t step = across ? pixels : 1, next = across ? 1 : TAPS;
    for (Py_ssize_t i = 0; i < pixels; i++) {
        const int32_t at = ((const int32_t *)node->buf)[i];
        if (at < 0 || at >= nodes || (i && at < ((const int32_t *)node->buf)[i - 1])) {
            return 0;
        }
        if (is_deep) {
            const float *w = (const float *)weight->buf + i * next;
            const float sum = w[0] + w[step] + w[2 * step];
            if (!(w[0] >= 0 && w[step] >= 0 && w[2 * step] >= 0 && sum <= 1.0001f)) {
                return 0;
            }
        }
        else {
            const int32_t *w = (const int32_t *)weight->buf + i * next;
            const int32_t whole = 1 << WEIGHT_BITS;
            if (w[0] < 0 || w[step] < 0 || w[2 * step] < 0 || w[0] > whole || w[step] > whole || w[2 * step] > whole
                || w[0] + w[step] + w[2 * step] > whole) {
                return 0;
            }
        }
    }
    return 1;
}

static int
are_nodes(const Py_buffer *nodes, int is_deep)
{
    if (!is_array(nodes, is_deep ? 'f' : 'i', 4, 2) || nodes->shape[0] < 1 || nodes->shape[1] < 1) {
        return 0;
    }
    for (Py_ssize_t i = 0; i < nodes->shape[0] * nodes->shape[1]; i++) {
        if (is_deep) {
            const float value = ((const float *)nodes->buf)[i];
            if (!(value >= -MOST_EV && value <= MOST_EV)) { /* also NaN */
                return 0;
            }
        }
        else {
            const int32_t value = ((const int32_t *)nodes->buf)[i];
            if (value < -(MOST_EV << NODE_BITS) || value > MOST_EV << NODE_BITS) {
                return 0;
            }
        }
    }
    return 1;
}

/* Whether no place of a level, moved by any exposure, leaves the table of results. */
static int
are_tables(const Py_buffer *decode, const Py_buffer *encode, int is_deep)
{
    if (is_deep) {
        return is_array(decode, 'f', 4, 1) && is_array(encode, 'f', 4, 1) && decode->shape[0] == DECODE_KNOTS + 1
               && encode->shape[0] == ENCODE_KNOTS + 2;
    }
    if (!is_array(decode, 'i', 4, 1) || !is_array(encode, 'B', 1, 1) || decode->shape[0] != LEVELS
        || encode->shape[0] > INT32_MAX / 2) {
        return 0;
    }
    for (Py_ssize_t i = 0; i < LEVELS; i++) {
        const int32_t place = ((const int32_t *)decode->buf)[i];
        if (place < MOST_STEPS || place >= (int32_t)encode->shape[0] - MOST_STEPS) {
            return 0;
        }
    }
    return 1;
}

PyObject *
expose_rows(PyObject *Py_UNUSED(module), PyObject *args)
{
    enum { SOURCE, NODES, ROW_NODE, ROW_WEIGHT, COLUMN_NODE, COLUMN_WEIGHT, DECODE, ENCODE, RESULT, BUFFERS };
    PyObject *object[BUFFERS];
    Py_buffer view[BUFFERS];
    Py_ssize_t top, bottom;
    const Kind *kind = NULL;

    if (!PyArg_ParseTuple(args, "OOOOOOOOOnn", &object[SOURCE], &object[NODES], &object[ROW_NODE], &object[ROW_WEIGHT],
                          &object[COLUMN_NODE], &object[COLUMN_WEIGHT], &object[DECODE], &object[ENCODE],
                          &object[RESULT], &top, &bottom)
        || take_buffers(object, view, BUFFERS, RESULT) < 0) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (is_picture(&view[SOURCE], kinds[i].format, kinds[i].size)
            && is_picture(&view[RESULT], kinds[i].format, kinds[i].size)) {
            kind = &kinds[i];
        }
    }
    const Py_ssize_t *shape = view[SOURCE].shape, *grid = view[NODES].shape;
    if (!kind || memcmp(shape, view[RESULT].shape, 3 * sizeof *shape) != 0 || shape[0] < 1 || shape[1] < 1 || top < 0
        || bottom < top || bottom > shape[0] || !are_nodes(&view[NODES], kind->is_deep)
        || !is_axis(&view[ROW_NODE], &view[ROW_WEIGHT], kind->is_deep, shape[0], grid[0], 0)
        || !is_axis(&view[COLUMN_NODE], &view[COLUMN_WEIGHT], kind->is_deep, shape[1], grid[1], 1)
        || !are_tables(&view[DECODE], &view[ENCODE], kind->is_deep)) {
        PyErr_SetString(PyExc_ValueError, "expose_rows: pictures, nodes, their places and tables do not fit together");
        return release_buffers(view, BUFFERS);
    }
    void *scratch = PyMem_RawMalloc((size_t)(grid[1] + 2 * shape[1]) * 4); /* nodes, exposures and gains of a row */
    if (!scratch) {
        PyErr_NoMemory();
        return release_buffers(view, BUFFERS);
    }
    const Job job = {
        .source = view[SOURCE].buf, .result = view[RESULT].buf,
        .source_row = view[SOURCE].strides[0], .source_pixel = view[SOURCE].strides[1],
        .result_row = view[RESULT].strides[0], .result_pixel = view[RESULT].strides[1],
        .width = shape[1], .channels = shape[2], .nodes_down = grid[0], .nodes_across = grid[1],
        .nodes = view[NODES].buf, .row_node = view[ROW_NODE].buf, .column_node = view[COLUMN_NODE].buf,
        .row_weight = view[ROW_WEIGHT].buf, .column_weight = view[COLUMN_WEIGHT].buf,
        .decode = view[DECODE].buf, .encode = view[ENCODE].buf,
    };
    Py_BEGIN_ALLOW_THREADS
    kind->expose(&job, top, bottom, scratch);
    Py_END_ALLOW_THREADS
    PyMem_RawFree(scratch);
    return release_buffers(view, BUFFERS);
}
