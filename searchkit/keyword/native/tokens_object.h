/* Tokens object: the Python class of a table of tokens. */
#ifndef SEARCHKIT_TOKENS_OBJECT_H
#define SEARCHKIT_TOKENS_OBJECT_H

#include "python_api.h"

extern PyType_Spec tokens_spec;

#endif
