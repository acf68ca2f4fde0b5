/*
 * The compiled operators of Weft's worker: a fused pipeline, the table that combines pairs, dealing pairs to partitions,
 * exact statistics, counting, numbers out of text (_native_numbers.c), and sorting (_native_order.c). Each has a twin in
 * pure Python with the same interface and the same tests (pipeline.py, tables.py, partition.py, statistics.py,
 * merging.py). Public C API only; any callable is called as Python would call it, but float and int, whose answers for
 * plain digits are the same without a call.
 */
#define PY_SSIZE_T_CLEAN
#define _GNU_SOURCE /* dladdr */
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "_native_numbers.h"
#include "_native_order.h"

#if defined(__GLIBC__)
#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <unistd.h>
#endif

#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)(address))
#endif

/* ---- Pipeline ---------------------------------------------------------------------------------------------------- */

enum { OP_MAP, OP_FLAT_MAP, OP_FILTER, OP_MAP_VALUES, OP_FLAT_MAP_VALUES, OP_KEYS, OP_VALUES };

static const char *const OP_NAMES[] = {"map", "flatMap", "filter", "mapValues", "flatMapValues", "keys", "values", NULL};

/* A sequence or iterator that is being walked. `list` is an exact list or tuple, else NULL and `iter` is used. */
typedef struct {
    PyObject *list;
    PyObject *iter;
    Py_ssize_t at;
} Walk;

typedef struct {
    int op;
    PyObject *function;
    WeftShortCut short_cut; /* of map and mapValues; NULL: the function has none */
    PyObject *record;       /* what the step works on, or last worked on */
    PyObject *key;          /* flatMapValues: key of the pairs that it gives */
    Walk walk;              /* flatMap and flatMapValues: what the function returned */
} Step;

typedef struct {
    PyObject_HEAD
    PyObject *blocks;
    Walk block;
    int in_block;
    Py_ssize_t count;
    Py_ssize_t failed; /* number of the step that raised, or -1 */
    Py_ssize_t open;   /* number of flat steps that are being walked */
    Py_ssize_t *stack; /* their numbers, outermost first */
    Step *steps;
} Pipeline;

static int
walk_start(Walk *walk, PyObject *iterable)
{
    /* Steals `iterable`. */
    walk->at = 0;
    if (PyList_CheckExact(iterable) || PyTuple_CheckExact(iterable)) {
        walk->list = iterable;
        return 0;
    }
    walk->iter = PyObject_GetIter(iterable);
    Py_DECREF(iterable);
    return walk->iter == NULL ? -1 : 0;
}

static void
walk_end(Walk *walk)
{
    Py_CLEAR(walk->list);
    Py_CLEAR(walk->iter);
}

/* A new reference, or NULL at the end or on an error. */
static inline PyObject *
walk_next(Walk *walk)
{
    PyObject *item;
    if (walk->list != NULL) {
        PyObject *list = walk->list;
        if (PyList_CheckExact(list)) {
            if (walk->at >= PyList_GET_SIZE(list))
                return NULL;
            item = PyList_GET_ITEM(list, walk->at++);
        }
        else {
            if (walk->at >= PyTuple_GET_SIZE(list))
                return NULL;
            item = PyTuple_GET_ITEM(list, walk->at++);
        }
        Py_INCREF(item);
        return item;
    }
    item = Py_TYPE(walk->iter)->tp_iternext(walk->iter);
    if (item == NULL && PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_StopIteration))
        PyErr_Clear();
    return item;
}

/* A StopIteration out of a user's function must not look like the end of the data (PEP 479). */
static void
refuse_stop_iteration(void)
{
    PyObject *type, *value, *trace, *type2, *value2, *trace2;
    if (!PyErr_ExceptionMatches(PyExc_StopIteration))
        return;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (trace != NULL)
        PyException_SetTraceback(value, trace);
    PyErr_SetString(PyExc_RuntimeError, "a function given to Weft raised StopIteration");
    PyErr_Fetch(&type2, &value2, &trace2);
    PyErr_NormalizeException(&type2, &value2, &trace2);
    Py_INCREF(value);
    PyException_SetCause(value2, value);
    PyException_SetContext(value2, value); /* steals the fetched reference */
    PyErr_Restore(type2, value2, trace2);
    Py_XDECREF(type);
    Py_XDECREF(trace);
}

static PyObject *
pipeline_source(Pipeline *self)
{
    for (;;) {
        PyObject *item, *block;
        if (self->in_block) {
            item = walk_next(&self->block);
            if (item != NULL || PyErr_Occurred())
                return item;
            walk_end(&self->block);
            self->in_block = 0;
        }
        if (self->blocks == NULL)
            return NULL;
        block = Py_TYPE(self->blocks)->tp_iternext(self->blocks);
        if (block == NULL) {
            if (PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_StopIteration))
                PyErr_Clear();
            return NULL;
        }
        if (walk_start(&self->block, block) < 0)
            return NULL;
        self->in_block = 1;
    }
}

/* Both halves of a pair as borrowed references of `*hold`, a new reference to a tuple or list. */
static int
split_pair(PyObject *pair, PyObject **key, PyObject **value, PyObject **hold)
{
    if (PyTuple_CheckExact(pair) && PyTuple_GET_SIZE(pair) == 2) {
        *key = PyTuple_GET_ITEM(pair, 0);
        *value = PyTuple_GET_ITEM(pair, 1);
        Py_INCREF(pair);
        *hold = pair;
        return 0;
    }
    *hold = PySequence_Fast(pair, "a pair (key, value) is needed here");
    if (*hold == NULL) {
        if (PyErr_ExceptionMatches(PyExc_TypeError))
            PyErr_Format(PyExc_TypeError, "a pair (key, value) is needed here, not %.100s", Py_TYPE(pair)->tp_name);
        return -1;
    }
    if (PySequence_Fast_GET_SIZE(*hold) != 2) {
        PyErr_Format(PyExc_ValueError, "a pair (key, value) is needed here, not %zd elements",
                     PySequence_Fast_GET_SIZE(*hold));
        Py_CLEAR(*hold);
        return -1;
    }
    *key = PySequence_Fast_GET_ITEM(*hold, 0);
    *value = PySequence_Fast_GET_ITEM(*hold, 1);
    return 0;
}

