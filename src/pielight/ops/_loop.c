/* The compiled loops of pielight.ops: the same arithmetic as their NumPy references, for 8-bit pictures to the bit.
   All release the GIL. */

#include "_loop.h"

static PyMethodDef methods[] = {
    {"blend_rows", blend_rows, METH_VARARGS,
     "blend_rows(frame, shift, predicted, weights, tall, wide, estimate, result, top, bottom): blend rows [top, bottom) "
     "of a plane with its prediction."},
    {"compare_rows", compare_rows, METH_VARARGS,
     "compare_rows(frame, shift, predicted, cells, top, bottom): what rows [top, bottom) of cells differ by."},
    {"decode_yuv_rows", decode_yuv_rows, METH_VARARGS,
     "decode_yuv_rows(y, u, v, to_places, white, most, result, top, bottom): rows [top, bottom) of the picture."},
    {"enhance_rows", enhance_rows, METH_VARARGS,
     "enhance_rows(source, tables, row_node, row_weight, column_node, column_weight, result, top, bottom): enhance "
     "rows [top, bottom) of a picture; source and result may be the same."},
    {"expose_rows", expose_rows, METH_VARARGS,
     "expose_rows(source, nodes, row_node, row_weight, column_node, column_weight, decode, encode, result, top, "
     "bottom): expose rows [top, bottom) of a picture; source and result may be the same."},
    {"expose_yuv_rows", expose_yuv_rows, METH_VARARGS,
     "expose_yuv_rows(y, u, v, nodes, row_node, row_weight, column_node, column_weight, tables, first, to_places, "
     "from_results, white, new_y, new_u, new_v, top, bottom): expose rows [top, bottom) of chroma and their luma."},
    {"fade_rows", fade_rows, METH_VARARGS,
     "fade_rows(shares, row_node, row_weight, column_node, column_weight, luma, values, top, bottom): fade the color of "
     "rows [top, bottom) of a plane of chroma, or of a picture, in their own memory."},
    {"finish_rows", finish_rows, METH_VARARGS,
     "finish_rows(source, levels, to_light, from_light, matrix, toe, result, top, bottom): hold black and balance colors "
     "in rows [top, bottom) of the result."},
    {"halve_rows", halve_rows, METH_VARARGS,
     "halve_rows(plane, shift, result, top, bottom): rows [top, bottom) of means of 2 x 2 values."},
    {"match_rows", match_rows, METH_VARARGS,
     "match_rows(frame, before, known, camera, noise, found, top, bottom): vectors of rows [top, bottom) of blocks."},
    {"predict_rows", predict_rows, METH_VARARGS,
     "predict_rows(before, vectors, weights, tall, wide, result, top, bottom): rows [top, bottom) of blocks, displaced."},
    {"refine_rows", refine_rows, METH_VARARGS,
     "refine_rows(frame, before, motion, variance, vectors, sure, top, bottom): fractions of rows [top, bottom) of blocks."},
    {"shrink", shrink, METH_VARARGS,
     "shrink(source, row_edges, column_edges, result, top, bottom): rows [top, bottom) of the means over boxes."},
    {"tabulate", tabulate, METH_VARARGS,
     "tabulate(x, alphas, result, strength, spared): curves with alphas (N, curves) at x (n), as apply_tone."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_loop", "The compiled loop of pielight.ops.apply.", -1, methods,
};

PyMODINIT_FUNC
PyInit__loop(void)
{
    return PyModule_Create(&module);
}
