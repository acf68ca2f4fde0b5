/* Parses a line of the web log: ten fields with tabs between them,
 *
 *   2026-03-28T13:55:36.123+05:30  request  user  address  method  url  status  bytes  millis  "agent"
 *
 * parse(line) gives (request, time, user, address, url, status, bytes, millis), or, for a broken line, the reason as
 * text, the first of: nul, utf8, truncated, fields, date, number. The time is in milliseconds since 1970, UTC.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#define FIELDS 10
#define STAMP 29

typedef struct {
    const char *at;
    Py_ssize_t size;
} Field;

/* The number that `size` digits stand for, or -1. */
static long long number(const char *at, Py_ssize_t size)
{
    if (size < 1 || size > 15)
        return -1;
    long long value = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        if (at[i] < '0' || at[i] > '9')
            return -1;
        value = 10 * value + (at[i] - '0');
    }
    return value;
}

/* Days since 1970-01-01 in the Gregorian calendar, of a date that exists; else -1. */
static long long days(long long year, long long month, long long day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    if (year < 1970 || month < 1 || month > 12 || day < 1)
        return -1;
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > lengths[month - 1] + (leap && month == 2))
        return -1;
    long long past = year - 1;
    long long leaps = past / 4 - past / 100 + past / 400 - 477; /* 477 until 1969 */
    return 365 * (year - 1970) + leaps + before[month - 1] + (leap && month > 2) + day - 1;
}

/* Milliseconds since 1970, or -1. */
static long long stamp(Field field)
{
    const char *at = field.at;
    if (field.size != STAMP || at[4] != '-' || at[7] != '-' || at[10] != 'T' || at[13] != ':' || at[16] != ':'
        || at[19] != '.' || (at[23] != '+' && at[23] != '-') || at[26] != ':')
        return -1;
    long long date = days(number(at, 4), number(at + 5, 2), number(at + 8, 2));
    long long hour = number(at + 11, 2), minute = number(at + 14, 2), second = number(at + 17, 2);
    long long millis = number(at + 20, 3), ahead = number(at + 24, 2), part = number(at + 27, 2);
    if (date < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || millis < 0
        || ahead < 0 || ahead > 14 || part < 0 || part > 59)
        return -1;
    long long shift = (at[23] == '-' ? -1 : 1) * (ahead * 60 + part);
    return (((date * 24 + hour) * 60 + minute - shift) * 60 + second) * 1000 + millis;
}

/* An IPv4 address as a number, or -1. */
static long long address(Field field)
{
    long long value = 0;
    const char *at = field.at, *end = field.at + field.size;
    for (int part = 0; part < 4; part++) {
        const char *stop = part < 3 ? memchr(at, '.', (size_t)(end - at)) : end;
        if (stop == NULL)
            return -1;
        long long byte = stop - at > 3 ? -1 : number(at, stop - at);
        if (byte < 0 || byte > 255)
            return -1;
        value = 256 * value + byte;
        at = stop + 1;
    }
    return value;
}

static int has_replacement(const char *at, Py_ssize_t size)
{
    const char *end = at + size;
    while ((at = memchr(at, '\xef', (size_t)(end - at))) != NULL) {
        if (end - at >= 3 && at[1] == '\xbf' && at[2] == '\xbd')
            return 1;
        at++;
    }
    return 0;
}

/* Whether the bytes are not UTF-8, or were not before somebody replaced what was wrong; -1: an exception is set. */
static int is_broken_text(const char *at, Py_ssize_t size)
{
    if (has_replacement(at, size))
        return 1;
    PyObject *text = PyUnicode_DecodeUTF8(at, size, NULL);
    if (text == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_UnicodeDecodeError))
            return -1;
        PyErr_Clear();
        return 1;
    }
    Py_DECREF(text);
    return 0;
}

/* How many fields there are; the first FIELDS are noted. */
static int cut(const char *at, Py_ssize_t size, Field *fields)
{
    const char *end = at + size;
    int count = 0;
    while (1) {
        const char *stop = memchr(at, '\t', (size_t)(end - at));
        const char *until = stop == NULL ? end : stop;
        if (count < FIELDS)
            fields[count] = (Field){at, until - at};
        count++;
        if (stop == NULL || count > FIELDS)
            return count;
        at = stop + 1;
    }
}

static PyObject *parse(PyObject *module, PyObject *line)
{
    (void)module;
    const char *at;
    Py_ssize_t size;
    if (PyBytes_Check(line)) {
        at = PyBytes_AS_STRING(line);
        size = PyBytes_GET_SIZE(line);
    }
    else if (PyUnicode_Check(line)) {
        at = PyUnicode_AsUTF8AndSize(line, &size);
        if (at == NULL)
            return NULL;
    }
    else
        return PyErr_Format(PyExc_TypeError, "parse needs bytes or str, not %.100s", Py_TYPE(line)->tp_name);
    if (memchr(at, '\0', (size_t)size) != NULL)
        return PyUnicode_FromString("nul");
    int broken = is_broken_text(at, size);
    if (broken != 0)
        return broken < 0 ? NULL : PyUnicode_FromString("utf8");
    if (size == 0 || at[size - 1] != '"')
        return PyUnicode_FromString("truncated");
    Field fields[FIELDS];
    if (cut(at, size, fields) != FIELDS)
        return PyUnicode_FromString("fields");
    long long time = stamp(fields[0]);
    if (time < 0)
        return PyUnicode_FromString("date");
    long long from = address(fields[3]), status = number(fields[6].at, fields[6].size);
    long long bytes = number(fields[7].at, fields[7].size), millis = number(fields[8].at, fields[8].size);
    if (from < 0 || status < 0 || bytes < 0 || millis < 0)
        return PyUnicode_FromString("number");
    return Py_BuildValue("(s#Ls#Ls#LLL)", fields[1].at, fields[1].size, time, fields[2].at, fields[2].size, from,
                         fields[5].at, fields[5].size, status, bytes, millis);
}

static PyMethodDef methods[] = {
    {"parse", parse, METH_O, "The fields of a line that count, or the reason why it is broken."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "weblogparse", "Parses lines of a web log.", 0, methods,
                                        NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_weblogparse(void)
{
    return PyModule_Create(&definition);
}
