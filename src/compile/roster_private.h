/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_ROSTER_PRIVATE_H
#define GAPSEAL_ROSTER_PRIVATE_H

#include "gapseal/roster.h"

/* What roster_read.c fills and roster.c answers from. */
struct roster_entry {
	uint64_t imei;      /* as a number; 0: it was refused */
	uint32_t start;     /* of the line, in text */
	uint32_t line;
};
struct roster {
	char *where;
	uint8_t *text;
	size_t size;
	size_t columns;
	char names[ROSTER_COLUMNS_MAX][NAME_SIZE];
	int imei;           /* its column */
	struct roster_entry *entries;
	size_t count;
};

/* The line that starts there, without its end; *next is where the one after it does. */
struct bytes roster_line(const struct roster *roster, size_t start, size_t *next);
/* Cuts a line into fields, by libcsv if it has a quote. out->count counts all of them; only ROSTER_COLUMNS_MAX are kept.
 * ERR_NO "csv-quote": out->count fields were whole before the one it is about. */
enum err roster_cut(struct roster_row *out, struct roster_reader *reader, struct bytes line,
    struct fault *fault);

#endif
