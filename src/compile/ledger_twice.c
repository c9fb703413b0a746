/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "ledger_private.h"

#define DEVICES_HELD (1u << 18)  /* of all batches together, where there are not too many */
#define PIECE_MIN 64             /* devices of one batch, however many there are */
#define NEVER UINT32_MAX

/* A production batch, read from its first IMEI to its last. Batches are numbered as they were committed. */
struct stream {
	uint64_t row;
	uint8_t manifest[HASH_SIZE];
	char id[NAME_SIZE];
	char *slots;
	uint64_t count, read;        /* devices of the batch, and of those how many were read */
	size_t held, next;           /* in the piece */
	uint64_t *imeis;
	uint32_t *indices;
	bool looked;                 /* whether what superseded it is known: */
	uint32_t whole;              /* the number of the first batch that supersedes all of it */
	uint32_t *since;             /* or an index of it; NULL: none is superseded by itself */
};

struct merge {
	struct ledger *ledger;
	struct stream *streams;
	size_t count;
	size_t piece;
	uint64_t *imeis;             /* of all streams */
	uint32_t *indices;
	uint32_t *heap;              /* numbers of streams that go on, the lowest IMEI first */
	size_t waiting;
	uint32_t *group;             /* those that have one IMEI, ascending */
};

static void merge_end(struct merge *merge)
{
	for (size_t i = 0; i < merge->count; i++) {
		free(merge->streams[i].slots);
		free(merge->streams[i].since);
	}
	free(merge->streams);
	free(merge->imeis);
	free(merge->indices);
	free(merge->heap);
	free(merge->group);
}

static enum err take_stream(struct stream *out, const struct query *query, struct fault *fault)
{
	struct bytes manifest = query_bytes(query, 2);
	struct bytes slots = bytes_of(query_string(query, 4));

	*out = (struct stream){.row = query_number(query, 0), .count = query_number(query, 3),
		.whole = NEVER, .slots = malloc(slots.size + 1)};
	if (out->slots == NULL)
		return fault_memory(fault);
	text_copy(out->slots, slots.size + 1, slots);
	if (manifest.size != HASH_SIZE ||
	    !text_copy(out->id, sizeof out->id, bytes_of(query_string(query, 1))))
		return ledger_broken(query->ledger, "a batch without a name or a manifest", "", fault);
	memcpy(out->manifest, manifest.data, HASH_SIZE);
	return ERR_OK;
}

static enum err take_streams(struct merge *merge, size_t count, struct fault *fault)
{
	struct query query = query_begin(merge->ledger,
	    "SELECT rowid, id, manifest, count, slots FROM batches WHERE purpose = 0 ORDER BY rowid");
	enum err err = ERR_OK;

	while (err == ERR_OK && query_row(&query) && merge->count < count)
		err = take_stream(&merge->streams[merge->count++], &query, fault);
	return query_close(&query, err, fault);
}

static enum err merge_begin(struct merge *merge, struct fault *fault)
{
	struct query query = query_begin(merge->ledger, "SELECT count(*) FROM batches WHERE purpose = 0");
	uint64_t count = 0;
	enum err err = query_value(&query, &count, fault);

	if (err != ERR_OK)
		return err;
	merge->piece = (size_t)(DEVICES_HELD / (count + 1));
	if (merge->piece < PIECE_MIN)
		merge->piece = PIECE_MIN;
	merge->streams = calloc((size_t)count + 1, sizeof *merge->streams);
	merge->imeis = calloc((size_t)count + 1, merge->piece * sizeof *merge->imeis);
	merge->indices = calloc((size_t)count + 1, merge->piece * sizeof *merge->indices);
	merge->heap = calloc((size_t)count + 1, sizeof *merge->heap);
	merge->group = calloc((size_t)count + 1, sizeof *merge->group);
	if (merge->streams == NULL || merge->imeis == NULL || merge->indices == NULL || merge->heap == NULL ||
	    merge->group == NULL)
		return fault_memory(fault);
	err = take_streams(merge, (size_t)count, fault);
	for (size_t i = 0; i < merge->count; i++) {
		merge->streams[i].imeis = merge->imeis + i * merge->piece;
		merge->streams[i].indices = merge->indices + i * merge->piece;
	}
	return err;
}

/* Reads on if the piece in hand is used up. Whether there is a device: next < held. */
static enum err fill(struct merge *merge, struct stream *stream, struct fault *fault)
{
	uint64_t left = stream->count - stream->read;
	enum err err;

	if (stream->next < stream->held || left == 0)
		return ERR_OK;
	stream->next = 0;
	stream->held = left < merge->piece ? (size_t)left : merge->piece;
	err = ledger_read_devices(merge->ledger, stream->row, stream->read, stream->imeis, stream->indices,
	    stream->held, fault);
	stream->read += stream->held;
	return err;
}

/* By IMEI, and of equal ones in the order of batches. */
static bool before(const struct merge *merge, uint32_t a, uint32_t b)
{
	const struct stream *left = &merge->streams[a], *right = &merge->streams[b];
	uint64_t x = left->imeis[left->next], y = right->imeis[right->next];

	return x != y ? x < y : a < b;
}

