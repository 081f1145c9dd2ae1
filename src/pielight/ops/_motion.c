/* Motion from the estimate of one frame to the next, block by block: pielight.ops.motion. Values have 15 bits. */

#include "_loop.h"

#include <math.h>
#include <string.h>

#define BLOCK 16  /* samples along each side of a block that is matched */
#define REFINED 8 /* the same of one whose motion is refined by gradients */
#define STEPS 3   /* of a search around the best displacement, and of the refinement */

typedef struct {
    const uint16_t *frame, *before; /* C-contiguous */
    Py_ssize_t height, width, down, across;
} Pair;

/* ---- Halving ---- */

#define DEFINE_HALVE(TYPE, NAME)                                                                                       \
    WIDE static void NAME(const TYPE *restrict one, const TYPE *restrict other, uint16_t *restrict result,             \
                          Py_ssize_t width, int shift)                                                                 \
    {                                                                                                                  \
        for (Py_ssize_t x = 0; x < width; x++) {                                                                       \
            const uint32_t sum = (uint32_t)one[2 * x] + one[2 * x + 1] + other[2 * x] + other[2 * x + 1];              \
            result[x] = (uint16_t)((sum << shift) >> 2);                                                               \
        }                                                                                                              \
    }

DEFINE_HALVE(uint8_t, halve_8_bits)
DEFINE_HALVE(uint16_t, halve_16_bits)

PyObject *
halve_rows(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *object[2];
    Py_buffer view[2];
    int shift;
    Py_ssize_t top, bottom;

    if (!PyArg_ParseTuple(args, "OiOnn", &object[0], &shift, &object[1], &top, &bottom)
        || take_buffers(object, view, 2, 1) < 0) {
        return NULL;
    }
    if (!is_plane(&view[0]) || !is_array(&view[1], 'H', 2, 2) || view[1].shape[0] != view[0].shape[0] / 2
        || view[1].shape[1] != view[0].shape[1] / 2 || shift < 0 || shift > 7 || top < 0 || bottom < top
        || bottom > view[1].shape[0]) {
        PyErr_SetString(PyExc_ValueError, "halve_rows: planes do not fit together");
        return release_buffers(view, 2);
    }
    Py_BEGIN_ALLOW_THREADS
    const Py_ssize_t width = view[1].shape[1], row = view[0].strides[0];
    for (Py_ssize_t y = top; y < bottom; y++) {
        const char *one = (const char *)view[0].buf + 2 * y * row;
        uint16_t *result = (uint16_t *)view[1].buf + y * width;
        if (view[0].itemsize == 1) {
            halve_8_bits((const uint8_t *)one, (const uint8_t *)(one + row), result, width, shift);
        }
        else {
            halve_16_bits((const uint16_t *)one, (const uint16_t *)(one + row), result, width, shift);
        }
    }
    Py_END_ALLOW_THREADS
    return release_buffers(view, 2);
}

/* ---- Matching ---- */

/* The sum of absolute differences of every second row of two blocks. */
WIDE static int32_t
difference(const uint16_t *restrict one, const uint16_t *restrict other, Py_ssize_t width, Py_ssize_t rows, Py_ssize_t columns)
{
    int32_t sum = 0; /* up to 8 x 16 differences of 15 bits */
    if (columns == BLOCK) {
        for (Py_ssize_t y = 0; y < rows; y += 2) {
            for (int x = 0; x < BLOCK; x++) {
                const int32_t d = (int32_t)one[y * width + x] - other[y * width + x];
                sum += d < 0 ? -d : d;
            }
        }
        return sum;
    }
    for (Py_ssize_t y = 0; y < rows; y += 2) {
        for (Py_ssize_t x = 0; x < columns; x++) {
            const int32_t d = (int32_t)one[y * width + x] - other[y * width + x];
            sum += d < 0 ? -d : d;
        }
    }
    return sum;
}

typedef struct {
    Py_ssize_t top, left, rows, columns, dy, dx;
    int32_t least; /* -1: nothing was tried yet */
} Match;

/* Try a displacement, clamped so that the block stays in the picture; it must be better by a margin. */
static void
try_at(const Pair *pair, Match *match, Py_ssize_t dy, Py_ssize_t dx, int32_t margin)
{
    dy = limited(dy, -match->top, pair->height - match->rows - match->top);
    dx = limited(dx, -match->left, pair->width - match->columns - match->left);
    if (match->least >= 0 && dy == match->dy && dx == match->dx) {
        return;
    }
    const Py_ssize_t at = match->top * pair->width + match->left;
    const int32_t sum = difference(pair->frame + at, pair->before + at + dy * pair->width + dx, pair->width,
                                   match->rows, match->columns);
    if (match->least < 0 || sum + margin < match->least) {
        match->least = sum;
        match->dy = dy;
        match->dx = dx;
    }
}

