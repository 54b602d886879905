/* Token spans: where the tokens of texts stand, and their numbers. */
#ifndef SEARCHKIT_TOKEN_SPANS_H
#define SEARCHKIT_TOKEN_SPANS_H

#include "python_api.h"
#include "token_table.h"

#include <stdint.h>

typedef struct {
    uint32_t id, start, end; /* in characters */
} TokenSpan;

/* One of a list of texts, in UTF-8; 0 with an exception where it isn't text. */
int text_at(PyObject *texts, Py_ssize_t i, const uint8_t **text, uint64_t *size);
/* scan(texts, languages, wanted) of Tokens. */
PyObject *scan_texts(TokenTable *table, PyObject *args);
PyObject *native_word_bits(PyObject *module, PyObject *args);

#endif
