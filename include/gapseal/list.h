/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_LIST_H
#define GAPSEAL_LIST_H

#include "gapseal/err.h"
#include "gapseal/fields.h"

/* list: what the checks of documents ask of the lists in them. */

/* The i-th element of a list of char[size]. */
const char *list_text(const struct list *list, size_t i, size_t size);
/* The i-th element of a list of uint64_t. */
uint64_t list_integer(const struct list *list, size_t i);
/* Is a list of uint64_t strictly ascending (so without repeats)? */
bool list_ascending(const struct list *list);
/* Is value in a strictly ascending list of uint64_t? */
bool list_holds(const struct list *list, uint64_t value);
/* Is text in a list of char[size]? */
bool list_holds_text(const struct list *list, const char *text, size_t size);

/* Appends text to a buffer of char[size], with zeros to the end; text is shorter than size. */
void list_collect(struct buffer *out, const char *text, size_t size);
/* Does anything stand twice in a buffer of elements of size bytes each? Sorts it. */
bool list_repeats(struct buffer *elements, size_t size);
/* The same of a list of char[size]. ERR_CANNOT "memory". */
enum err list_repeats_text(bool *out, const struct list *list, size_t size, struct fault *fault);

/* Where an element stands, for places in faults: "trust.json: officers[2]". */
void list_place(char out[static FAULT_WHERE_MAX], const char *where, const char *list, size_t i);

#endif
