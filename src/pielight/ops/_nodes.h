/* A coarse map of nodes laid over samples, in integers: pielight.ops.interpolation. */

#ifndef PIELIGHT_NODES_H
#define PIELIGHT_NODES_H

#include "_loop.h"

#define TAPS 3         /* nodes that a sample lies among, along each side */
#define WEIGHT_BITS 12 /* of their weights where these are integers */

/* A map of nodes, and where among them samples lie: is_integer_axis says of what. */
typedef struct {
    Py_ssize_t columns, nodes_down, nodes_across;
    const int32_t *nodes, *row_node, *row_weight, *column_node, *column_weight;
} NodeGrid;

/* Blend the three rows of nodes around row y of samples into one. */
static inline void
blend_nodes(const NodeGrid *grid, Py_ssize_t y, int32_t *restrict row)
{
    const int32_t *weight = grid->row_weight + TAPS * y;
    const Py_ssize_t node = grid->row_node[y], across = grid->nodes_across;
    const int32_t *a = grid->nodes + clamped(node - 1, grid->nodes_down) * across;
    const int32_t *b = grid->nodes + node * across;
    const int32_t *c = grid->nodes + clamped(node + 1, grid->nodes_down) * across;
    const int32_t wa = weight[0], wb = weight[1], wc = weight[2], half = 1 << (WEIGHT_BITS - 1);
    for (Py_ssize_t i = 0; i < across; i++) {
        row[i] = (a[i] * wa + b[i] * wb + c[i] * wc + half) >> WEIGHT_BITS;
    }
}

/* Place the samples of a row among blended nodes; the result has `shift` bits less than node times weight. */
static inline void
place_among_nodes(const NodeGrid *grid, const int32_t *restrict row, int shift, int32_t *restrict sample)
{
    const Py_ssize_t columns = grid->columns, across = grid->nodes_across;
    const int32_t *before = grid->column_weight, *at = before + columns, *after = at + columns;
    for (Py_ssize_t x = 0; x < columns;) {
        const int32_t column = grid->column_node[x];
        const int32_t left = row[clamped(column - 1, across)], middle = row[column];
        const int32_t right = row[clamped(column + 1, across)];
        Py_ssize_t end = x;
        while (end < columns && grid->column_node[end] == column) {
            end++;
        }
        for (; x < end; x++) {
            sample[x] = (left * before[x] + middle * at[x] + right * after[x] + (1 << (shift - 1))) >> shift;
        }
    }
}

/* Whether arrays place samples among nodes: weights of three nodes for each, in units of 2^-12, a row (samples, 3) or,
   across, (3, samples). */
static inline int
is_integer_axis(const Py_buffer *node, const Py_buffer *weight, Py_ssize_t samples, Py_ssize_t nodes, int across)
{
    if (!is_array(node, 'i', 4, 1) || !is_array(weight, 'i', 4, 2) || node->shape[0] != samples
        || weight->shape[across] != samples || weight->shape[!across] != TAPS) {
        return 0;
    }
    const Py_ssize_t step = across ? samples : 1, next = across ? 1 : TAPS;
    const int32_t whole = 1 << WEIGHT_BITS;
    for (Py_ssize_t i = 0; i < samples; i++) {
        const int32_t at = ((const int32_t *)node->buf)[i], *w = (const int32_t *)weight->buf + i * next;
        if (at < 0 || at >= nodes || w[0] < 0 || w[step] < 0 || w[2 * step] < 0 || w[0] > whole || w[step] > whole
            || w[2 * step] > whole || w[0] + w[step] + w[2 * step] > whole) {
            return 0;
        }
    }
    return 1;
}

#endif