/* Candidates are what is known of the block and of its neighbors, no motion, and that of the picture. */
static void
match_row(const Pair *pair, const int16_t *known, const int16_t *camera, int32_t noise, int16_t *found, Py_ssize_t row)
{
    static const int around[4][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
    const Py_ssize_t top = row * BLOCK, rows = pair->height - top < BLOCK ? pair->height - top : BLOCK;
    for (Py_ssize_t column = 0; column < pair->across; column++) {
        const Py_ssize_t left = column * BLOCK;
        const Py_ssize_t columns = pair->width - left < BLOCK ? pair->width - left : BLOCK;
        const int32_t margin = (int32_t)((int64_t)noise * ((rows + 1) / 2 * columns) / 32); /* about four deviations */
        const int16_t *here = known + 2 * (row * pair->across + column), *likely = camera + 2 * (row * pair->across + column);
        Match match = {.top = top, .left = left, .rows = rows, .columns = columns, .least = -1};
        try_at(pair, &match, here[0], here[1], 0);
        try_at(pair, &match, 0, 0, 0);
        try_at(pair, &match, likely[0], likely[1], -margin);
        for (int i = 0; i < 4; i++) {
            const Py_ssize_t r = row + around[i][0], c = column + around[i][1];
            if (r >= 0 && r < pair->down && c >= 0 && c < pair->across) {
                const int16_t *other = known + 2 * (r * pair->across + c);
                try_at(pair, &match, other[0], other[1], margin);
            }
        }
        for (int step = 0; step < STEPS; step++) {
            const Py_ssize_t dy = match.dy, dx = match.dx;
            for (int i = 0; i < 4; i++) {
                try_at(pair, &match, dy + around[i][0], dx + around[i][1], margin / 2);
            }
            if (dy == match.dy && dx == match.dx) {
                break;
            }
        }
        found[2 * (row * pair->across + column)] = (int16_t)match.dy;
        found[2 * (row * pair->across + column) + 1] = (int16_t)match.dx;
    }
}

/* Take the frame and what came before as a pair, and a field of vectors of their blocks; 0 if they do not fit. */
static int
is_pair(const Py_buffer *frame, const Py_buffer *before, const Py_buffer *field, Py_ssize_t side, Pair *pair)
{
    if (!is_array(frame, 'H', 2, 2) || !is_array(before, 'H', 2, 2) || frame->shape[0] != before->shape[0]
        || frame->shape[1] != before->shape[1] || frame->shape[0] < 1 || frame->shape[1] < 1
        || frame->shape[0] > 32767 || frame->shape[1] > 32767 || !is_array(field, 'h', 2, 3) || field->shape[2] != 2
        || field->shape[0] != (frame->shape[0] + side - 1) / side || field->shape[1] != (frame->shape[1] + side - 1) / side) {
        return 0;
    }
    *pair = (Pair){frame->buf, before->buf, frame->shape[0], frame->shape[1], field->shape[0], field->shape[1]};
    return 1;
}

PyObject *
match_rows(PyObject *Py_UNUSED(module), PyObject *args)
{
    enum { FRAME, BEFORE, KNOWN, CAMERA, FOUND, BUFFERS };
    PyObject *object[BUFFERS];
    Py_buffer view[BUFFERS];
    Pair pair;
    int noise;
    Py_ssize_t top, bottom;

    if (!PyArg_ParseTuple(args, "OOOOiOnn", &object[FRAME], &object[BEFORE], &object[KNOWN], &object[CAMERA], &noise,
                          &object[FOUND], &top, &bottom)
        || take_buffers(object, view, BUFFERS, FOUND) < 0) {
        return NULL;
    }
    if (!is_pair(&view[FRAME], &view[BEFORE], &view[KNOWN], BLOCK, &pair) || !is_array(&view[FOUND], 'h', 2, 3)
        || memcmp(view[KNOWN].shape, view[FOUND].shape, 3 * sizeof(Py_ssize_t)) != 0 || !is_array(&view[CAMERA], 'h', 2, 3)
        || memcmp(view[KNOWN].shape, view[CAMERA].shape, 3 * sizeof(Py_ssize_t)) != 0 || noise < 0 || noise > 32767 || top < 0 || bottom < top || bottom > pair.down) {
        PyErr_SetString(PyExc_ValueError, "match_rows: planes and vectors do not fit together");
        return release_buffers(view, BUFFERS);
    }
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t row = top; row < bottom; row++) {
        match_row(&pair, view[KNOWN].buf, view[CAMERA].buf, noise, view[FOUND].buf, row);
    }
    Py_END_ALLOW_THREADS
    return release_buffers(view, BUFFERS);
}

/* ---- Refinement ---- */

