/* String table: distinct strings, sorted, one after the other, and where each begins (storage/string_table.py). */
#ifndef SEARCHKIT_STRING_TABLE_H
#define SEARCHKIT_STRING_TABLE_H

#include "python_api.h"

PyObject *native_find(PyObject *module, PyObject *args);
PyObject *native_strings(PyObject *module, PyObject *args);
PyObject *native_arrange(PyObject *module, PyObject *list);

#endif
