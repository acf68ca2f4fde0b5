/* What _native_numbers.c gives to the pipeline in _native.c. */
#ifndef WEFT_NATIVE_NUMBERS_H
#define WEFT_NATIVE_NUMBERS_H

#include <Python.h>

/* Gives what a function returns for an argument; NULL without an exception: the function itself must be called. */
typedef PyObject *(*WeftShortCut)(PyObject *argument);

/* The short cut for a function; NULL: there is none. */
WeftShortCut weft_short_cut(PyObject *function);

#endif
