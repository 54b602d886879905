/* Tokenizer: cuts a text at its spaces, and looks each token up in a table. */
#ifndef SEARCHKIT_TOKENIZER_H
#define SEARCHKIT_TOKENIZER_H

#include "token_table.h"

#include <stdint.h>

/* Take the tokens of a text in UTF-8 in. 0: no memory. */
int tokenize_text(TokenTable *table, const uint8_t *text, uint64_t size, uint32_t language);
/* Take one token in. 0: no memory. */
int tokenize_token(TokenTable *table, const uint8_t *token, uint64_t size, uint32_t language);

#endif
