/* Code scan: the rows of a matrix at 8 bits a value that come nearest to a query. */
#ifndef SEARCHKIT_CODE_SCAN_H
#define SEARCHKIT_CODE_SCAN_H

#include "python_api.h"

PyObject *native_nearest_codes(PyObject *module, PyObject *args);

#endif
