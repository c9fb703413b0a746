/* SPDX-License-Identifier: ISC */
#include "supersedes.h"

#include <stdlib.h>
#include <string.h>

#include "batch_private.h"

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static enum err read_imeis(uint64_t **out, const struct roster *roster, struct fault *fault)
{
	size_t count = roster_count(roster);
	struct roster_reader *reader;
	struct roster_row row;
	enum err err = roster_reader_new(&reader, roster, fault);

	*out = calloc(count + 1, sizeof **out);
	if (err == ERR_OK && *out == NULL)
		err = fault_memory(fault);
	for (size_t i = 0; i < count && err == ERR_OK; i++) {
		err = roster_row(&row, reader, i, fault);
		if (err == ERR_OK)
			(*out)[i] = imei_number(row.imei);
	}
	if (err == ERR_OK)
		qsort(*out, count, sizeof **out, compare_numbers);
	roster_reader_free(&reader);
	return err;
}

static enum err check_once(const struct manifest_supersede *items, size_t count, const char *batch,
    struct fault *fault)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(items[i].manifest_sha256, items[count].manifest_sha256, HASH_SIZE) == 0)
			return fault_set(fault, ERR_CANNOT, "supersede-twice", "--supersede",
			    "batch %s is named twice", batch);
	return ERR_OK;
}

static enum err fill(struct list *out, struct ledger *ledger, const uint64_t *imeis, size_t count,
    const struct compile_request *request, struct fault *fault)
{
	struct manifest_supersede *items = out->items;
	enum err err = ERR_OK;

	for (size_t i = 0; i < request->supersede_count && err == ERR_OK; i++) {
		err = ledger_supersede(&items[i], ledger, request->supersede[i], imeis, count, fault);
		if (err != ERR_OK)
			return err;
		out->count++;
		text_copy(items[i].reason, sizeof items[i].reason, bytes_of(request->reason)); /* was checked */
		err = check_once(items, i, request->supersede[i], fault);
	}
	return err;
}

enum err supersedes_make(struct list *out, struct ledger *ledger, const struct roster *roster,
    const struct compile_request *request, struct fault *fault)
{
	uint64_t *imeis = NULL;
	enum err err;

	*out = (struct list){0};
	if (request->supersede_count == 0)
		return ERR_OK;
	out->items = calloc(request->supersede_count, sizeof(struct manifest_supersede));
	if (out->items == NULL)
		return fault_memory(fault);
	err = read_imeis(&imeis, roster, fault);
	if (err == ERR_OK)
		err = fill(out, ledger, imeis, roster_count(roster), request, fault);
	free(imeis);
	if (err != ERR_OK)
		supersedes_free(out);
	return err;
}

void supersedes_free(struct list *supersedes)
{
	struct manifest_supersede *items = supersedes->items;

	for (size_t i = 0; i < supersedes->count; i++)
		free(items[i].indices.items);
	free(items);
	*supersedes = (struct list){0};
}
