/* Match count: how many articles a program matches. */
#ifndef SEARCHKIT_MATCH_COUNT_H
#define SEARCHKIT_MATCH_COUNT_H

#include "python_api.h"

/* A method of Segments. */
PyObject *segments_count(PyObject *self, PyObject *args);

#endif
