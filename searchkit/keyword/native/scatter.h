#ifndef SEARCHKIT_SCATTER_H
#define SEARCHKIT_SCATTER_H

#include "postings_cursor.h"

PyObject *loops_move(PyObject *module, PyObject *args);

#endif
