/* Status: what most loops return. */
#ifndef SEARCHKIT_STATUS_H
#define SEARCHKIT_STATUS_H

/* Done, or why not: postings or words that aren't what they should be, or no memory. */
enum { DONE = 0, DAMAGED = 1, NO_MEMORY = 2 };

#endif