static PyObject *
call_one(PyObject *function, PyObject *argument)
{
    PyObject *arguments[2] = {NULL, argument};
    return PyObject_Vectorcall(function, arguments + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
}

/* What the function of a map or mapValues gives. */
static inline PyObject *
mapped(const Step *step, PyObject *argument)
{
    if (step->short_cut != NULL) {
        PyObject *result = step->short_cut(argument);
        if (result != NULL || PyErr_Occurred())
            return result;
    }
    return call_one(step->function, argument);
}

static PyObject *
item_of(PyObject *pair, Py_ssize_t index)
{
    if (PyTuple_CheckExact(pair) && PyTuple_GET_SIZE(pair) > index) {
        PyObject *item = PyTuple_GET_ITEM(pair, index);
        Py_INCREF(item);
        return item;
    }
    return PySequence_GetItem(pair, index);
}

/* Applies one step to `*record` (owned). 1: go on with *record; 0: nothing to go on with (filtered, or a walk began);
 * -1: an error. */
static int
apply(Pipeline *self, Py_ssize_t number, PyObject **record)
{
    Step *step = &self->steps[number];
    PyObject *result, *half, *given;
    int truth;
    Py_XSETREF(step->record, *record);
    given = step->record;
    *record = NULL;
    switch (step->op) {
    case OP_MAP:
        *record = mapped(step, given);
        return *record == NULL ? -1 : 1;
    case OP_FILTER:
        result = call_one(step->function, given);
        if (result == NULL)
            return -1;
        truth = result == Py_True ? 1 : result == Py_False ? 0 : PyObject_IsTrue(result);
        Py_DECREF(result);
        if (truth > 0) {
            Py_INCREF(given);
            *record = given;
        }
        return truth;
    case OP_FLAT_MAP:
        result = call_one(step->function, given);
        if (result == NULL || walk_start(&step->walk, result) < 0)
            return -1;
        self->stack[self->open++] = number;
        return 0;
    case OP_MAP_VALUES:
    case OP_FLAT_MAP_VALUES:
        half = item_of(given, 1);
        if (half == NULL)
            return -1;
        result = mapped(step, half);
        Py_DECREF(half);
        if (result == NULL)
            return -1;
        half = item_of(given, 0);
        if (half == NULL) {
            Py_DECREF(result);
            return -1;
        }
        if (step->op == OP_MAP_VALUES) {
            *record = PyTuple_New(2);
            if (*record == NULL) {
                Py_DECREF(half);
                Py_DECREF(result);
                return -1;
            }
            PyTuple_SET_ITEM(*record, 0, half);
            PyTuple_SET_ITEM(*record, 1, result);
            return 1;
        }
        Py_XSETREF(step->key, half);
        if (walk_start(&step->walk, result) < 0)
            return -1;
        self->stack[self->open++] = number;
        return 0;
    default:
        *record = item_of(given, step->op == OP_KEYS ? 0 : 1);
        return *record == NULL ? -1 : 1;
    }
}

static PyObject *
pipeline_next(PyObject *object)
{
    Pipeline *self = (Pipeline *)object;
    for (;;) {
        PyObject *record;
        Py_ssize_t number;
        int go_on = 1;
        if (self->open > 0) {
            Step *step;
            number = self->stack[self->open - 1];
            step = &self->steps[number];
            record = walk_next(&step->walk);
            if (record == NULL) {
                if (PyErr_Occurred()) {
                    self->failed = number;
                    return NULL;
                }
                walk_end(&step->walk);
                self->open--;
                continue;
            }
            if (step->op == OP_FLAT_MAP_VALUES) {
                PyObject *pair = PyTuple_New(2);
                if (pair == NULL) {
                    Py_DECREF(record);
                    return NULL;
                }
                Py_INCREF(step->key);
                PyTuple_SET_ITEM(pair, 0, step->key);
                PyTuple_SET_ITEM(pair, 1, record);
                record = pair;
            }
            number++;
        }
        else {
            record = pipeline_source(self);
            if (record == NULL)
                return NULL;
            number = 0;
        }
        for (; number < self->count; number++) {
            go_on = apply(self, number, &record);
            if (go_on < 0) {
                self->failed = number;
                refuse_stop_iteration();
                return NULL;
            }
            if (go_on == 0)
                break;
        }
        if (go_on)
            return record;
    }
}

static PyObject *
pipeline_current(PyObject *object, PyObject *Py_UNUSED(none))
{
    Pipeline *self = (Pipeline *)object;
    if (self->failed < 0 || self->steps[self->failed].record == NULL)
        Py_RETURN_NONE;
    return Py_BuildValue("nO", self->failed, self->steps[self->failed].record);
}

static void
pipeline_dealloc(PyObject *object)
{
    Pipeline *self = (Pipeline *)object;
    PyTypeObject *type = Py_TYPE(object);
    Py_CLEAR(self->blocks);
    walk_end(&self->block);
    for (Py_ssize_t i = 0; i < self->count; i++) {
        Py_CLEAR(self->steps[i].function);
        Py_CLEAR(self->steps[i].record);
        Py_CLEAR(self->steps[i].key);
        walk_end(&self->steps[i].walk);
    }
    PyMem_Free(self->steps);
    PyMem_Free(self->stack);
    type->tp_free(object);
    Py_DECREF(type);
}

static int
step_fill(Step *step, PyObject *spec)
{
    const char *name;
    PyObject *function;
    if (!PyArg_ParseTuple(spec, "sO:step", &name, &function))
        return -1;
    for (step->op = 0; OP_NAMES[step->op] != NULL; step->op++)
        if (strcmp(name, OP_NAMES[step->op]) == 0)
            break;
    if (OP_NAMES[step->op] == NULL) {
        PyErr_Format(PyExc_ValueError, "unknown step %s", name);
        return -1;
    }
    Py_INCREF(function);
    step->function = function;
    if (step->op == OP_MAP || step->op == OP_MAP_VALUES)
        step->short_cut = weft_short_cut(function);
    return 0;
}

static PyObject *
pipeline_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    PyObject *blocks, *specs;
    Pipeline *self;
    if (!PyArg_ParseTuple(args, "OO!:Pipeline", &blocks, &PyTuple_Type, &specs))
        return NULL;
    self = (Pipeline *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->failed = -1;
    self->steps = PyMem_Calloc((size_t)PyTuple_GET_SIZE(specs) + 1, sizeof(Step));
    self->stack = PyMem_Calloc((size_t)PyTuple_GET_SIZE(specs) + 1, sizeof(Py_ssize_t));
    if (self->steps == NULL || self->stack == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(specs); i++) {
        self->count = i + 1;
        if (step_fill(&self->steps[i], PyTuple_GET_ITEM(specs, i)) < 0) {
            Py_DECREF(self);
            return NULL;
        }
    }
    self->blocks = PyObject_GetIter(blocks);
    if (self->blocks == NULL) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static PyMethodDef pipeline_methods[] = {
    {"current", pipeline_current, METH_NOARGS, "(number of the step that raised, its record), or None."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot pipeline_slots[] = {
    {Py_tp_new, pipeline_new},
    {Py_tp_dealloc, pipeline_dealloc},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, pipeline_next},
    {Py_tp_methods, pipeline_methods},
    {Py_tp_doc, "Pipeline(blocks, ((op, function), ...)): applies narrow steps to the records of blocks, lazily."},
    {0, NULL},
};

static PyType_Spec pipeline_spec = {"weft._ops._native.Pipeline", sizeof(Pipeline), 0, Py_TPFLAGS_DEFAULT, pipeline_slots};

/* ---- Sizes ------------------------------------------------------------------------------------------------------- */

enum { DEEPEST = 3, LOOKS = 8, PLAIN_BYTES = 32 };

/* About the memory of an object of a builtin class; 0 for what is not known here. Runs no code of the user's. */
static size_t
known_bytes(PyObject *value, int depth)
{
    PyTypeObject *type = Py_TYPE(value);
    if (type == &PyUnicode_Type)
        return 56 + (size_t)PyUnicode_GET_LENGTH(value) * PyUnicode_KIND(value);
    if (type == &PyLong_Type || type == &PyFloat_Type || type == &PyBool_Type || value == Py_None)
        return PLAIN_BYTES;
    if (type == &PyBytes_Type)
        return 33 + (size_t)PyBytes_GET_SIZE(value);
    if (type == &PyByteArray_Type)
        return 56 + (size_t)PyByteArray_GET_SIZE(value);
    if (type == &PyTuple_Type || type == &PyList_Type) {
        int list = type == &PyList_Type;
        Py_ssize_t count = list ? PyList_GET_SIZE(value) : PyTuple_GET_SIZE(value);
        Py_ssize_t stride = count <= LOOKS ? 1 : count / LOOKS, looked = 0;
        size_t inner = 0;
        if (depth >= DEEPEST)
            return 0;
        for (Py_ssize_t i = 0; i < count; i += stride, looked++) {
            size_t part = known_bytes(list ? PyList_GET_ITEM(value, i) : PyTuple_GET_ITEM(value, i), depth + 1);
            if (part == 0)
                return 0;
            inner += part;
        }
        return 56 + 8 * (size_t)count + (looked ? (size_t)((double)inner / (double)looked * (double)count) : 0);
    }
    return 0;
}

/* What was last found out by `estimate`, which looks at objects of any class; it is asked for some of them only. */
typedef struct {
    PyObject *estimate;
    PyTypeObject *type;
    size_t bytes;
    int asked;
} Sizer;

static size_t
ask_size(Sizer *sizer, PyObject *value)
{
    size_t size = known_bytes(value, 0);
    PyObject *answer;
    if (size != 0)
        return size;
    /* A few in a row are looked at, then one in eight, all of them as long as they are large. */
    if (sizer->type == Py_TYPE(value) && sizer->asked >= LOOKS && (sizer->asked++ & 7) && sizer->bytes < 4096)
        return sizer->bytes;
    answer = PyObject_CallFunctionObjArgs(sizer->estimate, value, NULL);
    if (answer == NULL)
        return SIZE_MAX;
    size = PyLong_AsSize_t(answer);
    Py_DECREF(answer);
    if (size == (size_t)-1 && PyErr_Occurred())
        return SIZE_MAX;
    if (sizer->type != Py_TYPE(value)) {
        sizer->type = Py_TYPE(value); /* compared only */
        sizer->asked = 0;
    }
    sizer->asked++;
    sizer->bytes = size;
    return size;
}

/* Size of an object, or SIZE_MAX on an error. */
static inline size_t
size_of(Sizer *sizer, PyObject *value)
{
    PyTypeObject *type = Py_TYPE(value);
    if (type == &PyUnicode_Type)
        return 56 + (size_t)PyUnicode_GET_LENGTH(value) * PyUnicode_KIND(value);
    if (type == &PyLong_Type || type == &PyFloat_Type)
        return PLAIN_BYTES;
    return ask_size(sizer, value);
}

static PyObject *
take(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *iterator, *item, *taken;
    Py_ssize_t most_rows, most_bytes;
    size_t size = 0;
    Sizer sizer = {0};
    if (!PyArg_ParseTuple(args, "OnnO:take", &iterator, &most_rows, &most_bytes, &sizer.estimate))
        return NULL;
    if (!PyIter_Check(iterator)) {
        PyErr_SetString(PyExc_TypeError, "take needs an iterator");
        return NULL;
    }
    taken = PyList_New(0);
    if (taken == NULL)
        return NULL;
    while (PyList_GET_SIZE(taken) < most_rows && size < (size_t)most_bytes) {
        size_t one;
        item = Py_TYPE(iterator)->tp_iternext(iterator);
        if (item == NULL) {
            if (PyErr_Occurred()) {
                if (!PyErr_ExceptionMatches(PyExc_StopIteration))
                    goto failed;
                PyErr_Clear();
            }
            break;
        }
        one = size_of(&sizer, item);
        if (one == SIZE_MAX || PyList_Append(taken, item) < 0) {
            Py_DECREF(item);
            goto failed;
        }
        Py_DECREF(item);
        size += one;
    }
    return taken;
failed:
    Py_DECREF(taken);
    return NULL;
}

enum { MOST_COLUMNS = 4 };

/* Size of the row at a place of some lists, or SIZE_MAX on an error. */
static size_t
row_size(Sizer *sizers, PyObject *columns, Py_ssize_t place)
{
    size_t row = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(columns); i++) {
        PyObject *column = PyTuple_GET_ITEM(columns, i), *item;
        size_t one;
        if (!PyList_Check(column) || place < 0 || place >= PyList_GET_SIZE(column)) {
            PyErr_SetString(PyExc_ValueError, "lists are needed that have the rows asked for");
            return SIZE_MAX;
        }
        item = PyList_GET_ITEM(column, place);
        Py_INCREF(item);
        one = size_of(&sizers[i], item);
        Py_DECREF(item);
        if (one == SIZE_MAX)
            return SIZE_MAX;
        row += one;
    }
    return row;
}

static int
sizers_fill(Sizer *sizers, PyObject *columns, PyObject *estimate)
{
    if (PyTuple_GET_SIZE(columns) > MOST_COLUMNS) {
        PyErr_SetString(PyExc_ValueError, "at most four columns");
        return -1;
    }
    for (int i = 0; i < MOST_COLUMNS; i++)
        sizers[i].estimate = estimate;
    return 0;
}

static PyObject *
fit(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *columns, *estimate, *order = Py_None;
    Py_ssize_t start, most_rows, most_bytes, rows = 0;
    size_t size = 0;
    Sizer sizers[MOST_COLUMNS] = {{0}};
    if (!PyArg_ParseTuple(args, "O!nnnO|O:fit", &PyTuple_Type, &columns, &start, &most_rows, &most_bytes, &estimate,
                          &order))
        return NULL;
    if (sizers_fill(sizers, columns, estimate) < 0)
        return NULL;
    for (; rows < most_rows; rows++) {
        Py_ssize_t place = start + rows;
        size_t row;
        if (order != Py_None) {
            if (!PyList_Check(order) || place < 0 || place >= PyList_GET_SIZE(order)) {
                PyErr_SetString(PyExc_ValueError, "fit needs an order that has the rows asked for");
                return NULL;
            }
            place = PyLong_AsSsize_t(PyList_GET_ITEM(order, place));
            if (place == -1 && PyErr_Occurred())
                return NULL;
        }
        row = row_size(sizers, columns, place);
        if (row == SIZE_MAX)
            return NULL;
        if (rows > 0 && size + row > (size_t)most_bytes)
            break;
        size += row;
    }
    return PyLong_FromSsize_t(rows);
}

/* largest(columns, enough, estimate): the size of the largest row, or of the first one that is larger than enough. */
static PyObject *
largest(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *columns, *estimate;
    Py_ssize_t enough;
    size_t most = 0;
    Sizer sizers[MOST_COLUMNS] = {{0}};
    if (!PyArg_ParseTuple(args, "O!nO:largest", &PyTuple_Type, &columns, &enough, &estimate))
        return NULL;
    if (sizers_fill(sizers, columns, estimate) < 0)
        return NULL;
    for (Py_ssize_t place = 0; PyTuple_GET_SIZE(columns) > 0; place++) {
        PyObject *first = PyTuple_GET_ITEM(columns, 0);
        size_t row;
        if (PyList_Check(first) && place >= PyList_GET_SIZE(first))
            break;
        row = row_size(sizers, columns, place);
        if (row == SIZE_MAX)
            return NULL;
        if (row > most)
            most = row;
        if (most > (size_t)enough)
            break;
    }
    return PyLong_FromSize_t(most);
}

/* ---- NaN keys ---------------------------------------------------------------------------------------------------- */

/* Of weft._ops.nans: the one NaN, canonical(key) for keys that are not looked into here, may_hold_nan(class). */
static PyObject *nan_key = NULL, *nan_canonical = NULL, *nan_may_hold = NULL;

/* Class -> whether its objects may be or hold a NaN. */
static PyObject *nan_classes = NULL;
enum { MOST_CLASSES = 4096 };

static inline int
is_never_nan(PyObject *key)
{
    PyTypeObject *type = Py_TYPE(key);
    return type == &PyUnicode_Type || type == &PyLong_Type || type == &PyBytes_Type || type == &PyBool_Type ||
           key == Py_None;
}

static PyObject *canonical_tuple(PyObject *key);

/* The key, or what stands for it where it is or holds a NaN: a new reference. */
static PyObject *
canonical(PyObject *key)
{
    PyTypeObject *type = Py_TYPE(key);
    PyObject *known;
    if (is_never_nan(key)) {
        Py_INCREF(key);
        return key;
    }
    if (type == &PyFloat_Type) {
        PyObject *found = isnan(PyFloat_AS_DOUBLE(key)) ? nan_key : key;
        Py_INCREF(found);
        return found;
    }
    if (type == &PyTuple_Type)
        return canonical_tuple(key);
    known = PyDict_GetItemWithError(nan_classes, (PyObject *)type);
    if (known == NULL) {
        int status;
        if (PyErr_Occurred())
            return NULL;
        known = PyObject_CallFunctionObjArgs(nan_may_hold, (PyObject *)type, NULL);
        if (known == NULL)
            return NULL;
        if (PyDict_Size(nan_classes) >= MOST_CLASSES)
            PyDict_Clear(nan_classes);
        status = PyDict_SetItem(nan_classes, (PyObject *)type, known);
        Py_DECREF(known); /* True or False: never freed */
        if (status < 0)
            return NULL;
    }
    if (known != Py_False)
        return PyObject_CallFunctionObjArgs(nan_canonical, key, NULL);
    Py_INCREF(key);
    return key;
}

static PyObject *
canonical_tuple(PyObject *key)
{
    PyObject *copy = NULL;
    Py_ssize_t count = PyTuple_GET_SIZE(key);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *part = PyTuple_GET_ITEM(key, i), *found;
        if (is_never_nan(part))
            continue;
        if (Py_EnterRecursiveCall(" in a key"))
            goto failed;
        found = canonical(part);
        Py_LeaveRecursiveCall();
        if (found == NULL)
            goto failed;
        if (found != part) {
            if (copy == NULL) {
                copy = PyTuple_New(count);
                if (copy == NULL) {
                    Py_DECREF(found);
                    return NULL;
                }
                for (Py_ssize_t k = 0; k < count; k++) {
                    Py_INCREF(PyTuple_GET_ITEM(key, k));
                    PyTuple_SET_ITEM(copy, k, PyTuple_GET_ITEM(key, k));
                }
            }
            Py_DECREF(part); /* the copy's; the key holds another */
            PyTuple_SET_ITEM(copy, i, found);
        }
        else
            Py_DECREF(found);
    }
    if (copy != NULL)
        return copy;
    Py_INCREF(key);
    return key;
failed:
    Py_XDECREF(copy);
    return NULL;
}

static int
find_nans(void)
{
    PyObject *nans = PyImport_ImportModule("weft._ops.nans");
    if (nans == NULL)
        return -1;
    nan_key = PyObject_GetAttrString(nans, "NAN");
    nan_canonical = PyObject_GetAttrString(nans, "canonical");
    nan_may_hold = PyObject_GetAttrString(nans, "may_hold_nan");
    nan_classes = PyDict_New();
    Py_DECREF(nans);
    return nan_key == NULL || nan_canonical == NULL || nan_may_hold == NULL || nan_classes == NULL ? -1 : 0;
}

/* ---- CombineTable ------------------------------------------------------------------------------------------------ */

/*
 * Open addressing over an index of 8-byte slots (32 bits of the mixed hash, number of the entry + 1); entries stand in the
 * order of insertion. Pairs are taken 64 at a time: hashes first, then slots, then entries, then keys and values are
 * prefetched, so that the cache misses of 64 lookups overlap.
 */
enum { BATCH = 64 };

/*
 * A combiner: an object, or, where sums are made, an exact int of up to 62 bits held as the odd number 2n + 1. A sum of those
 * makes no object and touches none. No object has an odd address.
 */
typedef uintptr_t Held;

typedef struct {
    Py_hash_t hash;
    PyObject *key;
    Held value;
} Entry;

typedef struct {
    PyObject *key;
    PyObject *value;
    Py_hash_t hash;
    uint64_t mixed;
    Py_ssize_t row;
} Pending;

typedef struct {
    PyObject_HEAD
    PyObject *create; /* NULL: a value is its own combiner */
    PyObject *merge;
    int merge_is_add;  /* operator.add itself */
    int merge_adds;    /* a function whose code is that of `lambda a, b: a + b` */
    uint64_t *index;
    size_t slots; /* a power of two */
    int shift;
    Entry *entries;
    size_t used;
    size_t room;
    Pending batch[BATCH];
    int pending;
    /* Of the call that is under way. */
    int loading;             /* values are combiners of keys that are not there yet */
    Py_ssize_t row;          /* rows given to table_add */
    const uint64_t *numbers; /* NULL: nobody asks which rows were new */
    uint64_t *noted;         /* numbers of rows with new keys, or with missed ones */
    Py_ssize_t notes;
    PyObject *missed_keys; /* NULL: new keys go to the table */
    PyObject *missed_values;
} Table;

static PyObject *operator_add = NULL;

static inline uint64_t
mix(Py_hash_t hash)
{
    uint64_t mixed = (uint64_t)hash * UINT64_C(0x9E3779B97F4A7C15);
    return mixed ^ (mixed >> 32);
}

static inline size_t
slot_of(const Table *self, uint64_t mixed)
{
    return (size_t)((mixed * UINT64_C(0xD6E8FEB86659FD93)) >> self->shift);
}

static int
table_resize_index(Table *self, size_t slots)
{
    uint64_t *index = PyMem_Calloc(slots, sizeof(uint64_t));
    int shift = 64;
    if (index == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t n = slots; n > 1; n >>= 1)
        shift--;
    PyMem_Free(self->index);
    self->index = index;
    self->slots = slots;
    self->shift = shift;
    for (size_t i = 0; i < self->used; i++) {
        uint64_t mixed = mix(self->entries[i].hash);
        size_t at = slot_of(self, mixed);
        while (index[at] != 0)
            at = (at + 1) & (slots - 1);
        index[at] = (mixed << 32) | (uint64_t)(i + 1);
    }
    return 0;
}

static int
table_make_room(Table *self)
{
    if (self->used == self->room) {
        size_t room = self->room ? self->room * 2 : 64;
        Entry *entries;
        if (room > UINT32_MAX / 2) {
            PyErr_SetString(PyExc_OverflowError, "too many keys in one table");
            return -1;
        }
        entries = PyMem_Realloc(self->entries, room * sizeof(Entry));
        if (entries == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        self->entries = entries;
        self->room = room;
    }
    if ((self->used + 1) * 3 > self->slots * 2)
        return table_resize_index(self, self->slots ? self->slots * 2 : 256);
    return 0;
}

enum { TALLY_BITS = sizeof(Held) * 8 - 2 };

static inline int
is_tally(Held held)
{
    return (int)(held & 1);
}

static inline intptr_t
tally_of(Held held)
{
    return (intptr_t)held >> 1;
}

/* 1 if `value` is an exact int that a Held takes; never an error. */
static inline int
small_int(PyObject *value, intptr_t *number)
{
    int overflow;
    long long wide;
    if (!PyLong_CheckExact(value))
        return 0;
#if !defined(PYPY_VERSION) && PY_VERSION_HEX >= 0x030C0000
    if (PyUnstable_Long_IsCompact((PyLongObject *)value)) {
        *number = (intptr_t)PyUnstable_Long_CompactValue((PyLongObject *)value);
        return 1;
    }
#elif !defined(PYPY_VERSION)
    if (Py_SIZE(value) >= -1 && Py_SIZE(value) <= 1) {
        *number = (intptr_t)Py_SIZE(value) * (intptr_t)((PyLongObject *)value)->ob_digit[0];
        return 1;
    }
#endif
    wide = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow != 0 || wide < -(1LL << (TALLY_BITS - 1)) || wide >= 1LL << (TALLY_BITS - 1))
        return 0;
    *number = (intptr_t)wide;
    return 1;
}

/* Steals `value`. */
static inline Held
hold(const Table *self, PyObject *value)
{
    intptr_t number;
    if ((self->merge_is_add || self->merge_adds) && small_int(value, &number)) {
        Py_DECREF(value);
        return (Held)number << 1 | 1;
    }
    return (Held)value;
}

/* The held object, whose reference the caller takes over, or NULL for want of memory. */
static inline PyObject *
let_go(Held held)
{
    return is_tally(held) ? PyLong_FromSsize_t(tally_of(held)) : (PyObject *)held;
}

static inline void
drop(Held held)
{
    if (!is_tally(held))
        Py_DECREF((PyObject *)held);
}

static int
same_text(PyObject *one, PyObject *other)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(one);
    return length == PyUnicode_GET_LENGTH(other) && PyUnicode_KIND(one) == PyUnicode_KIND(other) &&
           memcmp(PyUnicode_DATA(one), PyUnicode_DATA(other), (size_t)length * PyUnicode_KIND(one)) == 0;
}

