/* Means over boxes of whole pixels: pielight.ops.thumbnail. */

#include "_loop.h"

#include <string.h>

#define WIDEST_PIXEL 4 /* items from a pixel to the next: whole rows are read, gaps included */

/* Sums of up to MOST rows fit into ACC; SUM holds those of a whole box. */
#define DEFINE_SHRINK(NAME, TYPE, ACC, SUM, MOST, SCALE)                                                               \
    WIDE static void NAME(const Py_buffer *source, float *result, const int32_t *rows, const int32_t *columns,         \
                     Py_ssize_t across, Py_ssize_t top, Py_ssize_t bottom, void *scratch)                              \
    {                                                                                                                  \
        const Py_ssize_t width = source->shape[1], channels = source->shape[2];                                        \
        const Py_ssize_t step = source->strides[1] / (Py_ssize_t)sizeof(TYPE), values = width * step;                  \
        ACC *restrict line = scratch;                                                                                  \
        SUM *restrict box = (SUM *)((char *)scratch + (values * sizeof(ACC) + 15) / 16 * 16);                          \
        for (Py_ssize_t j = top; j < bottom; j++) {                                                                    \
            memset(box, 0, (size_t)(across * channels) * sizeof *box);                                                 \
            for (Py_ssize_t y = rows[j]; y < rows[j + 1];) {                                                           \
                const Py_ssize_t end = rows[j + 1] - y > (MOST) ? y + (MOST) : rows[j + 1];                            \
                memset(line, 0, (size_t)values * sizeof *line);                                                        \
                for (; y < end; y++) {                                                                                 \
                    const TYPE *restrict in = (const TYPE *)((const char *)source->buf + y * source->strides[0]);      \
                    for (Py_ssize_t x = 0; x < values - step + channels; x++) {                                        \
                        line[x] = (ACC)(line[x] + in[x]);                                                              \
                    }                                                                                                  \
                }                                                                                                      \
                for (Py_ssize_t i = 0; i < across; i++) {                                                              \
                    for (Py_ssize_t c = 0; c < channels; c++) {                                                        \
                        SUM sum = 0;                                                                                   \
                        for (const ACC *at = line + columns[i] * step + c; at < line + columns[i + 1] * step; at += step) {\
                            sum += *at;                                                                                \
                        }                                                                                              \
                        box[i * channels + c] += sum;                                                                  \
                    }                                                                                                  \
                }                                                                                                      \
            }                                                                                                          \
            for (Py_ssize_t i = 0; i < across; i++) {                                                                  \
                const double count = (double)(rows[j + 1] - rows[j]) * (double)(columns[i + 1] - columns[i]);          \
                for (Py_ssize_t c = 0; c < channels; c++) {                                                            \
                    result[(j * across + i) * channels + c] = (float)((double)box[i * channels + c] / count / (SCALE));\
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

DEFINE_SHRINK(shrink_8_bits, uint8_t, uint16_t, uint64_t, 256, 255.0)
DEFINE_SHRINK(shrink_16_bits, uint16_t, uint32_t, uint64_t, 65536, 65535.0)
DEFINE_SHRINK(shrink_floats, float, double, double, PY_SSIZE_T_MAX, 1.0)

enum { KINDS = 3 };
static const char formats[KINDS] = {'B', 'H', 'f'};
static const Py_ssize_t sizes[KINDS] = {1, 2, 4};

/* Whether a buffer holds the rising edges, from 0 to `end`, of boxes that are not empty. */
static int
is_edges(const Py_buffer *buffer, Py_ssize_t end)
{
    if (!is_array(buffer, 'i', 4, 1) || buffer->shape[0] < 2) {
        return 0;
    }
    const int32_t *edge = buffer->buf;
    for (Py_ssize_t i = 1; i < buffer->shape[0]; i++) {
        if (edge[i] <= edge[i - 1]) {
            return 0;
        }
    }
    return edge[0] == 0 && edge[buffer->shape[0] - 1] == end;
}

PyObject *
shrink(PyObject *Py_UNUSED(module), PyObject *args)
{
    enum { SOURCE, ROWS, COLUMNS, RESULT, BUFFERS };
    PyObject *object[BUFFERS];
    Py_buffer view[BUFFERS];
    Py_ssize_t top, bottom;
    int kind = 0;

    if (!PyArg_ParseTuple(args, "OOOOnn", &object[0], &object[1], &object[2], &object[3], &top, &bottom)
        || take_buffers(object, view, BUFFERS, RESULT) < 0) {
        return NULL;
    }
    while (kind < KINDS && !is_picture(&view[SOURCE], formats[kind], sizes[kind])) {
        kind++;
    }
    const Py_ssize_t *shape = view[SOURCE].shape, *small = view[RESULT].shape;
    if (kind == KINDS || view[SOURCE].strides[1] < shape[2] * sizes[kind]
        || view[SOURCE].strides[1] > WIDEST_PIXEL * sizes[kind]
        || !is_array(&view[RESULT], 'f', 4, 3)
        || !is_edges(&view[ROWS], shape[0]) || !is_edges(&view[COLUMNS], shape[1])
        || view[ROWS].shape[0] != small[0] + 1 || view[COLUMNS].shape[0] != small[1] + 1 || small[2] != shape[2]
        || top < 0 || bottom < top || bottom > small[0]) {
        PyErr_SetString(PyExc_ValueError, "shrink: picture, edges and result do not fit together");
        return release_buffers(view, BUFFERS);
    }
    const Py_ssize_t values = view[SOURCE].strides[1] / sizes[kind] * shape[1];
    void *scratch = PyMem_RawMalloc((size_t)values * sizeof(double) + 16 + (size_t)(small[1] * small[2]) * sizeof(double));
    if (!scratch) {
        PyErr_NoMemory();
        return release_buffers(view, BUFFERS);
    }
    const int32_t *rows = view[ROWS].buf, *columns = view[COLUMNS].buf;
    Py_BEGIN_ALLOW_THREADS
    if (kind == 0) {
        shrink_8_bits(&view[SOURCE], view[RESULT].buf, rows, columns, small[1], top, bottom, scratch);
    }
    else if (kind == 1) {
        shrink_16_bits(&view[SOURCE], view[RESULT].buf, rows, columns, small[1], top, bottom, scratch);
    }
    else {
        shrink_floats(&view[SOURCE], view[RESULT].buf, rows, columns, small[1], top, bottom, scratch);
    }
    Py_END_ALLOW_THREADS
    PyMem_RawFree(scratch);
    return release_buffers(view, BUFFERS);
}
