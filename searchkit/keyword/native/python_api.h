/* Python API: Python's stable C interface, so that what is compiled once serves every Python from 3.11 on. */
#ifndef SEARCHKIT_PYTHON_API_H
#define SEARCHKIT_PYTHON_API_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>

/* Free an instance of a type of ours, whose members are freed already. */
static inline void free_instance(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    freefunc free_memory = (freefunc)PyType_GetSlot(type, Py_tp_free);
    free_memory(self);
    Py_DECREF(type);
}

#endif