/* Number of the key's entry; -1 none, and *at is its free slot; -2 an error. Comparing may run the user's code. */
static Py_ssize_t
table_find(Table *self, PyObject *key, Py_hash_t hash, uint64_t mixed, size_t *at)
{
    uint64_t tag = mixed << 32;
    size_t slot = slot_of(self, mixed);
    for (;; slot = (slot + 1) & (self->slots - 1)) {
        uint64_t found = self->index[slot];
        size_t number;
        int equal;
        PyObject *known;
        if (found == 0) {
            *at = slot;
            return -1;
        }
        if ((found & UINT64_C(0xFFFFFFFF00000000)) != tag)
            continue;
        number = (size_t)(found & UINT64_C(0xFFFFFFFF)) - 1;
        if (self->entries[number].hash != hash)
            continue;
        known = self->entries[number].key;
        if (known == key)
            return (Py_ssize_t)number;
        if (PyUnicode_CheckExact(known) && PyUnicode_CheckExact(key))
            equal = same_text(known, key);
        else {
            Py_INCREF(known);
            equal = PyObject_RichCompareBool(known, key, Py_EQ);
            Py_DECREF(known);
        }
        if (equal < 0)
            return -2;
        if (equal)
            return (Py_ssize_t)number;
    }
}

/* Combines the batch's pair `i` and drops its references, also on an error. */
static int
table_combine(Table *self, int i)
{
    Pending *pair = &self->batch[i];
    PyObject *key = pair->key, *value = pair->value, *combined;
    size_t at = 0;
    Py_ssize_t number;
    pair->key = pair->value = NULL;
    number = table_find(self, key, pair->hash, pair->mixed, &at);
    if (number >= 0 && self->loading) {
        Py_DECREF(value);
        Py_DECREF(key);
        PyErr_SetString(PyExc_RuntimeError, "a key has two combiners");
        return -1;
    }
    if (number >= 0) {
        Held held = self->entries[number].value;
        intptr_t more;
        PyObject *old;
        if (is_tally(held) && small_int(value, &more)) {
            intptr_t sum = tally_of(held) + more; /* of 62 bits each: it has room, and may be too wide to be held */
            if (sum >> (TALLY_BITS - 1) == 0 || sum >> (TALLY_BITS - 1) == -1) {
                self->entries[number].value = (Held)sum << 1 | 1;
                Py_DECREF(value);
                Py_DECREF(key);
                return 0;
            }
        }
        old = let_go(held);
        if (old == NULL) {
            Py_DECREF(value);
            Py_DECREF(key);
            return -1;
        }
        if (!is_tally(held))
            Py_INCREF(old);
        /* An exact int or float has no method of the user's, and no way to fail that his function could tell. */
        if (self->merge_is_add || (self->merge_adds && ((PyLong_CheckExact(old) && PyLong_CheckExact(value)) ||
                                                        (PyFloat_CheckExact(old) && PyFloat_CheckExact(value)))))
            combined = PyNumber_Add(old, value);
        else {
            PyObject *arguments[3] = {NULL, old, value};
            combined = PyObject_Vectorcall(self->merge, arguments + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
        }
        Py_DECREF(old);
        Py_DECREF(value);
        Py_DECREF(key);
        if (combined == NULL)
            return -1;
        held = self->entries[number].value; /* the user's function cannot reach it, but a comparison of his may have */
        self->entries[number].value = hold(self, combined);
        drop(held);
        return 0;
    }
    if (number == -1) {
        if (self->numbers != NULL)
            self->noted[self->notes++] = self->numbers[pair->row];
        if (self->missed_keys != NULL) {
            int failed = PyList_Append(self->missed_keys, key) < 0 || PyList_Append(self->missed_values, value) < 0;
            Py_DECREF(key);
            Py_DECREF(value);
            return failed ? -1 : 0;
        }
        if (self->create != NULL && !self->loading) {
            combined = call_one(self->create, value);
            Py_DECREF(value);
        }
        else
            combined = value;
        if (combined == NULL) {
            Py_DECREF(key);
            return -1;
        }
        self->index[at] = (pair->mixed << 32) | (uint64_t)(self->used + 1);
        self->entries[self->used].hash = pair->hash;
        self->entries[self->used].key = key;
        self->entries[self->used].value = hold(self, combined);
        self->used++;
        if (table_make_room(self) == 0)
            return 0;
        return -1;
    }
    Py_DECREF(value);
    Py_DECREF(key);
    return -1;
}

static int
table_flush(Table *self)
{
    int failed = 0, count = self->pending, i;
    self->pending = 0;
    for (i = 0; i < count && !failed; i++) {
        Pending *pair = &self->batch[i];
        if (!is_never_nan(pair->key)) {
            PyObject *key = canonical(pair->key);
            if (key == NULL) {
                failed = 1;
                break;
            }
            Py_SETREF(pair->key, key);
        }
        pair->hash = PyObject_Hash(pair->key);
        if (pair->hash == -1)
            failed = 1;
        else {
            pair->mixed = mix(pair->hash);
            PREFETCH(&self->index[slot_of(self, pair->mixed)]);
        }
    }
    for (i = 0; i < count && !failed; i++) {
        uint64_t found = self->index[slot_of(self, self->batch[i].mixed)];
        if (found != 0)
            PREFETCH(&self->entries[(found & UINT64_C(0xFFFFFFFF)) - 1]);
    }
    for (i = 0; i < count && !failed; i++) {
        uint64_t found = self->index[slot_of(self, self->batch[i].mixed)];
        if (found != 0) {
            const Entry *entry = &self->entries[(found & UINT64_C(0xFFFFFFFF)) - 1];
            PREFETCH(entry->key);
            PREFETCH((const char *)entry->key + 64);
            if (!is_tally(entry->value))
                PREFETCH((const void *)entry->value);
        }
    }
    for (i = 0; i < count && !failed; i++)
        failed = table_combine(self, i) < 0;
    for (; i < count; i++) {
        Py_CLEAR(self->batch[i].key);
        Py_CLEAR(self->batch[i].value);
    }
    for (i = 0; i < count && failed; i++) {
        Py_CLEAR(self->batch[i].key);
        Py_CLEAR(self->batch[i].value);
    }
    return failed ? -1 : 0;
}

static void
table_drop_pending(Table *self)
{
    for (int i = 0; i < self->pending; i++) {
        Py_CLEAR(self->batch[i].key);
        Py_CLEAR(self->batch[i].value);
    }
    self->pending = 0;
}

/* Steals nothing. */
static int
table_add(Table *self, PyObject *key, PyObject *value)
{
    Pending *pair = &self->batch[self->pending++];
    Py_INCREF(key);
    Py_INCREF(value);
    pair->key = key;
    pair->value = value;
    pair->row = self->row++;
    return self->pending == BATCH ? table_flush(self) : 0;
}

static PyObject *
table_absorb(PyObject *object, PyObject *args)
{
    Table *self = (Table *)object;
    PyObject *iterator;
    Py_ssize_t limit, count = 0, most_bytes = PY_SSIZE_T_MAX;
    size_t size = 0;
    Sizer sizers[2] = {{0}};
    if (!PyArg_ParseTuple(args, "On|nO:absorb", &iterator, &limit, &most_bytes, &sizers[0].estimate))
        return NULL;
    sizers[1].estimate = sizers[0].estimate;
    if (!PyIter_Check(iterator)) {
        PyErr_SetString(PyExc_TypeError, "absorb needs an iterator");
        return NULL;
    }
    while (count < limit && size < (size_t)most_bytes) {
        PyObject *key, *value, *hold, *pair = Py_TYPE(iterator)->tp_iternext(iterator);
        int failed;
        if (pair == NULL) {
            if (PyErr_Occurred()) {
                if (!PyErr_ExceptionMatches(PyExc_StopIteration)) {
                    table_drop_pending(self);
                    return NULL;
                }
                PyErr_Clear();
            }
            break;
        }
        failed = split_pair(pair, &key, &value, &hold) < 0;
        if (!failed) {
            if (sizers[0].estimate != NULL) {
                size_t key_bytes = size_of(&sizers[0], key), value_bytes = size_of(&sizers[1], value);
                failed = key_bytes == SIZE_MAX || value_bytes == SIZE_MAX;
                size += key_bytes + value_bytes;
            }
            failed = failed || table_add(self, key, value) < 0;
            Py_DECREF(hold);
        }
        Py_DECREF(pair);
        if (failed) {
            table_drop_pending(self);
            return NULL;
        }
        count++;
    }
    if (table_flush(self) < 0)
        return NULL;
    return PyLong_FromSsize_t(count);
}

/* Adds the pairs of two lists; drops what is pending on an error. */
static int
table_add_columns(Table *self, PyObject *keys, PyObject *values)
{
    int failed = 0;
    self->row = 0;
    for (Py_ssize_t i = 0; !failed && i < PyList_GET_SIZE(keys) && i < PyList_GET_SIZE(values); i++)
        failed = table_add(self, PyList_GET_ITEM(keys, i), PyList_GET_ITEM(values, i)) < 0;
    if (!failed)
        failed = table_flush(self) < 0;
    table_drop_pending(self);
    return failed ? -1 : 0;
}

static PyObject *
table_update(PyObject *object, PyObject *args)
{
    Table *self = (Table *)object;
    PyObject *keys, *values;
    if (!PyArg_ParseTuple(args, "O!O!:update", &PyList_Type, &keys, &PyList_Type, &values))
        return NULL;
    if (table_add_columns(self, keys, values) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
table_load(PyObject *object, PyObject *args)
{
    Table *self = (Table *)object;
    PyObject *keys, *values;
    int failed;
    if (!PyArg_ParseTuple(args, "O!O!:load", &PyList_Type, &keys, &PyList_Type, &values))
        return NULL;
    self->loading = 1;
    failed = table_add_columns(self, keys, values) < 0;
    self->loading = 0;
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
table_fold(PyObject *object, PyObject *args)
{
    Table *self = (Table *)object;
    PyObject *keys, *values, *result = NULL;
    Py_buffer numbers;
    int frozen = 0, failed;
    if (!PyArg_ParseTuple(args, "O!O!y*p:fold", &PyList_Type, &keys, &PyList_Type, &values, &numbers, &frozen))
        return NULL;
    if (numbers.len < PyList_GET_SIZE(keys) * (Py_ssize_t)sizeof(uint64_t)) {
        PyErr_SetString(PyExc_ValueError, "fold needs a number for each pair");
        PyBuffer_Release(&numbers);
        return NULL;
    }
    self->noted = PyMem_Malloc((size_t)numbers.len + 1);
    self->missed_keys = frozen ? PyList_New(0) : NULL;
    self->missed_values = frozen ? PyList_New(0) : NULL;
    self->numbers = numbers.buf;
    self->notes = 0;
    failed = self->noted == NULL || (frozen && (self->missed_keys == NULL || self->missed_values == NULL));
    if (failed)
        PyErr_NoMemory();
    else if (table_add_columns(self, keys, values) == 0) {
        PyObject *noted = PyBytes_FromStringAndSize((char *)self->noted, self->notes * (Py_ssize_t)sizeof(uint64_t));
        if (noted != NULL)
            result = frozen ? Py_BuildValue("NOO", noted, self->missed_keys, self->missed_values)
                            : Py_BuildValue("N[][]", noted);
    }
    Py_CLEAR(self->missed_keys);
    Py_CLEAR(self->missed_values);
    self->numbers = NULL;
    PyMem_Free(self->noted);
    self->noted = NULL;
    PyBuffer_Release(&numbers);
    return result;
}

/* Makes objects of what the entries from `first` on hold. On an error every entry holds one thing or the other. */
static int
table_make_objects(Table *self, size_t first)
{
    for (size_t i = first; i < self->used; i++) {
        PyObject *value = let_go(self->entries[i].value);
        if (value == NULL)
            return -1;
        self->entries[i].value = (Held)value;
    }
    return 0;
}

static PyObject *
table_cut(PyObject *object, PyObject *args)
{
    Table *self = (Table *)object;
    PyObject *keys, *values;
    Entry *entries;
    Py_ssize_t keep, gone;
    size_t slots = 256;
    if (!PyArg_ParseTuple(args, "n:cut", &keep))
        return NULL;
    if (keep < 0 || (size_t)keep > self->used) {
        PyErr_SetString(PyExc_ValueError, "cut keeps at most what there is");
        return NULL;
    }
    gone = (Py_ssize_t)self->used - keep;
    keys = PyList_New(gone);
    values = PyList_New(gone);
    if (keys == NULL || values == NULL || table_make_objects(self, (size_t)keep) < 0) {
        Py_XDECREF(keys);
        Py_XDECREF(values);
        return NULL;
    }
    for (Py_ssize_t i = 0; i < gone; i++) {
        PyList_SET_ITEM(keys, i, self->entries[keep + i].key);
        PyList_SET_ITEM(values, i, (PyObject *)self->entries[keep + i].value);
    }
    self->used = (size_t)keep;
    self->room = self->used < 64 ? 64 : self->used;
    entries = PyMem_Realloc(self->entries, self->room * sizeof(Entry));
    if (entries != NULL)
        self->entries = entries;
    while ((self->used + 1) * 3 > slots * 2)
        slots *= 2;
    if (entries == NULL || table_resize_index(self, slots) < 0 || table_make_room(self) < 0) {
        Py_DECREF(keys);
        Py_DECREF(values);
        return PyErr_Occurred() ? NULL : PyErr_NoMemory();
    }
    return Py_BuildValue("NN", keys, values);
}

static void
table_release(Table *self)
{
    PyMem_Free(self->index);
    PyMem_Free(self->entries);
    self->index = NULL;
    self->entries = NULL;
    self->used = self->room = self->slots = 0;
}

static PyObject *
table_take(PyObject *object, PyObject *Py_UNUSED(none))
{
    Table *self = (Table *)object;
    PyObject *keys = PyList_New((Py_ssize_t)self->used), *values = PyList_New((Py_ssize_t)self->used);
    if (keys == NULL || values == NULL || table_make_objects(self, 0) < 0) {
        Py_XDECREF(keys);
        Py_XDECREF(values);
        return NULL;
    }
    for (size_t i = 0; i < self->used; i++) {
        PyList_SET_ITEM(keys, (Py_ssize_t)i, self->entries[i].key);
        PyList_SET_ITEM(values, (Py_ssize_t)i, (PyObject *)self->entries[i].value);
    }
    table_release(self);
    if (table_make_room(self) < 0) {
        Py_DECREF(keys);
        Py_DECREF(values);
        return NULL;
    }
    return Py_BuildValue("NN", keys, values);
}

static Py_ssize_t
table_length(PyObject *object)
{
    return (Py_ssize_t)((Table *)object)->used;
}

static void
table_dealloc(PyObject *object)
{
    Table *self = (Table *)object;
    PyTypeObject *type = Py_TYPE(object);
    table_drop_pending(self);
    for (size_t i = 0; i < self->used; i++) {
        Py_DECREF(self->entries[i].key);
        drop(self->entries[i].value);
    }
    table_release(self);
    Py_CLEAR(self->create);
    Py_CLEAR(self->merge);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *
table_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    PyObject *create, *merge;
    int adds = 0;
    Table *self;
    if (!PyArg_ParseTuple(args, "OO|p:CombineTable", &create, &merge, &adds))
        return NULL;
    self = (Table *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    if (create != Py_None) {
        Py_INCREF(create);
        self->create = create;
    }
    Py_INCREF(merge);
    self->merge = merge;
    self->merge_is_add = merge == operator_add;
    self->merge_adds = adds;
    if (table_make_room(self) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static PyMethodDef table_methods[] = {
    {"absorb", table_absorb, METH_VARARGS, "absorb(iterator, limit[, most_bytes, estimate]): combine pairs up to either; how many there were."},
    {"update", table_update, METH_VARARGS, "update(keys, values): combine pairs given as two lists."},
    {"load", table_load, METH_VARARGS, "load(keys, combiners): put keys that are not there with the combiners they have."},
    {"fold", table_fold, METH_VARARGS,
     "fold(keys, values, numbers, frozen): combine; (numbers of the rows with new keys, [], []); frozen: with new keys left "
     "out, (numbers, keys, values) of those."},
    {"cut", table_cut, METH_VARARGS, "cut(keep): (keys, combiners) of all entries but the first `keep`, which stay."},
    {"take", table_take, METH_NOARGS, "(keys, combiners) in first-seen order; the table is empty afterwards."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot table_slots[] = {
    {Py_tp_new, table_new},
    {Py_tp_dealloc, table_dealloc},
    {Py_tp_methods, table_methods},
    {Py_sq_length, table_length},
    {Py_tp_doc, "CombineTable(create, merge, adds=False): combines values per key; create None keeps the first value; adds "
                "says that merge does what `lambda a, b: a + b` does, so that numbers need no call of it."},
    {0, NULL},
};

static PyType_Spec table_spec = {"weft._ops._native.CombineTable", sizeof(Table), 0, Py_TPFLAGS_DEFAULT, table_slots};

/* ---- deal -------------------------------------------------------------------------------------------------------- */

/* Weft's portable hash for the types that need no look at their class; `fallback` is keys.portable_hash. */
static int
portable_hash(PyObject *key, PyObject *fallback, Py_hash_t *hash)
{
    PyTypeObject *type = Py_TYPE(key);
    PyObject *answer;
    if (type == &PyUnicode_Type || type == &PyLong_Type || type == &PyBytes_Type || type == &PyBool_Type) {
        *hash = PyObject_Hash(key);
        return *hash == -1 ? -1 : 0;
    }
    if (key == Py_None) {
        *hash = 0;
        return 0;
    }
    if (type == &PyFloat_Type) {
        if (isnan(PyFloat_AS_DOUBLE(key))) {
            *hash = 0;
            return 0;
        }
        *hash = PyObject_Hash(key);
        return *hash == -1 ? -1 : 0;
    }
    if (type == &PyTuple_Type) {
        uint64_t mixed = 0x345678;
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(key); i++) {
            Py_hash_t part;
            if (portable_hash(PyTuple_GET_ITEM(key, i), fallback, &part) < 0)
                return -1;
            mixed = ((mixed ^ (uint64_t)part) * 1000003) & INT64_MAX;
        }
        *hash = (Py_hash_t)(mixed ^ (uint64_t)PyTuple_GET_SIZE(key));
        return 0;
    }
    answer = PyObject_CallFunctionObjArgs(fallback, key, NULL);
    if (answer == NULL)
        return -1;
    *hash = (Py_hash_t)PyObject_Hash(answer); /* an int that fits hashes to itself, but for -1 */
    if (PyLong_Check(answer)) {
        int overflow;
        long long exact = PyLong_AsLongLongAndOverflow(answer, &overflow);
        if (!overflow)
            *hash = (Py_hash_t)exact;
    }
    Py_DECREF(answer);
    return 0;
}

static PyObject *
deal(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *keys, *values, *fallback, *result = NULL;
    Py_ssize_t partitions, count;
    uint32_t *numbers = NULL;
    Py_ssize_t *sizes = NULL;
    if (!PyArg_ParseTuple(args, "O!O!nO:deal", &PyList_Type, &keys, &PyList_Type, &values, &partitions, &fallback))
        return NULL;
    count = PyList_GET_SIZE(keys);
    if (count != PyList_GET_SIZE(values) || partitions < 1 || partitions > UINT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "deal needs two lists of equal length and at least one partition");
        return NULL;
    }
    numbers = PyMem_Malloc(((size_t)count + 1) * sizeof(uint32_t));
    sizes = PyMem_Calloc((size_t)partitions, sizeof(Py_ssize_t));
    if (numbers == NULL || sizes == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_hash_t hash, number;
        if (portable_hash(PyList_GET_ITEM(keys, i), fallback, &hash) < 0)
            goto done;
        if (PyList_GET_SIZE(keys) != count || PyList_GET_SIZE(values) != count) {
            PyErr_SetString(PyExc_RuntimeError, "the columns changed while they were dealt");
            goto done;
        }
        number = hash % partitions;
        if (number < 0)
            number += partitions;
        numbers[i] = (uint32_t)number;
        sizes[number]++;
    }
    result = PyList_New(partitions);
    if (result == NULL)
        goto done;
    for (Py_ssize_t p = 0; p < partitions; p++) {
        PyObject *part = Py_BuildValue("NN", PyList_New(sizes[p]), PyList_New(sizes[p]));
        if (part == NULL) {
            Py_CLEAR(result);
            goto done;
        }
        PyList_SET_ITEM(result, p, part);
        sizes[p] = 0;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *part = PyList_GET_ITEM(result, numbers[i]);
        Py_ssize_t at = sizes[numbers[i]]++;
        PyObject *key = PyList_GET_ITEM(keys, i), *value = PyList_GET_ITEM(values, i);
        Py_INCREF(key);
        Py_INCREF(value);
        PyList_SET_ITEM(PyTuple_GET_ITEM(part, 0), at, key);
        PyList_SET_ITEM(PyTuple_GET_ITEM(part, 1), at, value);
    }
done:
    PyMem_Free(numbers);
    PyMem_Free(sizes);
    return result;
}

/* ---- spread and gather ------------------------------------------------------------------------------------------- */

enum { FAN_BITS = 6, FAN_OUT = 1 << FAN_BITS };

/* The sub-partition of a key at a level: that level's own bits of its mixed hash. */
static inline unsigned
part_of(Py_hash_t hash, int level)
{
    return (unsigned)(((uint64_t)hash * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - FAN_BITS * (level + 1))) & (FAN_OUT - 1);
}

static PyObject *
spread(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *keys, *values, *result = NULL;
    Py_buffer numbers;
    Py_ssize_t count, sizes[FAN_OUT] = {0};
    uint64_t *targets[FAN_OUT];
    unsigned char *parts = NULL;
    int level;
    if (!PyArg_ParseTuple(args, "O!O!y*i:spread", &PyList_Type, &keys, &PyList_Type, &values, &numbers, &level))
        return NULL;
    count = PyList_GET_SIZE(keys);
    if (count != PyList_GET_SIZE(values) || numbers.len != count * (Py_ssize_t)sizeof(uint64_t) || level < 0 || level > 8) {
        PyErr_SetString(PyExc_ValueError, "spread needs three columns of equal length, and a level of 0 to 8");
        goto done;
    }
    parts = PyMem_Malloc((size_t)count + 1);
    if (parts == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *key = PyList_GET_ITEM(keys, i);
        Py_hash_t hash;
        Py_INCREF(key);
        hash = PyObject_Hash(key);
        Py_DECREF(key);
        if (hash == -1)
            goto done;
        if (PyList_GET_SIZE(keys) != count || PyList_GET_SIZE(values) != count) {
            PyErr_SetString(PyExc_RuntimeError, "the columns changed while they were spread");
            goto done;
        }
        parts[i] = (unsigned char)part_of(hash, level);
        sizes[parts[i]]++;
    }
    result = PyList_New(FAN_OUT);
    if (result == NULL)
        goto done;
    for (int p = 0; p < FAN_OUT; p++) {
        PyObject *some = PyBytes_FromStringAndSize(NULL, sizes[p] * (Py_ssize_t)sizeof(uint64_t)), *part;
        part = Py_BuildValue("NNN", some, PyList_New(sizes[p]), PyList_New(sizes[p]));
        if (part == NULL) {
            Py_CLEAR(result);
            goto done;
        }
        targets[p] = (uint64_t *)(void *)PyBytes_AS_STRING(some);
        PyList_SET_ITEM(result, p, part);
        sizes[p] = 0;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *part = PyList_GET_ITEM(result, parts[i]), *key = PyList_GET_ITEM(keys, i);
        PyObject *value = PyList_GET_ITEM(values, i);
        Py_ssize_t at = sizes[parts[i]]++;
        memcpy(&targets[parts[i]][at], (const char *)numbers.buf + i * (Py_ssize_t)sizeof(uint64_t), sizeof(uint64_t));
        Py_INCREF(key);
        Py_INCREF(value);
        PyList_SET_ITEM(PyTuple_GET_ITEM(part, 1), at, key);
        PyList_SET_ITEM(PyTuple_GET_ITEM(part, 2), at, value);
    }
done:
    PyMem_Free(parts);
    PyBuffer_Release(&numbers);
    return result;
}

/* gather(table, keys, values, numbers or None): appends values to the lists of their keys in a dict. */
static PyObject *
gather(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *table, *keys, *values, *result = NULL;
    Py_buffer numbers = {0};
    uint64_t *noted = NULL;
    Py_ssize_t notes = 0;
    if (!PyArg_ParseTuple(args, "O!O!O!z*:gather", &PyDict_Type, &table, &PyList_Type, &keys, &PyList_Type, &values,
                          &numbers))
        return NULL;
    if (numbers.buf != NULL && numbers.len != PyList_GET_SIZE(keys) * (Py_ssize_t)sizeof(uint64_t)) {
        PyErr_SetString(PyExc_ValueError, "gather needs a number for each key");
        goto done;
    }
    noted = PyMem_Malloc((size_t)numbers.len + 1);
    if (noted == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(keys) && i < PyList_GET_SIZE(values); i++) {
        PyObject *key = canonical(PyList_GET_ITEM(keys, i)), *bag, *value = PyList_GET_ITEM(values, i);
        int failed;
        if (key == NULL)
            goto done;
        Py_INCREF(value);
        bag = PyDict_GetItemWithError(table, key);
        if (bag != NULL && PyList_Check(bag))
            failed = PyList_Append(bag, value) < 0;
        else if (bag != NULL || PyErr_Occurred()) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_TypeError, "gather needs a dict of lists");
            failed = 1;
        }
        else {
            bag = PyList_New(1);
            failed = bag == NULL;
            if (!failed) {
                Py_INCREF(value);
                PyList_SET_ITEM(bag, 0, value);
                failed = PyDict_SetItem(table, key, bag) < 0;
                Py_DECREF(bag);
            }
            if (!failed && numbers.buf != NULL)
                memcpy(&noted[notes++], (const char *)numbers.buf + i * (Py_ssize_t)sizeof(uint64_t), sizeof(uint64_t));
        }
        Py_DECREF(key);
        Py_DECREF(value);
        if (failed)
            goto done;
    }
    result = PyBytes_FromStringAndSize((char *)noted, notes * (Py_ssize_t)sizeof(uint64_t));
done:
    PyMem_Free(noted);
    if (numbers.obj != NULL)
        PyBuffer_Release(&numbers);
    return result;
}

/* ---- count and stats --------------------------------------------------------------------------------------------- */

static PyObject *
count_all(PyObject *Py_UNUSED(module), PyObject *iterable)
{
    Py_ssize_t count = 0;
    PyObject *item, *iterator = PyObject_GetIter(iterable);
    if (iterator == NULL)
        return NULL;
    while ((item = Py_TYPE(iterator)->tp_iternext(iterator)) != NULL) {
        Py_DECREF(item);
        count++;
    }
    Py_DECREF(iterator);
    if (PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_StopIteration))
            return NULL;
        PyErr_Clear();
    }
    return PyLong_FromSsize_t(count);
}

/* A sum of doubles as a double and its rounding error (Dekker, Knuth: the error of an addition is itself a double). */
typedef struct {
    double high;
    double low;
} Twofold;

static inline void
twofold_add(Twofold *sum, double value)
{
    double total = sum->high + value, part = total - sum->high;
    sum->low += (sum->high - (total - part)) + (value - part);
    sum->high = total;
}

static inline void
twofold_add_product(Twofold *sum, double one, double other)
{
    double product = one * other;
    twofold_add(sum, product);
    sum->low += fma(one, other, -product);
}

static PyObject *
int128(__int128 value)
{
    unsigned __int128 magnitude = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    PyObject *high = PyLong_FromUnsignedLongLong((unsigned long long)(magnitude >> 64));
    PyObject *low = PyLong_FromUnsignedLongLong((unsigned long long)magnitude);
    PyObject *bits = PyLong_FromLong(64), *shifted = NULL, *whole = NULL;
    if (high != NULL && low != NULL && bits != NULL)
        shifted = PyNumber_Lshift(high, bits);
    if (shifted != NULL)
        whole = PyNumber_Or(shifted, low);
    if (whole != NULL && value < 0)
        Py_SETREF(whole, PyNumber_Negative(whole));
    Py_XDECREF(high);
    Py_XDECREF(low);
    Py_XDECREF(bits);
    Py_XDECREF(shifted);
    return whole;
}

typedef struct {
    Py_ssize_t count;
    __int128 sum;
    __int128 squares;
    long long least;
    long long most;
} Integers;

typedef struct {
    Py_ssize_t count;
    double origin; /* the first value: sums of distances from it lose nothing when all values are alike */
    Twofold sum;
    Twofold distances;
    Twofold squares;
    double least;
    double most;
} Floats;

/* So small that 2**34 squares fit 128 bits. */
static const long long MOST_EXACT = 1LL << 46;

static int
take_integer(Integers *integers, PyObject *item)
{
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(item, &overflow);
    if (overflow || value > MOST_EXACT || value < -MOST_EXACT)
        return 0;
    if (integers->count == 0 || value < integers->least)
        integers->least = value;
    if (integers->count == 0 || value > integers->most)
        integers->most = value;
    integers->count++;
    integers->sum += value;
    integers->squares += (__int128)value * value;
    return 1;
}

static int
take_float(Floats *floats, double value)
{
    double distance;
    if (!isfinite(value) || fabs(value) > 1e150)
        return 0;
    if (floats->count == 0)
        floats->origin = floats->least = floats->most = value;
    distance = value - floats->origin;
    floats->count++;
    twofold_add(&floats->sum, value);
    twofold_add(&floats->distances, distance);
    twofold_add_product(&floats->squares, distance, distance);
    if (value < floats->least)
        floats->least = value;
    if (value > floats->most)
        floats->most = value;
    return 1;
}

/* stats(iterator): ((count, sum, sum of squares, least, most) of the ints, or None;
 *                   (count, sum, origin, distances, squares, least, most) of the floats, or None;
 *                   the first value that is neither, in a list, or an empty list); the iterator is not read beyond it. */
static PyObject *
stats(PyObject *Py_UNUSED(module), PyObject *iterator)
{
    Integers integers = {0};
    Floats floats = {0};
    PyObject *item, *other = PyList_New(0), *of_integers = NULL, *of_floats = NULL;
    if (other == NULL)
        return NULL;
    if (!PyIter_Check(iterator)) {
        PyErr_SetString(PyExc_TypeError, "stats needs an iterator");
        goto failed;
    }
    while ((item = Py_TYPE(iterator)->tp_iternext(iterator)) != NULL) {
        int taken = 0;
        if (PyLong_CheckExact(item))
            taken = take_integer(&integers, item);
        else if (PyFloat_CheckExact(item))
            taken = take_float(&floats, PyFloat_AS_DOUBLE(item));
        if (!taken) {
            int status = PyList_Append(other, item);
            Py_DECREF(item);
            if (status < 0)
                goto failed;
            break;
        }
        Py_DECREF(item);
    }
    if (PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_StopIteration))
            goto failed;
        PyErr_Clear();
    }
    if (integers.count) {
        of_integers = Py_BuildValue("nNNLL", integers.count, int128(integers.sum), int128(integers.squares),
                                    integers.least, integers.most);
    }
    else {
        Py_INCREF(Py_None);
        of_integers = Py_None;
    }
    if (floats.count) {
        of_floats = Py_BuildValue("n(dd)d(dd)(dd)dd", floats.count, floats.sum.high, floats.sum.low, floats.origin,
                                  floats.distances.high, floats.distances.low, floats.squares.high,
                                  floats.squares.low, floats.least, floats.most);
    }
    else {
        Py_INCREF(Py_None);
        of_floats = Py_None;
    }
    if (of_integers == NULL || of_floats == NULL)
        goto failed;
    return Py_BuildValue("NNN", of_integers, of_floats, other);
failed:
    Py_XDECREF(of_integers);
    Py_XDECREF(of_floats);
    Py_DECREF(other);
    return NULL;
}

/* ---- module ------------------------------------------------------------------------------------------------------ */

/* ---- faults ------------------------------------------------------------------------------------------------------ */

#if defined(__GLIBC__)

static const int FAULTS[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
#define FAULT_COUNT ((int)(sizeof(FAULTS) / sizeof(FAULTS[0])))
static struct sigaction before[FAULT_COUNT];

static const char *
base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Whether the library is what every other one calls: it is seldom to blame for a wrong pointer. */
static int
is_everybodys(const char *path)
{
    static const char *const NAMES[] = {"libc.so", "libc-", "libpthread", "libm.so", "libm-", "ld-", "libgcc_s", "libstdc++",
                                        "libffi", "linux-vdso", "python", "libpython", "_native.", NULL};
    const char *name = base_name(path);
    for (int i = 0; NAMES[i] != NULL; i++)
        if (strncmp(name, NAMES[i], strlen(NAMES[i])) == 0)
            return 1;
    return 0;
}

/* Says which library's code was running, then lets faulthandler say the rest. Runs in a process that is dying: it
 * allocates nothing, and an alarm ends it should a lock be held that it needs. */
static void
on_fault(int number, siginfo_t *info, void *context)
{
    static const char SAID[] = "Weft fault: native code of ";
    void *frames[64];
    int count, i;
    (void)context;
    for (i = 0; i < FAULT_COUNT && FAULTS[i] != number; i++)
        ;
    sigaction(number, &before[i], NULL);
    if (info->si_code > 0 || number == SIGABRT) { /* not sent by kill() */
        signal(SIGALRM, SIG_DFL);
        alarm(5);
        count = backtrace(frames, 64);
        /* the first two are this function and the kernel's way back from it */
        for (int at = 2; at < count; at++) {
            Dl_info found;
            if (dladdr(frames[at], &found) && found.dli_fname != NULL && !is_everybodys(found.dli_fname)) {
                if (write(2, SAID, sizeof(SAID) - 1) > 0 && write(2, found.dli_fname, strlen(found.dli_fname)) > 0 &&
                    write(2, "\n", 1) > 0)
                    break;
                break; /* nobody reads any more */
            }
        }
        alarm(0);
    }
    raise(number); /* delivered when this returns */
}

#endif

static PyObject *
watch_faults(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
#if defined(__GLIBC__)
    void *frame[1];
    struct sigaction action;
    backtrace(frame, 1); /* loads what it needs now: the handler may not */
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < FAULT_COUNT; i++)
        sigaction(FAULTS[i], &action, &before[i]);
#endif
    Py_RETURN_NONE;
}

static PyMethodDef module_methods[] = {
    {"deal", deal, METH_VARARGS, "deal(keys, values, partitions, portable_hash): [(keys, values)] by partition."},
    {"take", take, METH_VARARGS, "take(iterator, most_rows, most_bytes, estimate): the next records, in a list."},
    {"fit", fit, METH_VARARGS,
     "fit(columns, start, most_rows, most_bytes, estimate[, order]): how many rows take so much memory."},
    {"largest", largest, METH_VARARGS, "largest(columns, enough, estimate): the largest row, or the first beyond enough."},
    {"spread", spread, METH_VARARGS,
     "spread(keys, values, numbers, level): [(numbers, keys, values)] of the 64 sub-partitions of a level."},
    {"gather", gather, METH_VARARGS,
     "gather(dict, keys, values, numbers): append values to the lists of their keys; the numbers of the new keys."},
    {"sort_columns", weft_sort_columns, METH_VARARGS,
     "sort_columns(columns, reverse): sort lists by the first, in place; False if its keys are of no kind that it knows."},
    {"count", count_all, METH_O, "count(iterable): how many records there are."},
    {"stats", stats, METH_O, "stats(iterator): exact sums of ints and careful sums of floats."},
    {"watch_faults", watch_faults, METH_NOARGS,
     "watch_faults(): when a signal kills this process, name the library whose code ran; after faulthandler.enable()."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, "weft._ops._native", "Compiled operators of Weft's worker.", -1, module_methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit__native(void)
{
    PyObject *module, *operators, *type;
    operators = PyImport_ImportModule("operator");
    if (operators == NULL)
        return NULL;
    operator_add = PyObject_GetAttrString(operators, "add");
    Py_DECREF(operators);
    if (operator_add == NULL || find_nans() < 0)
        return NULL;
    module = PyModule_Create(&module_definition);
    if (module == NULL)
        return NULL;
    type = PyType_FromSpec(&pipeline_spec);
    if (type == NULL || PyModule_AddObject(module, "Pipeline", type) < 0)
        return NULL;
    type = PyType_FromSpec(&table_spec);
    if (type == NULL || PyModule_AddObject(module, "CombineTable", type) < 0)
        return NULL;
    return module;
}