static void push(struct merge *merge, uint32_t number)
{
	size_t at = merge->waiting++;

	for (; at > 0 && before(merge, number, merge->heap[(at - 1) / 2]); at = (at - 1) / 2)
		merge->heap[at] = merge->heap[(at - 1) / 2];
	merge->heap[at] = number;
}

static uint32_t pop(struct merge *merge)
{
	uint32_t first = merge->heap[0], last = merge->heap[--merge->waiting];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < merge->waiting) {
		if (child + 1 < merge->waiting && before(merge, merge->heap[child + 1], merge->heap[child]))
			child++;
		if (before(merge, last, merge->heap[child]))
			break;
		merge->heap[at] = merge->heap[child];
		at = child;
	}
	merge->heap[at] = last;
	return first;
}

/* The number of the batch in a row, or NEVER. */
static uint32_t number_of(const struct merge *merge, uint64_t row)
{
	size_t low = 0, high = merge->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (merge->streams[middle].row < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low < merge->count && merge->streams[low].row == row ? (uint32_t)low : NEVER;
}

/* The indices that a batch supersedes; those before it stand already. */
static enum err add_indices(struct stream *stream, struct bytes indices, uint32_t number, struct fault *fault)
{
	struct cursor cursor = cursor_of(indices);
	uint32_t index;

	if (indices.size > 0 && stream->since == NULL) {
		stream->since = malloc(((size_t)stream->count + 1) * sizeof *stream->since);
		if (stream->since == NULL)
			return fault_memory(fault);
		memset(stream->since, 0xff, ((size_t)stream->count + 1) * sizeof *stream->since); /* NEVER */
	}
	while (take_u32(&cursor, &index))
		if (index < stream->count && number < stream->since[index])
			stream->since[index] = number;
	return ERR_OK;
}

static enum err look(struct merge *merge, struct stream *stream, struct fault *fault)
{
	struct query query;
	enum err err = ERR_OK;

	if (stream->looked)
		return ERR_OK;
	stream->looked = true;
	query = query_begin(merge->ledger, "SELECT batches.rowid, whole, supersedes.indices FROM supersedes"
	    " JOIN batches ON batches.id = supersedes.batch WHERE supersedes.manifest = ?");
	query_hash(&query, stream->manifest);
	while (err == ERR_OK && query_row(&query)) {
		uint32_t number = number_of(merge, query_number(&query, 0));

		if (query_number(&query, 1) != 0 && number < stream->whole)
			stream->whole = number;
		err = add_indices(stream, query_bytes(&query, 2), number, fault);
	}
	return query_close(&query, err, fault);
}

/* Whether the device in hand of an earlier batch was free when the later one was made. */
static bool was_free(const struct stream *earlier, uint32_t later)
{
	return earlier->whole <= later ||
	    (earlier->since != NULL && earlier->since[earlier->indices[earlier->next]] <= later);
}

static enum err check_pair(const struct merge *merge, const struct stream *earlier, uint32_t later,
    struct fault *fault)
{
	const struct stream *stream = &merge->streams[later];

	if (was_free(earlier, later) || !slots_meet(earlier->slots, stream->slots))
		return ERR_OK;
	return ledger_broken(merge->ledger, "a batch with slots of an earlier one that it does not supersede",
	    stream->id, fault);
}

/* One device, in all the batches that have it. */
static enum err check_group(struct merge *merge, size_t count, struct fault *fault)
{
	struct stream *streams = merge->streams;
	enum err err = ERR_OK;

	for (size_t i = 0; count > 1 && i < count && err == ERR_OK; i++)
		err = look(merge, &streams[merge->group[i]], fault);
	for (size_t i = 1; i < count && err == ERR_OK; i++)
		for (size_t k = 0; k < i && err == ERR_OK; k++)
			err = check_pair(merge, &streams[merge->group[k]], merge->group[i], fault);
	return err;
}

/* The devices with the lowest IMEI that is left. */
static size_t take_group(struct merge *merge)
{
	const struct stream *first = &merge->streams[merge->heap[0]], *stream = first;
	uint64_t imei = first->imeis[first->next];
	size_t count = 0;

	while (merge->waiting > 0) {
		stream = &merge->streams[merge->heap[0]];
		if (stream->imeis[stream->next] != imei)
			break;
		merge->group[count++] = pop(merge);
	}
	return count;
}

static enum err go_on(struct merge *merge, uint32_t number, struct fault *fault)
{
	struct stream *stream = &merge->streams[number];
	enum err err = fill(merge, stream, fault);

	if (err == ERR_OK && stream->next < stream->held)
		push(merge, number);
	return err;
}

static enum err run(struct merge *merge, struct fault *fault)
{
	enum err err = merge_begin(merge, fault);

	for (size_t i = 0; i < merge->count && err == ERR_OK; i++)
		err = go_on(merge, (uint32_t)i, fault);
	while (err == ERR_OK && merge->waiting > 0) {
		size_t count = take_group(merge);

		err = check_group(merge, count, fault);
		for (size_t i = 0; i < count && err == ERR_OK; i++) {
			merge->streams[merge->group[i]].next++;
			err = go_on(merge, merge->group[i], fault);
		}
	}
	return err;
}

enum err ledger_check_twice(struct ledger *ledger, struct fault *fault)
{
	struct merge merge = {.ledger = ledger};
	enum err err = run(&merge, fault);

	merge_end(&merge);
	return err;
}
