/* Near rows: for each of some rows of whole numbers the nearest others. */
#ifndef SEARCHKIT_NEAR_ROWS_H
#define SEARCHKIT_NEAR_ROWS_H

#include "python_api.h"

PyObject *native_near_rows(PyObject *module, PyObject *args);

#endif
