/* The 8-bit inner loop of pielight.curves.apply: the same integer arithmetic as its NumPy reference, to the bit.

   Every pixel reads the tables of its four nearest nodes at its own level and blends them with 8-bit weights:
   out = (w00 t00 + w01 t01 + w10 t10 + w11 t11 + half) >> 23, where the weights sum to 2^16 and the tables hold
   255 * 2^7 * curve. The sum stays below 2^31, so 32 bits hold it. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

#define LEVELS 256
#define ONE 256u  /* weight of a whole node along one axis */
#define SHIFT 23

typedef struct {
    const uint8_t *source;
    uint8_t *result;
    const uint16_t *tables;
    const int32_t *row_first, *column_first;
    const uint16_t *row_weight, *column_weight;
    Py_ssize_t width, nodes_down, nodes_across;
} Job;

/* `channels` is a constant at both places of call, so that each gets its own unrolled loop. */
static inline void
enhance_row(const Job *job, Py_ssize_t y, const Py_ssize_t channels)
{
    const Py_ssize_t node_size = channels * LEVELS;
    const Py_ssize_t row_size = job->nodes_across * node_size;
    const Py_ssize_t above = job->row_first[y];
    const Py_ssize_t below = above + 1 < job->nodes_down ? above + 1 : above;
    const uint32_t down = job->row_weight[y];
    const uint16_t *upper = job->tables + above * row_size;
    const uint16_t *lower = job->tables + below * row_size;
    const uint8_t *in = job->source + y * job->width * channels;
    uint8_t *out = job->result + y * job->width * channels;

    for (Py_ssize_t x = 0; x < job->width; x++) {
        const Py_ssize_t left = job->column_first[x];
        const Py_ssize_t right = left + 1 < job->nodes_across ? left + 1 : left;
        const uint32_t across = job->column_weight[x];
        const uint32_t w00 = (ONE - down) * (ONE - across), w01 = (ONE - down) * across;
        const uint32_t w10 = down * (ONE - across), w11 = down * across;
        const uint16_t *t00 = upper + left * node_size, *t01 = upper + right * node_size;
        const uint16_t *t10 = lower + left * node_size, *t11 = lower + right * node_size;
        for (Py_ssize_t c = 0; c < channels; c++) {
            const Py_ssize_t at = c * LEVELS + in[c];
            const uint32_t sum = w00 * t00[at] + w01 * t01[at] + w10 * t10[at] + w11 * t11[at];
            out[c] = (uint8_t)((sum + (1u << (SHIFT - 1))) >> SHIFT);
        }
        in += channels;
        out += channels;
    }
}

/* Whether a buffer holds exactly `count` aligned items of `size` bytes. */
static int
holds(const Py_buffer *buffer, Py_ssize_t count, Py_ssize_t size)
{
    return buffer->len / size == count && buffer->len % size == 0 && (uintptr_t)buffer->buf % (size_t)size == 0;
}

static int
axis_is_valid(const int32_t *first, const uint16_t *weight, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t nodes)
{
    for (Py_ssize_t i = begin; i < end; i++) {
        if (first[i] < 0 || first[i] >= nodes || weight[i] > ONE) {
            return 0;
        }
    }
    return 1;
}

/* Product of positive sizes, or -1 if one is not positive or the product does not fit. */
static Py_ssize_t
product(const Py_ssize_t *sizes, int count)
{
    Py_ssize_t total = 1;
    for (int i = 0; i < count; i++) {
        if (sizes[i] <= 0 || total > PY_SSIZE_T_MAX / sizes[i]) {
            return -1;
        }
        total *= sizes[i];
    }
    return total;
}

static PyObject *
enhance_rows(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer source, result, tables, row_first, row_weight, column_first, column_weight;
    Py_ssize_t shape[3], grid[4], top, bottom;
    int valid = 0;

    if (!PyArg_ParseTuple(args, "y*w*(nnn)y*(nnnn)y*y*y*y*nn", &source, &result, &shape[0], &shape[1], &shape[2],
                          &tables, &grid[0], &grid[1], &grid[2], &grid[3], &row_first, &row_weight, &column_first,
                          &column_weight, &top, &bottom)) {
        return NULL;
    }
    const Py_ssize_t height = shape[0], width = shape[1], channels = shape[2];
    const Py_ssize_t values = product(shape, 3), entries = product(grid, 4);
    if (values > 0 && entries > 0 && (channels == 1 || channels == 3) && grid[2] == channels && grid[3] == LEVELS
        && holds(&source, values, 1) && holds(&result, values, 1) && holds(&tables, entries, 2)
        && holds(&row_first, height, 4) && holds(&row_weight, height, 2) && holds(&column_first, width, 4)
        && holds(&column_weight, width, 2) && 0 <= top && top <= bottom && bottom <= height
        && axis_is_valid(row_first.buf, row_weight.buf, top, bottom, grid[0])
        && axis_is_valid(column_first.buf, column_weight.buf, 0, width, grid[1])) {
        const Job job = {
            .source = source.buf, .result = result.buf, .tables = tables.buf,
            .row_first = row_first.buf, .row_weight = row_weight.buf,
            .column_first = column_first.buf, .column_weight = column_weight.buf,
            .width = width, .nodes_down = grid[0], .nodes_across = grid[1],
        };
        valid = 1;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t y = top; y < bottom; y++) {
            if (channels == 3) {
                enhance_row(&job, y, 3);
            }
            else {
                enhance_row(&job, y, 1);
            }
        }
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&source);
    PyBuffer_Release(&result);
    PyBuffer_Release(&tables);
    PyBuffer_Release(&row_first);
    PyBuffer_Release(&row_weight);
    PyBuffer_Release(&column_first);
    PyBuffer_Release(&column_weight);
    if (!valid) {
        PyErr_SetString(PyExc_ValueError, "enhance_rows: sizes, rows or node places do not fit together");
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"enhance_rows", enhance_rows, METH_VARARGS,
     "enhance_rows(source, result, shape, tables, grid, row_first, row_weight, column_first, column_weight, top, "
     "bottom): enhance rows [top, bottom) of a C-contiguous uint8 picture; releases the GIL."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_loop", "The compiled 8-bit loop of pielight.curves.apply.", -1, methods,
};

PyMODINIT_FUNC
PyInit__loop(void)
{
    return PyModule_Create(&module);
}
