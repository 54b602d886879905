/* Scatter: numbers and flags, each put in its place in a larger array. */
#ifndef SEARCHKIT_SCATTER_H
#define SEARCHKIT_SCATTER_H

#include "python_api.h"

PyObject *native_move(PyObject *module, PyObject *args);
PyObject *native_mark(PyObject *module, PyObject *args);

#endif
