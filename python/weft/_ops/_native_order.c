/*
 * Sorting columns by their first. Its twin in pure Python is sort_order in merging.py.
 *
 * list.sort follows pointers at each comparison. Here each row has an entry of 16 bytes that begins with 12 bytes of its
 * key, made so that entries compare as unsigned numbers; keys themselves are looked at where those bytes are equal. What
 * is merged are the runs that the rows already have. Keys must all be of one kind: int of 64 bits, float, str, bytes, or
 * tuples whose first elements are of one of these. Others, and NaNs, are left to the caller.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#include "_native_order.h"

typedef struct {
    uint64_t high;
    uint32_t low;
    uint32_t place;
} Entry;

enum { KIND_NONE, KIND_INT, KIND_FLOAT, KIND_BYTES, KIND_NARROW, KIND_WIDE };

typedef struct {
    PyObject **keys;
    int kind;     /* of the keys, or of their first elements */
    int tuples;   /* whether keys are tuples */
    int reverse;
    int failed;   /* a comparison raised */
} Order;

enum { LEAST_RUN = 24, PREFIX_BYTES = 12, WIDE_BITS = 21 };

static int
kind_of(PyObject *key)
{
    if (PyUnicode_CheckExact(key)) {
#if PY_VERSION_HEX < 0x030C0000
        if (PyUnicode_READY(key) < 0) {
            PyErr_Clear();
            return KIND_NONE;
        }
#endif
        return PyUnicode_KIND(key) == PyUnicode_1BYTE_KIND ? KIND_NARROW : KIND_WIDE;
    }
    if (PyLong_CheckExact(key))
        return KIND_INT;
    if (PyFloat_CheckExact(key))
        return PyFloat_AS_DOUBLE(key) == PyFloat_AS_DOUBLE(key) ? KIND_FLOAT : KIND_NONE;
    return PyBytes_CheckExact(key) ? KIND_BYTES : KIND_NONE;
}

/* What the rows are sorted by, as far as all have it in common; KIND_NONE if that is nothing. */
static int
find_kind(Order *order, Py_ssize_t rows)
{
    order->tuples = PyTuple_CheckExact(order->keys[0]);
    order->kind = KIND_NONE;
    for (Py_ssize_t i = 0; i < rows; i++) {
        PyObject *key = order->keys[i];
        int kind;
        if (PyTuple_CheckExact(key) != order->tuples)
            return KIND_NONE;
        if (order->tuples) {
            if (PyTuple_GET_SIZE(key) == 0)
                return KIND_NONE;
            key = PyTuple_GET_ITEM(key, 0);
        }
        kind = kind_of(key);
        if (kind == KIND_NONE)
            return KIND_NONE;
        if (i == 0)
            order->kind = kind;
        else if (kind != order->kind) {
            if (kind + order->kind != KIND_NARROW + KIND_WIDE)
                return KIND_NONE;
            order->kind = KIND_WIDE;
        }
    }
    return order->kind;
}

static inline void
set_prefix(Entry *entry, const unsigned char *bytes, Py_ssize_t length)
{
    unsigned char padded[PREFIX_BYTES] = {0};
    uint64_t high = 0;
    uint32_t low = 0;
    if (length < PREFIX_BYTES) {
        memcpy(padded, bytes, (size_t)length);
        bytes = padded;
    }
    for (int i = 0; i < 8; i++)
        high = high << 8 | bytes[i];
    for (int i = 8; i < PREFIX_BYTES; i++)
        low = low << 8 | bytes[i];
    entry->high = high;
    entry->low = low;
}

static inline void
set_code_points(Entry *entry, PyObject *text)
{
    uint64_t points[4] = {0, 0, 0, 0};
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    for (Py_ssize_t i = 0; i < 4 && i < length; i++)
        points[i] = PyUnicode_READ_CHAR(text, i);
    entry->high = points[0] << (2 * WIDE_BITS) | points[1] << WIDE_BITS | points[2];
    entry->low = (uint32_t)points[3];
}

/* Makes a row's entry; 0 if its key is an int of more than 64 bits. */
static int
make_entry(const Order *order, Entry *entry, Py_ssize_t row)
{
    PyObject *key = order->keys[row];
    int overflow = 0;
    double real;
    if (order->tuples)
        key = PyTuple_GET_ITEM(key, 0);
    entry->place = (uint32_t)row;
    entry->low = 0;
    switch (order->kind) {
    case KIND_INT:
        entry->high = (uint64_t)PyLong_AsLongLongAndOverflow(key, &overflow) ^ UINT64_C(1) << 63;
        break;
    case KIND_FLOAT:
        real = PyFloat_AS_DOUBLE(key) + 0.0; /* of the two zeros, the positive one */
        memcpy(&entry->high, &real, sizeof real);
        entry->high ^= entry->high >> 63 ? UINT64_MAX : UINT64_C(1) << 63;
        break;
    case KIND_BYTES:
        set_prefix(entry, (const unsigned char *)PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key));
        break;
    case KIND_NARROW:
        set_prefix(entry, PyUnicode_1BYTE_DATA(key), PyUnicode_GET_LENGTH(key));
        break;
    default:
        set_code_points(entry, key);
    }
    if (order->reverse) {
        entry->high = ~entry->high;
        entry->low = ~entry->low;
    }
    return !overflow;
}

