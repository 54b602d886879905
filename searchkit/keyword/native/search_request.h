/* Search request: a query program with its leaves, filters and mask, as Python hands it over. */
#ifndef SEARCHKIT_SEARCH_REQUEST_H
#define SEARCHKIT_SEARCH_REQUEST_H

#include "buffers.h"
#include "leaf.h"
#include "python_api.h"
#include "search_state.h"
#include "segments.h"

#include <stdint.h>

/* What a search is made of: the leaves, the program's arrays, and a segment's lists and tables. */
typedef struct {
    SegmentSearch s;
    SegmentsObject *segments;
    LeafObject **leaves;
    Buffer b[5];
    Buffer mask, *filters;
    int filter_count;
    uint64_t rows; /* of all segments */
} SearchRequest;

/* Take what a program consists of, and check it; `o`: operations, steps, weights, required. 0 with an error set. */
int acquire_request(SearchRequest *request, PyObject *self, PyObject *leaves, PyObject **o, PyObject *mask,
                    PyObject *filters);
void release_request(SearchRequest *request);
/* Get ready what of the leaves needs the interpreter's lock. 0 with an error set. */
int prepare_request(SearchRequest *request);
/* Put a segment in; return 0 where something of it wasn't given, -1 where nothing can be found in it. */
int open_segment(SearchRequest *request, int number);
/* About how many nanoseconds it takes to read all postings of the leaves. */
uint64_t reading_time(const SearchRequest *request);
/* Raise TypeError: arrays that belong together don't fit. */
void raise_unfit(void);

#endif
