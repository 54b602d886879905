#ifndef SEARCHKIT_SORT_STRINGS_H
#define SEARCHKIT_SORT_STRINGS_H

#include "postings_cursor.h"

PyObject *loops_arrange(PyObject *module, PyObject *list);

#endif