static int
bytes_less(const void *left, Py_ssize_t left_length, const void *right, Py_ssize_t right_length)
{
    Py_ssize_t common = left_length < right_length ? left_length : right_length;
    int sign = memcmp(left, right, (size_t)common);
    return sign ? sign < 0 : left_length < right_length;
}

enum { UNKNOWN = 2 };

/* Below 0, 0 or 1 as `a` precedes, equals or follows `b`; UNKNOWN if only Python can tell. */
static int
compare_plain(PyObject *a, PyObject *b)
{
    if (a == b)
        return 0;
    if (PyUnicode_CheckExact(a) && PyUnicode_CheckExact(b))
        return PyUnicode_Compare(a, b);
    if (PyLong_CheckExact(a) && PyLong_CheckExact(b)) {
        int overflow_a, overflow_b;
        long long left = PyLong_AsLongLongAndOverflow(a, &overflow_a);
        long long right = PyLong_AsLongLongAndOverflow(b, &overflow_b);
        return overflow_a || overflow_b ? UNKNOWN : (left > right) - (left < right);
    }
    if (PyFloat_CheckExact(a) && PyFloat_CheckExact(b)) {
        double left = PyFloat_AS_DOUBLE(a), right = PyFloat_AS_DOUBLE(b);
        return left < right ? -1 : left > right ? 1 : left == right ? 0 : UNKNOWN;
    }
    return UNKNOWN;
}

/* Whether a tuple precedes another, as their own comparison has it; below 0 with an exception. */
static int
tuple_less(PyObject *a, PyObject *b)
{
    Py_ssize_t size_a = PyTuple_GET_SIZE(a), size_b = PyTuple_GET_SIZE(b);
    for (Py_ssize_t i = 0; i < size_a && i < size_b; i++) {
        PyObject *left = PyTuple_GET_ITEM(a, i), *right = PyTuple_GET_ITEM(b, i);
        int sign = compare_plain(left, right), equal;
        if (sign == UNKNOWN) {
            equal = PyObject_RichCompareBool(left, right, Py_EQ);
            if (equal <= 0)
                return equal < 0 ? -1 : PyObject_RichCompareBool(left, right, Py_LT);
        } else if (sign != 0)
            return sign < 0;
    }
    return size_a < size_b;
}

/* Whether the key of one row precedes that of another whose entry begins alike. */
static int
key_less(Order *order, const Entry *left, const Entry *right)
{
    PyObject *a = order->keys[order->reverse ? right->place : left->place];
    PyObject *b = order->keys[order->reverse ? left->place : right->place];
    int less;
    if (a == b)
        return 0;
    if (order->tuples) {
        if (order->failed)
            return 0;
        less = tuple_less(a, b);
        order->failed |= less < 0;
        return less > 0;
    }
    switch (order->kind) {
    case KIND_BYTES:
        return bytes_less(PyBytes_AS_STRING(a), PyBytes_GET_SIZE(a), PyBytes_AS_STRING(b), PyBytes_GET_SIZE(b));
    case KIND_NARROW:
        return bytes_less(PyUnicode_1BYTE_DATA(a), PyUnicode_GET_LENGTH(a), PyUnicode_1BYTE_DATA(b),
                          PyUnicode_GET_LENGTH(b));
    case KIND_WIDE:
        return PyUnicode_Compare(a, b) < 0;
    default:
        return 0;
    }
}

static inline int
less(Order *order, const Entry *left, const Entry *right)
{
    if (left->high != right->high)
        return left->high < right->high;
    if (left->low != right->low)
        return left->low < right->low;
    return key_less(order, left, right);
}

/* The end of the run that begins at `start`: ascending, made so if it descends strictly, and of LEAST_RUN rows at least. */
static Py_ssize_t
make_run(Order *order, Entry *rows, Py_ssize_t start, Py_ssize_t count)
{
    Py_ssize_t end = start + 1, least = start + LEAST_RUN < count ? start + LEAST_RUN : count;
    if (end < count && less(order, &rows[end], &rows[start])) {
        for (end++; end < count && less(order, &rows[end], &rows[end - 1]); end++)
            ;
        for (Py_ssize_t a = start, b = end - 1; a < b; a++, b--) {
            Entry swapped = rows[a];
            rows[a] = rows[b];
            rows[b] = swapped;
        }
    } else {
        while (end < count && !less(order, &rows[end], &rows[end - 1]))
            end++;
    }
    for (; end < least; end++) {
        Entry moved = rows[end];
        Py_ssize_t at = end;
        for (; at > start && less(order, &moved, &rows[at - 1]); at--)
            rows[at] = rows[at - 1];
        rows[at] = moved;
    }
    return end;
}

