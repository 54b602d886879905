/* Module state: the types of the extension that C code asks for. */
#ifndef SEARCHKIT_MODULE_STATE_H
#define SEARCHKIT_MODULE_STATE_H

#include "python_api.h"

typedef struct {
    PyObject *field_type, *segments_type, *leaf_type;
} ModuleState;

static inline ModuleState *module_state(PyObject *module) { return PyModule_GetState(module); }

/* The same, from an instance of a type of the module. */
static inline ModuleState *module_state_of(PyObject *self) { return PyType_GetModuleState(Py_TYPE(self)); }

#endif
