/* Errors: a ValueError for damaged postings, a MemoryError. */
#include "errors.h"
#include "status.h"

PyObject *raise_failure(int failed) {
    if (failed == NO_MEMORY) return PyErr_NoMemory();
    PyErr_SetString(PyExc_ValueError, "a list of postings is damaged");
    return NULL;
}

PyObject *raise_damaged(int failed, int number) {
    if (failed == NO_MEMORY) return PyErr_NoMemory();
    PyObject *why = Py_BuildValue("(si)", "a list of postings is damaged", number);
    if (why) PyErr_SetObject(PyExc_ValueError, why);
    Py_XDECREF(why);
    return NULL;
}