static void
merge_two(Order *order, const Entry *left, const Entry *middle, const Entry *end, Entry *to)
{
    const Entry *right = middle;
    if (!less(order, right, middle - 1)) { /* in order already */
        memcpy(to, left, (size_t)(end - left) * sizeof(Entry));
        return;
    }
    while (left < middle && right < end) {
        int later = left->high != right->high ? right->high < left->high : less(order, right, left);
        *to++ = later ? *right : *left;
        right += later;
        left += !later;
    }
    memcpy(to, left, (size_t)(middle - left) * sizeof(Entry));
    memcpy(to + (middle - left), right, (size_t)(end - right) * sizeof(Entry));
}

/* Sorts entries, using as much memory again; returns which of the two holds them then, NULL without memory. */
static Entry *
merge_sort(Order *order, Entry *rows, Entry *other, Py_ssize_t count)
{
    Py_ssize_t runs = 0, *ends = PyMem_Malloc((size_t)(count / LEAST_RUN + 2) * sizeof(Py_ssize_t));
    if (ends == NULL)
        return NULL;
    for (Py_ssize_t start = 0; start < count; start = ends[runs++])
        ends[runs] = make_run(order, rows, start, count);
    while (runs > 1 && !order->failed) {
        Py_ssize_t merged = 0, start = 0;
        Entry *swapped = rows;
        for (Py_ssize_t run = 0; run < runs; run += 2) {
            if (run + 1 < runs)
                merge_two(order, rows + start, rows + ends[run], rows + ends[run + 1], other + start);
            else
                memcpy(other + start, rows + start, (size_t)(ends[run] - start) * sizeof(Entry));
            start = ends[run + 1 < runs ? run + 1 : run];
            ends[merged++] = start;
        }
        runs = merged;
        rows = other;
        other = swapped;
    }
    PyMem_Free(ends);
    return rows;
}

/* Puts the items of a list in the order of the entries. */
static void
permute(PyObject **items, const Entry *rows, PyObject **scratch, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++)
        scratch[i] = items[rows[i].place];
    memcpy(items, scratch, (size_t)count * sizeof(PyObject *));
}

/* The rows of all columns, or -1 with an exception if these are no lists of equal length. */
static Py_ssize_t
rows_of(PyObject *columns)
{
    Py_ssize_t rows = -1;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(columns); i++) {
        PyObject *column = PyList_GET_ITEM(columns, i);
        if (!PyList_CheckExact(column) || (i > 0 && PyList_GET_SIZE(column) != rows)) {
            PyErr_SetString(PyExc_ValueError, "sort_columns needs lists of equal length");
            return -1;
        }
        rows = PyList_GET_SIZE(column);
    }
    if (rows < 0)
        PyErr_SetString(PyExc_ValueError, "sort_columns needs a column");
    return rows;
}

PyObject *
weft_sort_columns(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *columns, *kept = NULL, *result = NULL;
    Order order = {0};
    Entry *first = NULL, *second = NULL, *sorted;
    Py_ssize_t rows;
    int possible;
    if (!PyArg_ParseTuple(args, "O!p:sort_columns", &PyList_Type, &columns, &order.reverse))
        return NULL;
    rows = rows_of(columns);
    if (rows < 0)
        return NULL;
    if (rows < 2)
        Py_RETURN_TRUE;
    order.keys = PySequence_Fast_ITEMS(PyList_GET_ITEM(columns, 0));
    if (rows >= UINT32_MAX || find_kind(&order, rows) == KIND_NONE)
        Py_RETURN_FALSE;
    if (order.tuples) { /* comparing them may run anybody's code */
        kept = PyList_AsTuple(PyList_GET_ITEM(columns, 0));
        if (kept == NULL)
            return NULL;
        order.keys = PySequence_Fast_ITEMS(kept);
    }
    first = PyMem_Malloc((size_t)rows * sizeof(Entry));
    second = PyMem_Malloc((size_t)rows * sizeof(Entry));
    if (first == NULL || second == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    possible = 1;
    for (Py_ssize_t row = 0; row < rows && possible; row++)
        possible = make_entry(&order, &first[row], row);
    if (!possible) {
        result = PyBool_FromLong(0);
        goto done;
    }
    sorted = merge_sort(&order, first, second, rows);
    if (sorted == NULL)
        PyErr_NoMemory();
    if (sorted == NULL || order.failed || rows_of(columns) != rows) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_RuntimeError, "the columns changed while they were sorted");
        goto done;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(columns); i++) {
        PyObject **items = PySequence_Fast_ITEMS(PyList_GET_ITEM(columns, i));
        permute(items, sorted, (PyObject **)(sorted == first ? second : first), rows);
    }
    result = PyBool_FromLong(1);
done:
    Py_XDECREF(kept);
    PyMem_Free(first);
    PyMem_Free(second);
    return result;
}
