/* Term match: the words that fit a pattern or a misspelling, and where their terms stand. */
#ifndef SEARCHKIT_TERM_MATCH_H
#define SEARCHKIT_TERM_MATCH_H

#include "python_api.h"

/* Methods of Segments. */
PyObject *segments_words(PyObject *self, PyObject *args);
PyObject *segments_union(PyObject *self, PyObject *args);
PyObject *segments_together(PyObject *self, PyObject *args);

#endif
