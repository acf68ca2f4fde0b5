/*
 * float(text) and int(text), as builtin functions are often mapped over text, for plain decimal digits; all else is left
 * to Python. A decimal of at most 15 digits is a quotient of two exact doubles, so that
 * one correctly rounded division gives the double nearest to it (Clinger, How to Read Floating Point Numbers Accurately,
 * 1990), which is what Python's own conversion gives.
 */
#define PY_SSIZE_T_CLEAN
#include <float.h>
#include <stdint.h>

#include "_native_numbers.h"

enum { MOST_FLOAT_DIGITS = 15, MOST_INT_DIGITS = 18 };

static const double POWERS_OF_TEN[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* The characters of an exact str of ASCII alone, else NULL. */
static inline const unsigned char *
ascii_of(PyObject *text, Py_ssize_t *length)
{
    if (!PyUnicode_CheckExact(text) || !PyUnicode_IS_COMPACT_ASCII(text))
        return NULL;
    *length = PyUnicode_GET_LENGTH(text);
    return PyUnicode_1BYTE_DATA(text);
}

#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD == 0
static PyObject *
short_float(PyObject *text)
{
    Py_ssize_t length, at = 0, digits = 0, point = -1;
    const unsigned char *chars = ascii_of(text, &length);
    uint64_t number = 0;
    double value;
    int negative;
    if (chars == NULL || length == 0)
        return NULL;
    negative = chars[0] == '-';
    at = negative || chars[0] == '+';
    for (; at < length; at++) {
        unsigned digit = chars[at] - (unsigned)'0';
        if (digit <= 9) {
            number = number * 10 + digit;
            if (++digits > MOST_FLOAT_DIGITS)
                return NULL;
        }
        else if (chars[at] == '.' && point < 0)
            point = digits;
        else
            return NULL;
    }
    if (digits == 0)
        return NULL;
    value = (double)number / POWERS_OF_TEN[point < 0 ? 0 : digits - point];
    return PyFloat_FromDouble(negative ? -value : value);
}
#endif

static PyObject *
short_int(PyObject *text)
{
    Py_ssize_t length, at;
    const unsigned char *chars = ascii_of(text, &length);
    long long number = 0;
    int negative;
    if (chars == NULL || length == 0)
        return NULL;
    negative = chars[0] == '-';
    at = negative || chars[0] == '+';
    if (length == at || length - at > MOST_INT_DIGITS)
        return NULL;
    for (; at < length; at++) {
        unsigned digit = chars[at] - (unsigned)'0';
        if (digit > 9)
            return NULL;
        number = number * 10 + digit;
    }
    return PyLong_FromLongLong(negative ? -number : number);
}

WeftShortCut
weft_short_cut(PyObject *function)
{
#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD == 0
    if (function == (PyObject *)&PyFloat_Type)
        return short_float;
#endif
    return function == (PyObject *)&PyLong_Type ? short_int : NULL;
}
