/* Common rows: the rows of some words that have others in them, or near. */
#ifndef SEARCHKIT_COMMON_ROWS_H
#define SEARCHKIT_COMMON_ROWS_H

#include "python_api.h"

/* A method of Segments. */
PyObject *segments_common_rows(PyObject *self, PyObject *args);

#endif
