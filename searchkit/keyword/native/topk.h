/* Top k: the best rows of all segments. */
#ifndef SEARCHKIT_TOPK_H
#define SEARCHKIT_TOPK_H

#include "python_api.h"

/* A method of Segments. */
PyObject *segments_best(PyObject *self, PyObject *args);

#endif
