/* What the compiled loops share: the buffers of NumPy arrays, and what they must be. */

#ifndef PIELIGHT_LOOP_H
#define PIELIGHT_LOOP_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

/* Products and sums are rounded one by one, as NumPy rounds them, also where the processor could join them. */
#ifdef _MSC_VER
#define restrict __restrict
#pragma fp_contract(off)
#endif

/* Built twice where the system can choose at run time: the wider instructions compute the same bits. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

PyObject *blend_rows(PyObject *module, PyObject *args);
PyObject *compare_rows(PyObject *module, PyObject *args);
PyObject *decode_yuv_rows(PyObject *module, PyObject *args);
PyObject *enhance_rows(PyObject *module, PyObject *args);
PyObject *expose_rows(PyObject *module, PyObject *args);
PyObject *expose_yuv_rows(PyObject *module, PyObject *args);
PyObject *fade_rows(PyObject *module, PyObject *args);
PyObject *finish_rows(PyObject *module, PyObject *args);
PyObject *halve_rows(PyObject *module, PyObject *args);
PyObject *match_rows(PyObject *module, PyObject *args);
PyObject *predict_rows(PyObject *module, PyObject *args);
PyObject *refine_rows(PyObject *module, PyObject *args);
PyObject *shrink(PyObject *module, PyObject *args);
PyObject *tabulate(PyObject *module, PyObject *args);

static inline Py_ssize_t
limited(Py_ssize_t value, Py_ssize_t least, Py_ssize_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* The nearest node that there is. */
static inline Py_ssize_t
clamped(Py_ssize_t node, Py_ssize_t nodes)
{
    return limited(node, 0, nodes - 1);
}

/* Whether a buffer is an aligned C-contiguous array of this type with `dimensions` dimensions. */
static inline int
is_array(const Py_buffer *buffer, char format, Py_ssize_t size, int dimensions)
{
    return buffer->ndim == dimensions && buffer->itemsize == size && buffer->format && buffer->format[0] == format
           && buffer->format[1] == '\0' && PyBuffer_IsContiguous(buffer, 'C')
           && (uintptr_t)buffer->buf % (size_t)size == 0;
}

/* Whether a buffer is a picture whose channels lie side by side and whose items are aligned. */
static inline int
is_picture(const Py_buffer *buffer, char format, Py_ssize_t size)
{
    return buffer->ndim == 3 && buffer->itemsize == size && buffer->format && buffer->format[0] == format
           && buffer->format[1] == '\0' && (buffer->shape[2] == 1 || buffer->shape[2] == 3)
           && (buffer->shape[2] == 1 || buffer->strides[2] == size) && buffer->strides[0] % size == 0
           && buffer->strides[1] % size == 0 && (uintptr_t)buffer->buf % (size_t)size == 0;
}

/* Whether a buffer is a plane of 8 or 16 bits whose values lie side by side in each row. */
static inline int
is_plane(const Py_buffer *buffer)
{
    return buffer->ndim == 2 && buffer->format && buffer->format[1] == '\0'
           && ((buffer->itemsize == 1 && buffer->format[0] == 'B') || (buffer->itemsize == 2 && buffer->format[0] == 'H'))
           && (buffer->shape[1] < 2 || buffer->strides[1] == buffer->itemsize) && buffer->strides[0] % buffer->itemsize == 0
           && (uintptr_t)buffer->buf % (size_t)buffer->itemsize == 0;
}

/* Take `count` buffers, those from `writable` on for writing; on failure none is kept. */
static inline int
take_buffers(PyObject *const *object, Py_buffer *view, int count, int writable)
{
    for (int taken = 0; taken < count; taken++) {
        if (PyObject_GetBuffer(object[taken], &view[taken], taken >= writable ? PyBUF_RECORDS : PyBUF_RECORDS_RO) < 0) {
            while (taken > 0) {
                PyBuffer_Release(&view[--taken]);
            }
            return -1;
        }
    }
    return 0;
}

static inline PyObject *
release_buffers(Py_buffer *view, int count)
{
    while (count > 0) {
        PyBuffer_Release(&view[--count]);
    }
    if (PyErr_Occurred()) {
        return NULL;
    }
    Py_RETURN_NONE;
}

#endif
