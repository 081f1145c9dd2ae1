/* Exposures laid over planes of luma and chroma: pielight.ops.yuv_exposure. Each block of pixels that share a sample of
   chroma gets one exposure, and with it one table from R'G'B' to R'G'B', in steps of an eighth of a level. */

#include "_nodes.h"

#include <string.h>

#define NODE_BITS 13   /* as in _exposure.c: nodes hold EV * 2^13 */
#define STEP_BITS 6    /* one table every 2^-6 EV */
#define IN_BITS 14     /* of the factors from luma and chroma to places of a table */
#define OUT_BITS 15    /* of the factors from results to luma and chroma */

enum { OF_LUMA, RED_V, GREEN_U, GREEN_V, BLUE_U, BLACK_IN, IN_FACTORS };
enum { Y_RED, Y_GREEN, Y_BLUE, U_RED, U_GREEN, U_BLUE, V_RED, V_GREEN, V_BLUE, BLACK_OUT, OUT_FACTORS };

typedef struct {
    const char *plane[3];
    char *result[3];
    Py_ssize_t stride[3], result_stride[3]; /* of rows, in bytes */
    Py_ssize_t width, height, columns, knots;
    int wide, tall; /* whether a sample of chroma covers two columns, two rows */
    int32_t neutral, white; /* of chroma; the largest value */
    int32_t first;  /* the exposure of the first table, in steps */
    Py_ssize_t tables;
    NodeGrid grid; /* of exposures, over the samples of chroma */
    const int32_t *in, *out;
    const uint16_t *table;
} Job;

typedef struct {
    int32_t *row;    /* nodes */
    int32_t *steps;  /* of each block */
    int32_t *red, *green, *blue; /* what chroma adds, of each pixel */
    uint16_t *place; /* three rows of places, and then of results */
    int32_t *sum;    /* three rows of sums over the blocks */
    int32_t *sample; /* three rows of what chroma adds, of each block */
} Scratch;

WIDE static void
steps_of_row(const NodeGrid *grid, Py_ssize_t block, int32_t *restrict row, int32_t *restrict steps)
{
    blend_nodes(grid, block, row);
    place_among_nodes(grid, row, WEIGHT_BITS + NODE_BITS - STEP_BITS, steps);
}

WIDE static void
sum_of_row(const uint16_t *restrict value, int32_t *restrict sum, Py_ssize_t columns, Py_ssize_t width, int wide)
{
    if (!wide) {
        for (Py_ssize_t x = 0; x < columns; x++) {
            sum[x] += value[x];
        }
        return;
    }
    for (Py_ssize_t x = 0; x < width / 2; x++) {
        sum[x] += value[2 * x] + value[2 * x + 1];
    }
    if (width & 1) {
        sum[columns - 1] += 2 * value[width - 1];
    }
}

static void
look_up(const Job *job, const int32_t *restrict steps, uint16_t *restrict place)
{
    uint16_t *restrict red = place, *restrict green = red + job->width, *restrict blue = green + job->width;
    const Py_ssize_t pairs = job->wide ? job->width / 2 : 0;
    for (Py_ssize_t block = 0; block < pairs; block++) {
        const uint16_t *table = job->table + (steps[block] - job->first) * job->knots;
        const Py_ssize_t x = 2 * block;
        const uint16_t r0 = table[red[x]], r1 = table[red[x + 1]], g0 = table[green[x]], g1 = table[green[x + 1]];
        const uint16_t b0 = table[blue[x]], b1 = table[blue[x + 1]];
        red[x] = r0;
        red[x + 1] = r1;
        green[x] = g0;
        green[x + 1] = g1;
        blue[x] = b0;
        blue[x + 1] = b1;
    }
    for (Py_ssize_t x = 2 * pairs; x < job->width; x++) {
        const uint16_t *table = job->table + (steps[x >> job->wide] - job->first) * job->knots;
        red[x] = table[red[x]];
        green[x] = table[green[x]];
        blue[x] = table[blue[x]];
    }
}

