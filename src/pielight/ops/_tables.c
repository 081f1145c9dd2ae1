/* Curves tabulated: pielight.ops.tone.apply_tone of pielight.ops.light_curve.light_curve, for positive strengths. */

#include "_loop.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define BLOCK 64 /* brightness values that stay in the first cache through all iterations */
#define GAIN 40.0f   /* see pielight.ops.tone */
#define BEYOND 1.05f /* 1 and the distance from white at which protection halves what is added */

WIDE static void
tone_block(float *block, const float *alphas, Py_ssize_t stride, Py_ssize_t iterations, float strength, float spared)
{
    float x[BLOCK], once[BLOCK];

    memcpy(x, block, sizeof x);
    for (Py_ssize_t n = 0; n < iterations; n++) {
        const float alpha = alphas[n * stride];
        for (int j = 0; j < BLOCK; j++) {
            block[j] = block[j] + alpha * (block[j] * block[j] - block[j]);
        }
    }
    if (strength < 1.0f) {
        for (int j = 0; j < BLOCK; j++) {
            block[j] = x[j] + strength * (block[j] - x[j]);
        }
    }
    else if (strength > 1.0f) {
        memcpy(once, block, sizeof once);
        for (Py_ssize_t n = 0; n < iterations; n++) {
            const float alpha = alphas[n * stride];
            for (int j = 0; j < BLOCK; j++) {
                block[j] = block[j] + alpha * (block[j] * block[j] - block[j]);
            }
        }
        for (int j = 0; j < BLOCK; j++) {
            block[j] = once[j] + (strength - 1.0f) * (block[j] - once[j]);
        }
    }
    for (int j = 0; j < BLOCK; j++) {
        const float most = GAIN * x[j] > FLT_MIN ? GAIN * x[j] : FLT_MIN;
        float excess = block[j] / most;
        excess = excess * excess;
        excess = excess * excess;
        const float added = block[j] / sqrtf(sqrtf(1.0f + excess)) - x[j];
        const float y = x[j] + (added > 0.0f ? added : 0.0f) * (1.0f - spared / (BEYOND - x[j]));
        block[j] = y < 0.0f ? 0.0f : y > 1.0f ? 1.0f : y;
    }
}

PyObject *
tabulate(PyObject *Py_UNUSED(module), PyObject *args)
{
    enum { X, ALPHAS, RESULT, BUFFERS };
    PyObject *object[BUFFERS];
    Py_buffer view[BUFFERS];
    float strength, spared;

    if (!PyArg_ParseTuple(args, "OOOff", &object[0], &object[1], &object[2], &strength, &spared)
        || take_buffers(object, view, BUFFERS, RESULT) < 0) {
        return NULL;
    }
    if (!is_array(&view[X], 'f', 4, 1) || !is_array(&view[ALPHAS], 'f', 4, 2) || !is_array(&view[RESULT], 'f', 4, 2)
        || view[X].shape[0] != view[RESULT].shape[1] || view[ALPHAS].shape[1] != view[RESULT].shape[0]) {
        PyErr_SetString(PyExc_ValueError, "tabulate: brightness, parameters and result do not fit together");
        return release_buffers(view, BUFFERS);
    }
    const Py_ssize_t curves = view[RESULT].shape[0], entries = view[X].shape[0], iterations = view[ALPHAS].shape[0];
    const float *x = view[X].buf, *alphas = view[ALPHAS].buf;
    float *result = view[RESULT].buf;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t curve = 0; curve < curves; curve++) {
        for (Py_ssize_t i = 0; i < entries; i += BLOCK) {
            const size_t size = (size_t)(entries - i < BLOCK ? entries - i : BLOCK) * sizeof(float);
            float block[BLOCK] = {0};
            memcpy(block, x + i, size);
            tone_block(block, alphas + curve, curves, iterations, strength, spared);
            memcpy(result + curve * entries + i, block, size);
        }
    }
    Py_END_ALLOW_THREADS
    return release_buffers(view, BUFFERS);
}
