/* Score rows: the scores of some rows of a segment, or of all. */
#ifndef SEARCHKIT_SCORE_ROWS_H
#define SEARCHKIT_SCORE_ROWS_H

#include "python_api.h"

/* A method of Segments. */
PyObject *segments_fill(PyObject *self, PyObject *args);

#endif
