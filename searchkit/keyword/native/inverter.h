/* Inverter: the postings of every term, from the tokens of chunks in order. */
#ifndef SEARCHKIT_INVERTER_H
#define SEARCHKIT_INVERTER_H

#include "python_api.h"

PyObject *native_invert(PyObject *module, PyObject *args);

#endif
