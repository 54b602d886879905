/* Errors: the Python exceptions of a status. */
#ifndef SEARCHKIT_ERRORS_H
#define SEARCHKIT_ERRORS_H

#include "python_api.h"

/* Raise what a status says: ValueError for DAMAGED, or MemoryError; return NULL. */
PyObject *raise_failure(int failed);
/* The same, with the number of the segment as the error's second argument. */
PyObject *raise_damaged(int failed, int number);

#endif
