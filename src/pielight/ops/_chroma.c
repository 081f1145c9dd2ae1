/* Chroma faded by a map of shares: pielight.ops.chroma_fade. */

#include "_nodes.h"

#define WHOLE ((1 << WEIGHT_BITS) - 4) /* from here on a share is 1: weights of nodes are rounded */
#define LUMA_BITS 14

/* The share of each column in a row, with as many bits as weights; returns whether one is below 1. */
WIDE static int
shares_of_row(const NodeGrid *grid, Py_ssize_t y, int32_t *restrict row, int32_t *restrict share)
{
    int32_t least = 1 << WEIGHT_BITS;
    blend_nodes(grid, y, row);
    for (Py_ssize_t i = 0; i < grid->nodes_across; i++) {
        least = row[i] < least ? row[i] : least;
    }
    if (least >= WHOLE + 2) {
        return 0;
    }
    place_among_nodes(grid, row, WEIGHT_BITS, share);
    for (Py_ssize_t x = 0; x < grid->columns; x++) {
        share[x] = share[x] >= WHOLE ? 1 << WEIGHT_BITS : share[x];
    }
    return 1;
}

#define DEFINE(TYPE, NAME)                                                                                             \
    WIDE static void fade_plane_##NAME(TYPE *restrict chroma, const int32_t *restrict share, Py_ssize_t columns,       \
                                       int32_t neutral)                                                                \
    {                                                                                                                  \
        for (Py_ssize_t x = 0; x < columns; x++) {                                                                     \
            chroma[x] = (TYPE)(neutral + (((chroma[x] - neutral) * share[x] + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS)); \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    WIDE static void fade_pixels_##NAME(TYPE *restrict pixel, const int32_t *restrict share, Py_ssize_t columns,       \
                                        const int32_t *weight)                                                         \
    {                                                                                                                  \
        const int32_t a = weight[0], b = weight[1], c = weight[2], half = 1 << (WEIGHT_BITS - 1);                      \
        for (Py_ssize_t x = 0; x < columns; x++) {                                                                     \
            const int32_t first = pixel[3 * x], second = pixel[3 * x + 1], third = pixel[3 * x + 2];                   \
            const int32_t luma = (first * a + second * b + third * c + (1 << (LUMA_BITS - 1))) >> LUMA_BITS;           \
            pixel[3 * x] = (TYPE)(luma + (((first - luma) * share[x] + half) >> WEIGHT_BITS));                         \
            pixel[3 * x + 1] = (TYPE)(luma + (((second - luma) * share[x] + half) >> WEIGHT_BITS));                    \
            pixel[3 * x + 2] = (TYPE)(luma + (((third - luma) * share[x] + half) >> WEIGHT_BITS));                     \
        }                                                                                                              \
    }

DEFINE(uint8_t, 8_bits)
DEFINE(uint16_t, 16_bits)

static int
are_shares(const Py_buffer *nodes)
{
    if (!is_array(nodes, 'i', 4, 2) || nodes->shape[0] < 1 || nodes->shape[1] < 1) {
        return 0;
    }
    for (Py_ssize_t i = 0; i < nodes->shape[0] * nodes->shape[1]; i++) {
        const int32_t value = ((const int32_t *)nodes->buf)[i];
        if (value < 0 || value > 1 << WEIGHT_BITS) {
            return 0;
        }
    }
    return 1;
}

static void
fade_row(char *at, const int32_t *share, Py_ssize_t columns, int is_deep, int is_picture, const int32_t *luma)
{
    if (is_picture && is_deep) {
        fade_pixels_16_bits((uint16_t *)at, share, columns, luma);
    }
    else if (is_picture) {
        fade_pixels_8_bits((uint8_t *)at, share, columns, luma);
    }
    else if (is_deep) {
        fade_plane_16_bits((uint16_t *)at, share, columns, luma[0]);
    }
    else {
        fade_plane_8_bits((uint8_t *)at, share, columns, luma[0]);
    }
}

PyObject *
fade_rows(PyObject *Py_UNUSED(module), PyObject *args)
{
    enum { NODES, ROW_NODE, ROW_WEIGHT, COLUMN_NODE, COLUMN_WEIGHT, LUMA, VALUES, BUFFERS };
    PyObject *object[BUFFERS];
    Py_buffer view[BUFFERS];
    Py_ssize_t top, bottom;

    if (!PyArg_ParseTuple(args, "OOOOOOOnn", &object[NODES], &object[ROW_NODE], &object[ROW_WEIGHT],
                          &object[COLUMN_NODE], &object[COLUMN_WEIGHT], &object[LUMA], &object[VALUES], &top, &bottom)
        || take_buffers(object, view, BUFFERS, VALUES) < 0) {
        return NULL;
    }
    const Py_buffer *values = &view[VALUES];
    const int is_rgb = values->ndim == 3;
    const Py_ssize_t size = values->itemsize, rows = values->shape[0], columns = values->shape[1];
    const int fits = (is_rgb ? is_picture(values, size == 1 ? 'B' : 'H', size) && values->shape[2] == 3
                                   && values->strides[1] == 3 * size && size <= 2
                             : is_plane(values))
                     && are_shares(&view[NODES]) && is_array(&view[LUMA], 'i', 4, 1)
                     && view[LUMA].shape[0] == (is_rgb ? 3 : 1) && top >= 0 && bottom >= top && bottom <= rows
                     && is_integer_axis(&view[ROW_NODE], &view[ROW_WEIGHT], rows, view[NODES].shape[0], 0)
                     && is_integer_axis(&view[COLUMN_NODE], &view[COLUMN_WEIGHT], columns, view[NODES].shape[1], 1);
    if (!fits) {
        PyErr_SetString(PyExc_ValueError, "fade_rows: values, shares and their places do not fit together");
        return release_buffers(view, BUFFERS);
    }
    const Py_ssize_t across = view[NODES].shape[1];
    int32_t *row = PyMem_RawMalloc((size_t)(across + columns) * sizeof *row);
    if (!row) {
        PyErr_NoMemory();
        return release_buffers(view, BUFFERS);
    }
    const NodeGrid shares = {
        .columns = columns, .nodes_down = view[NODES].shape[0], .nodes_across = across, .nodes = view[NODES].buf,
        .row_node = view[ROW_NODE].buf, .row_weight = view[ROW_WEIGHT].buf, .column_node = view[COLUMN_NODE].buf,
        .column_weight = view[COLUMN_WEIGHT].buf,
    };
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t y = top; y < bottom; y++) {
        if (shares_of_row(&shares, y, row, row + across)) {
            fade_row((char *)values->buf + y * values->strides[0], row + across, columns, size == 2, is_rgb,
                     view[LUMA].buf);
        }
    }
    Py_END_ALLOW_THREADS
    PyMem_RawFree(row);
    return release_buffers(view, BUFFERS);
}
