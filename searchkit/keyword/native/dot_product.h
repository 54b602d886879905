/* Dot product: inner products of a vector with the rows of a matrix. */
#ifndef SEARCHKIT_DOT_PRODUCT_H
#define SEARCHKIT_DOT_PRODUCT_H

#include "python_api.h"

PyObject *native_products(PyObject *module, PyObject *args);
PyObject *native_similarity(PyObject *module, PyObject *args);

#endif
