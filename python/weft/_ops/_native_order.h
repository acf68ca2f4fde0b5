/* What _native_order.c gives to the module in _native.c. */
#ifndef WEFT_NATIVE_ORDER_H
#define WEFT_NATIVE_ORDER_H

#include <Python.h>

/* sort_columns(columns, reverse): sorts lists by the first of them, stably and in place; False if its keys are of a kind
   that only Python can compare, and then nothing has changed. */
PyObject *weft_sort_columns(PyObject *module, PyObject *args);

#endif
