/* Curves laid over a picture: pielight.ops.apply. The tables of the three rows of nodes around a row of pixels are
   blended into one row of tables, then every pixel looks itself up in those of its three nearest columns and blends
   what it finds. */

#include "_loop.h"

#include <string.h>

#define TAPS 3
#define LEVELS 256
#define DOWN_BITS 16   /* weights of the rows of nodes */
#define ACROSS_BITS 10 /* weights of the columns */
#define TABLE_BITS 7   /* tables hold 255 * 2^7 * curve */
#define SHIFT (ACROSS_BITS + TABLE_BITS)

/* Knots of deep pictures lie evenly within each octave of the distance from black or white, whichever is nearer: see
   pielight.ops.lut. */
#define NEAR 0.001953125f /* 2^-9 */
#define NEAR_BITS 0x3B000000u
#define SEGMENT_BITS 18 /* 2^5 segments an octave leave 18 bits of the mantissa */
#define SEGMENTS 512
#define KNOTS (SEGMENTS + 1)

typedef struct {
    const char *source;
    char *result;
    Py_ssize_t source_row, source_pixel, result_row, result_pixel; /* strides in bytes */
    Py_ssize_t width, channels, nodes_down, nodes_across, first_node, last_node;
    const void *tables;
    const int32_t *row_node, *column_node;
    const void *row_weight, *column_weight; /* TAPS a pixel: integers for 8 bits, floats for the others */
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

static void
blend_levels(const Job *job, Py_ssize_t y, uint16_t *row)
{
    const Py_ssize_t node_size = job->channels * LEVELS, row_size = job->nodes_across * node_size;
    const uint16_t *tables = job->tables, *weight = (const uint16_t *)job->row_weight + TAPS * y;
    const Py_ssize_t node = job->row_node[y];
    const uint16_t *a = tables + clamped(node - 1, job->nodes_down) * row_size;
    const uint16_t *b = tables + node * row_size;
    const uint16_t *c = tables + clamped(node + 1, job->nodes_down) * row_size;
    const uint16_t wa = weight[0], wb = weight[1], wc = weight[2];

    for (Py_ssize_t i = job->first_node * node_size; i < (job->last_node + 1) * node_size; i++) {
        const uint16_t from_a = (uint16_t)(((uint32_t)a[i] * wa) >> DOWN_BITS);
        const uint16_t from_b = (uint16_t)(((uint32_t)b[i] * wb) >> DOWN_BITS);
        const uint16_t from_c = (uint16_t)(((uint32_t)c[i] * wc) >> DOWN_BITS);
        row[i] = (uint16_t)(from_a + from_b + from_c + 1); /* 1: the mean of what the three shifts cut off */
    }
}

/* `channels` and `step`, where given, are constants at the places of call, so that each gets its own unrolled loop. */
static inline void
look_up_levels(const Job *job, Py_ssize_t y, const uint16_t *row, const Py_ssize_t channels, const Py_ssize_t step_in,
               const Py_ssize_t step_out)
{
    const Py_ssize_t node_size = channels * LEVELS;
    const uint8_t *in = (const uint8_t *)job->source + y * job->source_row;
    uint8_t *out = (uint8_t *)job->result + y * job->result_row;
    const uint16_t *weight = job->column_weight;

    for (Py_ssize_t x = 0; x < job->width;) {
        const Py_ssize_t node = job->column_node[x], end = end_of_cell(job, x);
        const uint16_t *left = row + clamped(node - 1, job->nodes_across) * node_size;
        const uint16_t *middle = row + node * node_size;
        const uint16_t *right = row + clamped(node + 1, job->nodes_across) * node_size;
        for (; x < end; x++, weight += TAPS, in += step_in, out += step_out) {
            const uint32_t wl = weight[0], wm = weight[1], wr = weight[2];
            for (Py_ssize_t c = 0; c < channels; c++) {
                const Py_ssize_t at = c * LEVELS + in[c];
                const uint32_t sum = wl * left[at] + wm * middle[at] + wr * right[at];
                out[c] = (uint8_t)((sum + (1u << (SHIFT - 1))) >> SHIFT);
            }
        }
    }
}

static void
enhance_8_bits(const Job *job, Py_ssize_t top, Py_ssize_t bottom, void *scratch)
{
    for (Py_ssize_t y = top; y < bottom; y++) {
        blend_levels(job, y, scratch);
        if (job->channels == 1) {
            look_up_levels(job, y, scratch, 1, job->source_pixel, job->result_pixel);
        }
        else if (job->source_pixel == 3 && job->result_pixel == 3) {
            look_up_levels(job, y, scratch, 3, 3, 3);
        }
        else {
            look_up_levels(job, y, scratch, 3, job->source_pixel, job->result_pixel);
        }
    }
}

/* ---- 16 bits and floats ---- */

static void
blend_knots(const Job *job, Py_ssize_t y, float *row)
{
    const Py_ssize_t node_size = job->channels * KNOTS, row_size = job->nodes_across * node_size;
    const float *tables = job->tables, *weight = (const float *)job->row_weight + TAPS * y;
    const Py_ssize_t node = job->row_node[y];
    const float *a = tables + clamped(node - 1, job->nodes_down) * row_size;
    const float *b = tables + node * row_size;
    const float *c = tables + clamped(node + 1, job->nodes_down) * row_size;
    const float wa = weight[0], wb = weight[1], wc = weight[2];

    for (Py_ssize_t i = job->first_node * node_size; i < (job->last_node + 1) * node_size; i++) {
        row[i] = wa * a[i] + wb * b[i] + wc * c[i];
    }
}

static inline float
enhanced(float x, const float *left, const float *middle, const float *right, const float *weight)
{
    x = x > 0.0f ? x : 0.0f; /* also of NaN: whatever a pixel holds, no index leaves the tables */
    x = x < 1.0f ? x : 1.0f;
    const int bright = x > 0.5f;
    const float y = (bright ? 1.0f - x : x) * (1.0f - 2.0f * NEAR) + NEAR;
    uint32_t bits;
    memcpy(&bits, &y, sizeof bits);
    bits -= NEAR_BITS;
    uint32_t at = bits >> SEGMENT_BITS;
    float part = (float)(int32_t)(bits & ((1u << SEGMENT_BITS) - 1)) * (1.0f / (1 << SEGMENT_BITS));
    at = bright ? SEGMENTS - 1 - at : at;
    part = bright ? 1.0f - part : part;
    const float low = weight[0] * left[at] + weight[1] * middle[at] + weight[2] * right[at];
    const float high = weight[0] * left[at + 1] + weight[1] * middle[at + 1] + weight[2] * right[at + 1];
    const float result = low + part * (high - low);
    return result < 0.0f ? 0.0f : result > 1.0f ? 1.0f : result; /* rounding only */
}

#define DEFINE_DEEP(NAME, TYPE, FROM, TO)                                                                              \
    static void NAME(const Job *job, Py_ssize_t top, Py_ssize_t bottom, void *scratch)                                 \
    {                                                                                                                  \
        const Py_ssize_t node_size = job->channels * KNOTS;                                                            \
        for (Py_ssize_t y = top; y < bottom; y++) {                                                                    \
            const char *in = job->source + y * job->source_row;                                                        \
            char *out = job->result + y * job->result_row;                                                             \
            const float *row = scratch, *weight = job->column_weight;                                                  \
            blend_knots(job, y, scratch);                                                                              \
            for (Py_ssize_t x = 0; x < job->width;) {                                                                  \
                const Py_ssize_t node = job->column_node[x], end = end_of_cell(job, x);                                \
                const float *left = row + clamped(node - 1, job->nodes_across) * node_size;                            \
                const float *middle = row + node * node_size;                                                          \
                const float *right = row + clamped(node + 1, job->nodes_across) * node_size;                           \
                for (; x < end; x++, weight += TAPS, in += job->source_pixel, out += job->result_pixel) {              \
                    for (Py_ssize_t c = 0; c < job->channels; c++) {                                                   \
                        const Py_ssize_t k = c * KNOTS;                                                                \
                        const float value = FROM(((const TYPE *)in)[c]);                                               \
                        ((TYPE *)out)[c] = TO(enhanced(value, left + k, middle + k, right + k, weight));               \
                    }                                                                                                  \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

#define FROM_16_BITS(value) ((float)(value) * (1.0f / 65535.0f))
#define TO_16_BITS(value) ((uint16_t)((value) * 65535.0f + 0.5f))
DEFINE_DEEP(enhance_16_bits, uint16_t, FROM_16_BITS, TO_16_BITS)
DEFINE_DEEP(enhance_floats, float, , )

typedef struct {
    char format;
    Py_ssize_t size;
    char table_format, weight_format;
    Py_ssize_t table_size, entries;
    void (*enhance)(const Job *, Py_ssize_t, Py_ssize_t, void *);
} Kind;

static const Kind kinds[] = {
    {'B', 1, 'H', 'H', sizeof(uint16_t), LEVELS, enhance_8_bits},
    {'H', 2, 'f', 'f', sizeof(float), KNOTS, enhance_16_bits},
    {'f', 4, 'f', 'f', sizeof(float), KNOTS, enhance_floats},
};

static int
is_axis(const Py_buffer *node, const Py_buffer *weight, const Kind *kind, Py_ssize_t pixels, Py_ssize_t nodes)
{
    const Py_ssize_t size = kind->weight_format == 'H' ? 2 : 4;
    if (!is_array(node, 'i', 4, 1) || !is_array(weight, kind->weight_format, size, 2) || node->shape[0] != pixels
        || weight->shape[0] != pixels || weight->shape[1] != TAPS) {
        return 0;
    }
    for (Py_ssize_t i = 0; i < pixels; i++) {
        const int32_t at = ((const int32_t *)node->buf)[i];
        if (at < 0 || at >= nodes || (i && at < ((const int32_t *)node->buf)[i - 1])) {
            return 0;
        }
    }
    return 1;
}

PyObject *
enhance_rows(PyObject *Py_UNUSED(module), PyObject *args)
{
    enum { SOURCE, TABLES, ROW_NODE, ROW_WEIGHT, COLUMN_NODE, COLUMN_WEIGHT, RESULT, BUFFERS };
    PyObject *object[BUFFERS];
    Py_buffer view[BUFFERS];
    Py_ssize_t top, bottom;
    const Kind *kind = NULL;

    if (!PyArg_ParseTuple(args, "OOOOOOOnn", &object[0], &object[1], &object[2], &object[3], &object[4], &object[5],
                          &object[6], &top, &bottom)
        || take_buffers(object, view, BUFFERS, RESULT) < 0) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (is_picture(&view[SOURCE], kinds[i].format, kinds[i].size) && is_picture(&view[RESULT], kinds[i].format, kinds[i].size)) {
            kind = &kinds[i];
        }
    }
    const Py_ssize_t *shape = view[SOURCE].shape, *grid = view[TABLES].shape;
    if (!kind || !is_array(&view[TABLES], kind->table_format, kind->table_size, 4)
        || memcmp(shape, view[RESULT].shape, 3 * sizeof *shape) != 0 || shape[0] < 1 || shape[1] < 1 || grid[0] < 1
        || grid[1] < 1 || grid[2] != shape[2] || grid[3] != kind->entries || top < 0 || bottom < top
        || bottom > shape[0] || !is_axis(&view[ROW_NODE], &view[ROW_WEIGHT], kind, shape[0], grid[0])
        || !is_axis(&view[COLUMN_NODE], &view[COLUMN_WEIGHT], kind, shape[1], grid[1])) {
        PyErr_SetString(PyExc_ValueError, "enhance_rows: pictures, tables and node places do not fit together");
        return release_buffers(view, BUFFERS);
    }
    void *scratch = PyMem_RawMalloc((size_t)(grid[1] * grid[2] * grid[3] * kind->table_size));
    if (!scratch) {
        PyErr_NoMemory();
        return release_buffers(view, BUFFERS);
    }
    const int32_t *column_node = view[COLUMN_NODE].buf;
    const Job job = {
        .source = view[SOURCE].buf, .result = view[RESULT].buf,
        .source_row = view[SOURCE].strides[0], .source_pixel = view[SOURCE].strides[1],
        .result_row = view[RESULT].strides[0], .result_pixel = view[RESULT].strides[1],
        .width = shape[1], .channels = shape[2], .nodes_down = grid[0], .nodes_across = grid[1],
        .first_node = clamped(column_node[0] - 1, grid[1]),
        .last_node = clamped(column_node[shape[1] - 1] + 1, grid[1]),
        .tables = view[TABLES].buf, .row_node = view[ROW_NODE].buf, .column_node = column_node,
        .row_weight = view[ROW_WEIGHT].buf, .column_weight = view[COLUMN_WEIGHT].buf,
    };
    Py_BEGIN_ALLOW_THREADS
    kind->enhance(&job, top, bottom, scratch);
    Py_END_ALLOW_THREADS
    PyMem_RawFree(scratch);
    return release_buffers(view, BUFFERS);
}
