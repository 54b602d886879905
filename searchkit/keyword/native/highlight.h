/* Highlight: which part of each text is shown, and what is marked in it. */
#ifndef SEARCHKIT_HIGHLIGHT_H
#define SEARCHKIT_HIGHLIGHT_H

#include "python_api.h"

PyObject *native_windows(PyObject *module, PyObject *args);

#endif
