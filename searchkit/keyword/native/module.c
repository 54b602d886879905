/* Module: the Python names of the extension, functions, classes and methods. */
#include "article_vote.h"
#include "bitpacking.h"
#include "code_scan.h"
#include "common_rows.h"
#include "dot_product.h"
#include "highlight.h"
#include "inverter.h"
#include "leaf.h"
#include "match_count.h"
#include "module_state.h"
#include "near_rows.h"
#include "postings_cursor.h"
#include "postings_field.h"
#include "python_api.h"
#include "scatter.h"
#include "score_rows.h"
#include "segments.h"
#include "string_table.h"
#include "term_match.h"
#include "token_spans.h"
#include "tokens_object.h"
#include "topk.h"
#include "word_search.h"

#include <stddef.h>

static PyMethodDef methods[] = {
    {"vote", native_vote, METH_VARARGS, NULL},
    {"invert", native_invert, METH_VARARGS, NULL},
    {"arrange", native_arrange, METH_O, NULL},
    {"move", native_move, METH_VARARGS, NULL},
    {"decode", native_decode, METH_VARARGS, NULL},
    {"mark", native_mark, METH_VARARGS, NULL},
    {"pack", native_pack, METH_O, NULL},
    {"pack_positions", native_pack_positions, METH_VARARGS, NULL},
    {"find", native_find, METH_VARARGS, NULL},
    {"near", native_near, METH_VARARGS, NULL},
    {"fitting", native_fitting, METH_VARARGS, NULL},
    {"strings", native_strings, METH_VARARGS, NULL},
    {"products", native_products, METH_VARARGS, NULL},
    {"similarity", native_similarity, METH_VARARGS, NULL},
    {"nearest_codes", native_nearest_codes, METH_VARARGS, NULL},
    {"near_rows", native_near_rows, METH_VARARGS, NULL},
    {"windows", native_windows, METH_VARARGS, NULL},
    {"word_bits", native_word_bits, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMethodDef segments_methods[] = {
    {"set_table", segments_set_table, METH_VARARGS, NULL}, {"set_articles", segments_set_articles, METH_VARARGS, NULL},
    {"set_words", segments_set_words, METH_VARARGS, NULL}, {"term", segments_term, METH_VARARGS, NULL},
    {"forms", segments_forms, METH_VARARGS, NULL},         {"phrase", segments_phrase, METH_VARARGS, NULL},
    {"together", segments_together, METH_VARARGS, NULL},   {"words", segments_words, METH_VARARGS, NULL},
    {"union", segments_union, METH_VARARGS, NULL},         {"preferring", segments_preferring, METH_VARARGS, NULL},
    {"best", segments_best, METH_VARARGS, NULL},           {"fill", segments_fill, METH_VARARGS, NULL},
    {"voted", segments_voted, METH_VARARGS, NULL},         {"count", segments_count, METH_VARARGS, NULL},
    {"common_rows", segments_common_rows, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot segments_slots[] = {
    {Py_tp_doc, "The segments of a generation, for the loops."},
    {Py_tp_new, segments_new},
    {Py_tp_dealloc, segments_dealloc},
    {Py_tp_methods, segments_methods},
    {0, NULL},
};
static PyType_Spec segments_spec = {"searchkit._native.Segments", sizeof(SegmentsObject), 0, Py_TPFLAGS_DEFAULT,
                                    segments_slots};

static int add_segments(PyObject *module, ModuleState *state) {
    state->segments_type = PyType_FromModuleAndSpec(module, &segments_spec, NULL);
    state->leaf_type = PyType_FromModuleAndSpec(module, &leaf_spec, NULL);
    if (!state->segments_type || !state->leaf_type) return 0;
    Py_INCREF(state->segments_type);
    if (PyModule_AddObject(module, "Segments", state->segments_type) < 0) return 0;
    Py_INCREF(state->leaf_type);
    return PyModule_AddObject(module, "Leaf", state->leaf_type) == 0;
}

static int module_exec(PyObject *module) {
    ModuleState *state = module_state(module);
    state->field_type = PyType_FromModuleAndSpec(module, &field_spec, NULL);
    if (!state->field_type) return -1;
    Py_INCREF(state->field_type);
    if (PyModule_AddObject(module, "Field", state->field_type) < 0) return -1;
    if (PyModule_AddObject(module, "Tokens", PyType_FromModuleAndSpec(module, &tokens_spec, NULL)) < 0) return -1;
    return add_segments(module, state) ? 0 : -1;
}

static int module_clear(PyObject *module) {
    Py_CLEAR(module_state(module)->field_type);
    Py_CLEAR(module_state(module)->segments_type);
    Py_CLEAR(module_state(module)->leaf_type);
    return 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, module_exec}, {0, NULL}};
static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,         .m_name = "_native",  .m_doc = "The keyword leg's loops.",
    .m_size = sizeof(ModuleState), .m_methods = methods, .m_slots = slots,
    .m_clear = module_clear,
};

PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&module); }
