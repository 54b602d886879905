/* Tokens object: takes texts in, hands numbers and new tokens out. */
#include "tokens_object.h"
#include "token_spans.h"
#include "token_table.h"
#include "tokenizer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    PyObject_HEAD
    TokenTable table;
} TokensObject;

static TokenTable *table_of(PyObject *self) { return &((TokensObject *)self)->table; }

static void tokens_dealloc(PyObject *self) {
    free_token_table(table_of(self));
    free_instance(self);
}

/* add(text, language): take a text in (str, or bytes of UTF-8); return how many tokens it has. */
static PyObject *tokens_add(PyObject *self, PyObject *args) {
    const char *text;
    Py_ssize_t size;
    unsigned int language;
    if (!PyArg_ParseTuple(args, "s#I", &text, &size, &language)) return NULL;
    TokenTable *table = table_of(self);
    uint64_t before = table->count;
    if (!tokenize_text(table, (const uint8_t *)text, (uint64_t)size, language)) return PyErr_NoMemory();
    return PyLong_FromUnsignedLongLong(table->count - before);
}

/* add_token(token, language): take one token in. */
static PyObject *tokens_add_token(PyObject *self, PyObject *args) {
    const char *token;
    Py_ssize_t size;
    unsigned int language;
    if (!PyArg_ParseTuple(args, "s#I", &token, &size, &language)) return NULL;
    if (!tokenize_token(table_of(self), (const uint8_t *)token, (uint64_t)size, language)) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* fresh(): the languages, 32 bits each, and the tokens that are new since it was last asked. */
static PyObject *tokens_fresh(PyObject *self, PyObject *nothing) {
    (void)nothing;
    TokenTable *table = table_of(self);
    Py_ssize_t n = (Py_ssize_t)(table->kinds - table->reported_kinds);
    PyObject *languages = PyBytes_FromStringAndSize(NULL, 4 * n), *tokens = PyList_New(n);
    if (!languages || !tokens) goto failed;
    char *to = PyBytes_AsString(languages);
    uint64_t at = table->reported;
    for (Py_ssize_t i = 0; i < n; i++) {
        uint32_t head[2];
        memcpy(head, table->keys + at, 8);
        memcpy(to + 4 * i, head + 1, 4);
        PyObject *token = PyUnicode_DecodeUTF8((const char *)table->keys + at + 8, head[0], "surrogatepass");
        if (!token) goto failed;
        PyList_SetItem(tokens, i, token);
        at += 8 + (uint64_t)head[0];
    }
    table->reported = at;
    table->reported_kinds = table->kinds;
    return Py_BuildValue("(NN)", languages, tokens);
failed:
    Py_XDECREF(languages);
    Py_XDECREF(tokens);
    return NULL;
}

/* take(): the numbers, 32 bits each, of the tokens that were taken in since it was last asked. */
static PyObject *tokens_take(PyObject *self, PyObject *nothing) {
    (void)nothing;
    TokenTable *table = table_of(self);
    PyObject *ids = PyBytes_FromStringAndSize((const char *)table->ids, (Py_ssize_t)(4 * table->count));
    if (!ids) return NULL;
    free(table->ids);
    table->ids = NULL;
    table->count = table->room = 0;
    return ids;
}

static PyObject *tokens_scan(PyObject *self, PyObject *args) { return scan_texts(table_of(self), args); }

static Py_ssize_t tokens_length(PyObject *self) { return (Py_ssize_t)table_of(self)->kinds; }

static PyMethodDef tokens_methods[] = {
    {"add", tokens_add, METH_VARARGS, NULL},    {"add_token", tokens_add_token, METH_VARARGS, NULL},
    {"fresh", tokens_fresh, METH_NOARGS, NULL}, {"take", tokens_take, METH_NOARGS, NULL},
    {"scan", tokens_scan, METH_VARARGS, NULL},  {NULL, NULL, 0, NULL},
};
static PyType_Slot tokens_slots[] = {
    {Py_tp_doc, "The distinct tokens of texts, with their numbers."},
    {Py_tp_dealloc, tokens_dealloc},
    {Py_tp_methods, tokens_methods},
    {Py_sq_length, tokens_length},
    {0, NULL},
};
PyType_Spec tokens_spec = {"searchkit._native.Tokens", sizeof(TokensObject), 0, Py_TPFLAGS_DEFAULT, tokens_slots};
