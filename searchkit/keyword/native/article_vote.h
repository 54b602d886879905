/* Article vote: an article's score, from those of its chunks. */
#ifndef SEARCHKIT_ARTICLE_VOTE_H
#define SEARCHKIT_ARTICLE_VOTE_H

#include "python_api.h"

/* A method of Segments. */
PyObject *segments_voted(PyObject *self, PyObject *args);
PyObject *native_vote(PyObject *module, PyObject *args);

#endif
