/* The compiled loops of pielight.ops: the same arithmetic as their NumPy references, for 8-bit pictures to the bit.
   All release the GIL. */

#include "_loop.h"

static PyMethodDef methods[] = {
    {"enhance_rows", enhance_rows, METH_VARARGS,
     "enhance_rows(source, tables, row_node, row_weight, column_node, column_weight, result, top, bottom): enhance "
     "rows [top, bottom) of a picture; source and result may be the same."},
    {"expose_rows", expose_rows, METH_VARARGS,
     "expose_rows(source, nodes, row_node, row_weight, column_node, column_weight, decode, encode, result, top, "
     "bottom): expose rows [top, bottom) of a picture; source and result may be the same."},
    {"finish_rows", finish_rows, METH_VARARGS,
     "finish_rows(source, levels, to_light, from_light, matrix, toe, result, top, bottom): hold black and balance colors "
     "in rows [top, bottom) of the result."},
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