/* Repeat a row of samples for the pixels of each block. */
WIDE static void
spread(const int32_t *restrict sample, int32_t *restrict pixel, Py_ssize_t columns, int wide)
{
    if (!wide) {
        memcpy(pixel, sample, (size_t)columns * sizeof *pixel);
        return;
    }
    for (Py_ssize_t x = 0; x < columns; x++) {
        pixel[2 * x] = sample[x];
        pixel[2 * x + 1] = sample[x];
    }
}

#define DEFINE(TYPE, NAME)                                                                                             \
    WIDE static void offsets_##NAME(const Job *job, const TYPE *restrict u, const TYPE *restrict v,                    \
                                    int32_t *restrict red, int32_t *restrict green, int32_t *restrict blue)           \
    {                                                                                                                  \
        const int32_t neutral = job->neutral, rest = job->in[BLACK_IN] + (1 << (IN_BITS - 1));                         \
        const int32_t red_v = job->in[RED_V], green_u = job->in[GREEN_U], green_v = job->in[GREEN_V], blue_u = job->in[BLUE_U];         \
        for (Py_ssize_t x = 0; x < job->columns; x++) {                                                                \
            const int32_t du = u[x] - neutral, dv = v[x] - neutral;                                                    \
            red[x] = red_v * dv + rest;                                                                                   \
            green[x] = green_u * du + green_v * dv + rest;                                                                       \
            blue[x] = blue_u * du + rest;                                                                                  \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    static void spread_##NAME(const Job *job, const TYPE *u, const TYPE *v, Scratch s)                                 \
    {                                                                                                                  \
        const Py_ssize_t columns = job->columns;                                                                       \
        offsets_##NAME(job, u, v, s.sample, s.sample + columns, s.sample + 2 * columns);                               \
        spread(s.sample, s.red, columns, job->wide);                                                                   \
        spread(s.sample + columns, s.green, columns, job->wide);                                                       \
        spread(s.sample + 2 * columns, s.blue, columns, job->wide);                                                    \
    }                                                                                                                  \
                                                                                                                       \
    WIDE static void places_##NAME(const TYPE *restrict luma, const int32_t *restrict offset,                          \
                                   uint16_t *restrict place, Py_ssize_t width, int32_t factor, int32_t most)           \
    {                                                                                                                  \
        for (Py_ssize_t x = 0; x < width; x++) {                                                                       \
            int32_t at = (luma[x] * factor + offset[x]) >> IN_BITS;                                                    \
            at = at < 0 ? 0 : at;                                                                                      \
            place[x] = (uint16_t)(at > most ? most : at);                                                              \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    WIDE static void lumas_##NAME(const Job *job, const uint16_t *restrict place, TYPE *restrict luma)                 \
    {                                                                                                                  \
        const uint16_t *red = place, *green = red + job->width, *blue = green + job->width;                            \
        const int32_t r = job->out[Y_RED], g = job->out[Y_GREEN], b = job->out[Y_BLUE];                                \
        const int32_t black = job->out[BLACK_OUT] + (1 << (OUT_BITS - 1));                                             \
        for (Py_ssize_t x = 0; x < job->width; x++) {                                                                  \
            luma[x] = (TYPE)((red[x] * r + green[x] * g + blue[x] * b + black) >> OUT_BITS);                           \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    WIDE static void chromas_##NAME(const Job *job, const int32_t *restrict sum, TYPE *restrict chroma,                \
                                    const int32_t *factor)                                                             \
    {                                                                                                                  \
        const int32_t *red = sum, *green = red + job->columns, *blue = green + job->columns, most = job->white;        \
        const int shift = OUT_BITS + job->wide + job->tall;                                                            \
        const int32_t r = factor[0], g = factor[1], b = factor[2], middle = (job->neutral << shift) + (1 << (shift - 1)); \
        for (Py_ssize_t x = 0; x < job->columns; x++) {                                                                \
            int32_t value = (red[x] * r + green[x] * g + blue[x] * b + middle) >> shift;                               \
            value = value < 0 ? 0 : value;                                                                             \
            chroma[x] = (TYPE)(value > most ? most : value);                                                           \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    static void expose_##NAME(const Job *job, Py_ssize_t top, Py_ssize_t bottom, Scratch s)                            \
    {                                                                                                                  \
        const Py_ssize_t width = job->width, columns = job->columns;                                                   \
        for (Py_ssize_t block = top; block < bottom; block++) {                                                        \
            const TYPE *u = (const TYPE *)(job->plane[1] + block * job->stride[1]);                                    \
            const TYPE *v = (const TYPE *)(job->plane[2] + block * job->stride[2]);                                    \
            TYPE *new_u = (TYPE *)(job->result[1] + block * job->result_stride[1]);                                    \
            TYPE *new_v = (TYPE *)(job->result[2] + block * job->result_stride[2]);                                    \
            steps_of_row(&job->grid, block, s.row, s.steps);                                                            \
            Py_ssize_t same = 0; /* blocks that stay as they are, to the bit */                                        \
            for (Py_ssize_t x = 0; x < columns; x++) {                                                                 \
                same += s.steps[x] == 0;                                                                               \
            }                                                                                                          \
            spread_##NAME(job, u, v, s);                                                                               \
            memset(s.sum, 0, 3 * (size_t)columns * sizeof *s.sum);                                                     \
            for (int part = 0; part <= job->tall; part++) {                                                            \
                const Py_ssize_t line = (block << job->tall) + part, at = line < job->height ? line : job->height - 1; \
                const TYPE *luma = (const TYPE *)(job->plane[0] + at * job->stride[0]);                                \
                TYPE *new_luma = (TYPE *)(job->result[0] + at * job->result_stride[0]);                                \
                const int32_t most = (int32_t)job->knots - 1;                                                          \
                if (line == at) {                                                                                      \
                    places_##NAME(luma, s.red, s.place, width, job->in[OF_LUMA], most);                                \
                    places_##NAME(luma, s.green, s.place + width, width, job->in[OF_LUMA], most);                      \
                    places_##NAME(luma, s.blue, s.place + 2 * width, width, job->in[OF_LUMA], most);                   \
                    look_up(job, s.steps, s.place);                                                                    \
                }                                                                                                      \
                for (int c = 0; c < 3; c++) {                                                                          \
                    sum_of_row(s.place + c * width, s.sum + c * columns, columns, width, job->wide);                   \
                }                                                                                                      \
                if (line != at) {                                                                                      \
                    continue;                                                                                          \
                }                                                                                                      \
                if (same == 0) {                                                                                       \
                    lumas_##NAME(job, s.place, new_luma);                                                              \
                    continue;                                                                                          \
                }                                                                                                      \
                TYPE *kept = (TYPE *)s.red; /* chroma's offsets are read again only by the block's other row */        \
                memcpy(kept, luma, (size_t)width * sizeof *kept);                                                      \
                lumas_##NAME(job, s.place, new_luma);                                                                  \
                for (Py_ssize_t x = 0; x < width; x++) {                                                               \
                    new_luma[x] = s.steps[x >> job->wide] == 0 ? kept[x] : new_luma[x];                                \
                }                                                                                                      \
                if (part < job->tall) {                                                                                \
                    spread_##NAME(job, u, v, s);                                                                       \
                }                                                                                                      \
            }                                                                                                          \
            TYPE *kept_u = (TYPE *)s.red, *kept_v = (TYPE *)s.green;                                                   \
            memcpy(kept_u, u, (size_t)columns * sizeof *u);                                                            \
            memcpy(kept_v, v, (size_t)columns * sizeof *v);                                                            \
            chromas_##NAME(job, s.sum, new_u, job->out + U_RED);                                                       \
            chromas_##NAME(job, s.sum, new_v, job->out + V_RED);                                                       \
            for (Py_ssize_t x = 0; same && x < columns; x++) {                                                         \
                new_u[x] = s.steps[x] == 0 ? kept_u[x] : new_u[x];                                                     \
                new_v[x] = s.steps[x] == 0 ? kept_v[x] : new_v[x];                                                     \
            }                                                                                                          \
        }                                                                                                              \
    }

DEFINE(uint8_t, 8_bits)
DEFINE(uint16_t, 16_bits)

/* Write a row of places as pixels. */
#define DEFINE_PIXELS(TYPE, NAME)                                                                                      \
    WIDE static void NAME(const uint16_t *restrict place, TYPE *restrict pixel, Py_ssize_t width, float scale)         \
    {                                                                                                                  \
        const uint16_t *red = place, *green = red + width, *blue = green + width;                                      \
        for (Py_ssize_t x = 0; x < width; x++) {                                                                       \
            pixel[3 * x] = (TYPE)((float)red[x] * scale + 0.5f);                                                       \
            pixel[3 * x + 1] = (TYPE)((float)green[x] * scale + 0.5f);                                                 \
            pixel[3 * x + 2] = (TYPE)((float)blue[x] * scale + 0.5f);                                                  \
        }                                                                                                              \
    }

DEFINE_PIXELS(uint8_t, pixels_8_bits)
DEFINE_PIXELS(uint16_t, pixels_16_bits)

static void
decode(const Job *job, char *result, Py_ssize_t result_row, Py_ssize_t top, Py_ssize_t bottom, int is_deep, Scratch s)
{
    const int32_t most = (int32_t)job->knots - 1, factor = job->in[OF_LUMA];
    const Py_ssize_t width = job->width;
    for (Py_ssize_t y = top; y < bottom; y++) {
        const char *luma = job->plane[0] + y * job->stride[0];
        const char *u = job->plane[1] + (y >> job->tall) * job->stride[1], *v = job->plane[2] + (y >> job->tall) * job->stride[2];
        int32_t *offset[3] = {s.red, s.green, s.blue};
        if (is_deep) {
            spread_16_bits(job, (const uint16_t *)u, (const uint16_t *)v, s);
        }
        else {
            spread_8_bits(job, (const uint8_t *)u, (const uint8_t *)v, s);
        }
        for (int c = 0; c < 3; c++) {
            if (is_deep) {
                places_16_bits((const uint16_t *)luma, offset[c], s.place + c * width, width, factor, most);
            }
            else {
                places_8_bits((const uint8_t *)luma, offset[c], s.place + c * width, width, factor, most);
            }
        }
        if (is_deep) {
            pixels_16_bits(s.place, (uint16_t *)(result + y * result_row), width, 65535.0f / (float)most);
        }
        else {
            pixels_8_bits(s.place, (uint8_t *)(result + y * result_row), width, 255.0f / (float)most);
        }
    }
}

/* Whether every exposure that weights of nodes can make has its table. */
static int
are_nodes(const Py_buffer *nodes, int32_t first, Py_ssize_t tables)
{
    if (!is_array(nodes, 'i', 4, 2) || nodes->shape[0] < 1 || nodes->shape[1] < 1) {
        return 0;
    }
    const int shift = NODE_BITS - STEP_BITS;
    for (Py_ssize_t i = 0; i < nodes->shape[0] * nodes->shape[1]; i++) {
        const int32_t value = ((const int32_t *)nodes->buf)[i];
        if (value < -(48 << NODE_BITS) || value > 48 << NODE_BITS || (value >> shift) - 1 < first
            || (value >> shift) + 2 >= first + tables) {
            return 0;
        }
    }
    return first <= 0 && first + tables > 0; /* weights may sum to less than 1 */
}

static int32_t *
allocate(Py_ssize_t nodes, Py_ssize_t width, Py_ssize_t columns, Scratch *scratch)
{
    const size_t across = (size_t)nodes, c = (size_t)columns;
    int32_t *memory = PyMem_RawMalloc((across + 13 * c) * sizeof(int32_t) + 3 * (size_t)width * sizeof(uint16_t));
    if (memory) {
        scratch->row = memory;
        scratch->steps = memory + across;
        scratch->red = scratch->steps + c;
        scratch->green = scratch->red + 2 * c; /* a pixel more than the width, if that is odd */
        scratch->blue = scratch->green + 2 * c;
        scratch->sum = scratch->blue + 2 * c;
        scratch->sample = scratch->sum + 3 * c;
        scratch->place = (uint16_t *)(scratch->sample + 3 * c);
    }
    return memory;
}

/* Whether three planes are of one type, and the second and third of a layout of chroma. */
static int
are_planes(const Py_buffer *plane)
{
    for (int i = 0; i < 3; i++) {
        if (!is_plane(&plane[i]) || plane[i].itemsize != plane[0].itemsize) {
            return 0;
        }
    }
    const Py_ssize_t *luma = plane[0].shape, *u = plane[1].shape;
    for (int side = 0; side < 2; side++) {
        if (luma[side] < 1 || u[side] != plane[2].shape[side]
            || (u[side] != luma[side] && u[side] != (luma[side] + 1) / 2)) {
            return 0;
        }
    }
    return 1;
}

PyObject *
expose_yuv_rows(PyObject *Py_UNUSED(module), PyObject *args)
{
    enum { Y, U, V, NODES, ROW_NODE, ROW_WEIGHT, COLUMN_NODE, COLUMN_WEIGHT, TABLE, IN, OUT, NEW_Y, NEW_U, NEW_V, BUFFERS };
    PyObject *object[BUFFERS];
    Py_buffer view[BUFFERS];
    int first, white;
    Py_ssize_t top, bottom;

    if (!PyArg_ParseTuple(args, "OOOOOOOOOiOOiOOOnn", &object[Y], &object[U], &object[V], &object[NODES],
                          &object[ROW_NODE], &object[ROW_WEIGHT], &object[COLUMN_NODE], &object[COLUMN_WEIGHT],
                          &object[TABLE], &first, &object[IN], &object[OUT], &white, &object[NEW_Y], &object[NEW_U],
                          &object[NEW_V], &top, &bottom)
        || take_buffers(object, view, BUFFERS, NEW_Y) < 0) {
        return NULL;
    }
    int fits = is_array(&view[TABLE], 'H', 2, 2) && is_array(&view[IN], 'i', 4, 1) && is_array(&view[OUT], 'i', 4, 1)
               && view[IN].shape[0] == IN_FACTORS && view[OUT].shape[0] == OUT_FACTORS && are_planes(&view[Y])
               && are_planes(&view[NEW_Y]) && view[NEW_Y].itemsize == view[Y].itemsize;
    for (int i = 0; fits && i < 3; i++) {
        fits = memcmp(view[Y + i].shape, view[NEW_Y + i].shape, 2 * sizeof(Py_ssize_t)) == 0;
    }
    const Py_ssize_t height = fits ? view[Y].shape[0] : 0, width = fits ? view[Y].shape[1] : 0;
    const Py_ssize_t rows = fits ? view[U].shape[0] : 0, columns = fits ? view[U].shape[1] : 0;
    const int wide = columns != width, tall = rows != height;
    if (!fits || top < 0
        || bottom < top || bottom > rows || white < 1 || white > 65535
        || !are_nodes(&view[NODES], first, view[TABLE].shape[0]) || view[TABLE].shape[1] < 1
        || view[TABLE].shape[1] > 65536
        || !is_integer_axis(&view[ROW_NODE], &view[ROW_WEIGHT], rows, view[NODES].shape[0], 0)
        || !is_integer_axis(&view[COLUMN_NODE], &view[COLUMN_WEIGHT], columns, view[NODES].shape[1], 1)) {
        PyErr_SetString(PyExc_ValueError, "expose_yuv_rows: planes, nodes, their places and tables do not fit together");
        return release_buffers(view, BUFFERS);
    }
    Scratch scratch;
    int32_t *memory = allocate(view[NODES].shape[1], width, columns, &scratch);
    if (!memory) {
        PyErr_NoMemory();
        return release_buffers(view, BUFFERS);
    }
    Job job = {
        .width = width, .height = height, .columns = columns, .knots = view[TABLE].shape[1], .wide = wide,
        .tall = tall, .neutral = (white + 1) / 2, .white = white, .first = first, .tables = view[TABLE].shape[0],
        .grid = {
            .columns = columns, .nodes_down = view[NODES].shape[0], .nodes_across = view[NODES].shape[1],
            .nodes = view[NODES].buf, .row_node = view[ROW_NODE].buf, .row_weight = view[ROW_WEIGHT].buf,
            .column_node = view[COLUMN_NODE].buf, .column_weight = view[COLUMN_WEIGHT].buf,
        },
        .in = view[IN].buf, .out = view[OUT].buf, .table = view[TABLE].buf,
    };
    for (int i = 0; i < 3; i++) {
        job.plane[i] = view[Y + i].buf;
        job.stride[i] = view[Y + i].strides[0];
        job.result[i] = view[NEW_Y + i].buf;
        job.result_stride[i] = view[NEW_Y + i].strides[0];
    }
    Py_BEGIN_ALLOW_THREADS
    if (view[Y].itemsize == 1) {
        expose_8_bits(&job, top, bottom, scratch);
    }
    else {
        expose_16_bits(&job, top, bottom, scratch);
    }
    Py_END_ALLOW_THREADS
    PyMem_RawFree(memory);
    return release_buffers(view, BUFFERS);
}

PyObject *
decode_yuv_rows(PyObject *Py_UNUSED(module), PyObject *args)
{
    enum { Y, U, V, IN, RESULT, BUFFERS };
    PyObject *object[BUFFERS];
    Py_buffer view[BUFFERS];
    int white, most;
    Py_ssize_t top, bottom;

    if (!PyArg_ParseTuple(args, "OOOOiiOnn", &object[Y], &object[U], &object[V], &object[IN], &white, &most,
                          &object[RESULT], &top, &bottom)
        || take_buffers(object, view, BUFFERS, RESULT) < 0) {
        return NULL;
    }
    const Py_ssize_t size = view[Y].itemsize;
    if (!are_planes(&view[Y]) || !is_array(&view[IN], 'i', 4, 1) || view[IN].shape[0] != IN_FACTORS
        || !is_array(&view[RESULT], size == 1 ? 'B' : 'H', size, 3) || view[RESULT].shape[2] != 3
        || memcmp(view[Y].shape, view[RESULT].shape, 2 * sizeof(Py_ssize_t)) != 0 || white < 1 || white > 65535
        || most < 1 || most > 65535 || top < 0 || bottom < top || bottom > view[Y].shape[0]) {
        PyErr_SetString(PyExc_ValueError, "decode_yuv_rows: planes and picture do not fit together");
        return release_buffers(view, BUFFERS);
    }
    const Py_ssize_t width = view[Y].shape[1], columns = view[U].shape[1];
    Scratch scratch;
    int32_t *memory = allocate(0, width, columns, &scratch);
    if (!memory) {
        PyErr_NoMemory();
        return release_buffers(view, BUFFERS);
    }
    Job job = {
        .width = width, .height = view[Y].shape[0], .columns = columns, .knots = most + 1, .wide = columns != width,
        .tall = view[U].shape[0] != view[Y].shape[0], .neutral = (white + 1) / 2, .in = view[IN].buf,
    };
    for (int i = 0; i < 3; i++) {
        job.plane[i] = view[Y + i].buf;
        job.stride[i] = view[Y + i].strides[0];
    }
    Py_BEGIN_ALLOW_THREADS
    decode(&job, view[RESULT].buf, view[RESULT].strides[0], top, bottom, size == 2, scratch);
    Py_END_ALLOW_THREADS
    PyMem_RawFree(memory);
    return release_buffers(view, BUFFERS);
}
