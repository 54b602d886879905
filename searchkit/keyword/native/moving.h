#ifndef SEARCHKIT_MOVING_H
#define SEARCHKIT_MOVING_H

#include "lists.h"

PyObject *loops_move(PyObject *module, PyObject *args);

#endif