/* Sums over a block of products of the gradients of what came before and of the difference, in values of 11 bits. */
WIDE static void
sums_of(const uint16_t *restrict now, const uint16_t *restrict then, Py_ssize_t width, Py_ssize_t rows,
        Py_ssize_t columns, int32_t *restrict sum)
{
    int32_t xx = 0, xy = 0, yy = 0, xd = 0, yd = 0, dd = 0;
    for (Py_ssize_t y = 0; y < rows; y++, now += width, then += width) {
        for (Py_ssize_t x = 0; x < columns; x++) {
            const int32_t gx = ((int32_t)then[x + 1] - then[x - 1]) >> 5, gy = ((int32_t)then[x + width] - then[x - width]) >> 5;
            const int32_t d = ((int32_t)now[x] - then[x]) >> 4;
            xx += gx * gx;
            xy += gx * gy;
            yy += gy * gy;
            xd += gx * d;
            yd += gy * d;
            dd += d * d;
        }
    }
    sum[0] = xx;
    sum[1] = xy;
    sum[2] = yy;
    sum[3] = xd;
    sum[4] = yd;
    sum[5] = dd;
}

/* Least squares over the gradients (Lucas and Kanade 1981); how sure it is, is their lesser eigenvalue over the noise. */
static void
refine_row(const Pair *pair, const int16_t *motion, float variance, float *vector, float *sure, Py_ssize_t row)
{
    const Py_ssize_t top = row * REFINED < 1 ? 1 : row * REFINED;
    const Py_ssize_t bottom = row * REFINED + REFINED < pair->height - 1 ? row * REFINED + REFINED : pair->height - 1;
    for (Py_ssize_t column = 0; column < pair->across; column++) {
        const Py_ssize_t index = row * pair->across + column, left = column * REFINED < 1 ? 1 : column * REFINED;
        const Py_ssize_t right = column * REFINED + REFINED < pair->width - 1 ? column * REFINED + REFINED : pair->width - 1;
        Py_ssize_t my = motion[2 * index], mx = motion[2 * index + 1];
        float dy = 0, dx = 0;
        sure[index] = 0;
        for (int step = 0; step < STEPS && top < bottom && left < right; step++) {
            int32_t sum[6];
            my = limited(my, 1 - top, pair->height - 1 - bottom);
            mx = limited(mx, 1 - left, pair->width - 1 - right);
            const Py_ssize_t at = top * pair->width + left;
            sums_of(pair->frame + at, pair->before + at + my * pair->width + mx, pair->width, bottom - top, right - left, sum);
            const float xx = (float)sum[0], xy = (float)sum[1], yy = (float)sum[2];
            const float a = xx + 4 * variance, b = yy + 4 * variance, det = a * b - xy * xy; /* a flat block says nothing */
            dx = (b * (float)sum[3] - xy * (float)sum[4]) / det;
            dy = (a * (float)sum[4] - xy * (float)sum[3]) / det;
            const float left_over = ((float)sum[5] - dx * (float)sum[3] - dy * (float)sum[4]) / (float)((bottom - top) * (right - left));
            sure[index] = 0.5f * (xx + yy - sqrtf((xx - yy) * (xx - yy) + 4 * xy * xy)) / (left_over > variance ? left_over : variance);
            dy = dy < -1.0f ? -1.0f : dy > 1.0f ? 1.0f : dy;
            dx = dx < -1.0f ? -1.0f : dx > 1.0f ? 1.0f : dx;
            const int whole_y = (dy > 0.5f) - (dy < -0.5f), whole_x = (dx > 0.5f) - (dx < -0.5f);
            if (step == STEPS - 1 || (!whole_y && !whole_x)) {
                break;
            }
            my += whole_y;
            mx += whole_x;
        }
        vector[2 * index] = (float)my + dy;
        vector[2 * index + 1] = (float)mx + dx;
    }
}

PyObject *
refine_rows(PyObject *Py_UNUSED(module), PyObject *args)
{
    enum { FRAME, BEFORE, MOTION, VECTOR, SURE, BUFFERS };
    PyObject *object[BUFFERS];
    Py_buffer view[BUFFERS];
    Pair pair;
    float variance;
    Py_ssize_t top, bottom;

    if (!PyArg_ParseTuple(args, "OOOfOOnn", &object[FRAME], &object[BEFORE], &object[MOTION], &variance,
                          &object[VECTOR], &object[SURE], &top, &bottom)
        || take_buffers(object, view, BUFFERS, VECTOR) < 0) {
        return NULL;
    }
    if (!is_pair(&view[FRAME], &view[BEFORE], &view[MOTION], REFINED, &pair) || !is_array(&view[VECTOR], 'f', 4, 3)
        || memcmp(view[MOTION].shape, view[VECTOR].shape, 3 * sizeof(Py_ssize_t)) != 0 || !is_array(&view[SURE], 'f', 4, 2)
        || memcmp(view[MOTION].shape, view[SURE].shape, 2 * sizeof(Py_ssize_t)) != 0 || !(variance > 0) || top < 0
        || bottom < top || bottom > pair.down) {
        PyErr_SetString(PyExc_ValueError, "refine_rows: planes and vectors do not fit together");
        return release_buffers(view, BUFFERS);
    }
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t row = top; row < bottom; row++) {
        refine_row(&pair, view[MOTION].buf, variance, view[VECTOR].buf, view[SURE].buf, row);
    }
    Py_END_ALLOW_THREADS
    return release_buffers(view, BUFFERS);
}
