#ifndef SEARCHKIT_ARRANGING_H
#define SEARCHKIT_ARRANGING_H

#include "lists.h"

PyObject *loops_arrange(PyObject *module, PyObject *list);

#endif
