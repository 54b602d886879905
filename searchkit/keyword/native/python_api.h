/* Python API: Python's stable C interface, so that what is compiled once serves every Python from 3.11 on. */
#ifndef SEARCHKIT_PYTHON_API_H
#define SEARCHKIT_PYTHON_API_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <stdint.h>

/* Free an instance of a type of ours, whose members are freed already. */
static inline void free_instance(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    freefunc free_memory = (freefunc)PyType_GetSlot(type, Py_tp_free);
    free_memory(self);
    Py_DECREF(type);
}

/* Nanoseconds of work below which the interpreter's lock is kept. To hand it over and to be woken takes some 50 µs, in
 * which no thread runs: eight threads that let go of it at every call answered less than one. */
enum { LONG_WORK = 150000 };

/* Let other threads run while there is work for so many nanoseconds; NULL where that isn't worth it. */
static inline PyThreadState *release_lock(uint64_t nanoseconds) {
    return nanoseconds < LONG_WORK ? NULL : PyEval_SaveThread();
}

static inline void acquire_lock(PyThreadState *released) {
    if (released) PyEval_RestoreThread(released);
}

#endif
