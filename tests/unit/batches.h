/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_BATCHES_H
#define GAPSEAL_BATCHES_H

/* What the tests of manifests, records and grants share: a batch of seven devices in three lots, cut into
 * two files. After officers.h. */
#include "gapseal/manifest.h"
#include "gapseal/tree.h"

#define BATCH_COUNT 7
#define BATCH_STRIDE 192
#define BATCH_PEM "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

/* Record i: a tag that ascends within its lot (0-2, 3-3, 4-6), then bytes that tell records apart. */
static inline void batch_record(uint8_t out[static BATCH_STRIDE], uint64_t i)
{
	static const uint8_t first[BATCH_COUNT] = {0x10, 0x20, 0xf0, 0x00, 0x00, 0x00, 0x80};

	for (size_t j = 0; j < BATCH_STRIDE; j++)
		out[j] = (uint8_t)(i * 31 + j);
	memset(out, 0, RECORD_TAG_SIZE);
	out[0] = first[i];
	out[RECORD_TAG_SIZE - 1] = (uint8_t)i;
}


static inline void add_lot(struct manifest_fields *fields, const char *name, uint64_t count)
{
	struct manifest_lot *lot = list_grow(&fields->lots, sizeof *lot);

	snprintf(lot->name, sizeof lot->name, "%s", name);
	memset(lot->check, (int)fields->lots.count, HASH_SIZE);
	lot->first = fields->count;
	lot->count = count;
	fields->count += count;
}

static inline void add_slot(struct manifest_fields *fields, uint64_t tag, uint64_t type,
    enum slot_state state)
{
	struct manifest_slot *slot = list_grow(&fields->policy.slots, sizeof *slot);

	slot->tag = tag;
	slot->type = type;
	slot->state = state;
}

static inline void add_common(struct manifest_fields *fields, enum line_ending ending)
{
	struct manifest_common *common = list_grow(&fields->common, sizeof *common);

	common->text = strdup(BATCH_PEM);
	common->line_ending = ending;
	hash_bytes(common->digest, bytes_of(ending == LINE_ENDING_LF ? BATCH_PEM :
	    "-----BEGIN CERTIFICATE-----\r\nMIIB\r\n-----END CERTIFICATE-----\r\n"));
}

/* The file of `count` records from the first on. */
static inline void add_file(struct manifest_fields *fields, uint64_t first, uint64_t count)
{
	struct manifest_file *file = list_grow(&fields->files, sizeof *file);
	uint8_t record[BATCH_STRIDE];
	struct hash hash;

	hash_begin(&hash);
	for (uint64_t i = 0; i < count; i++) {
		batch_record(record, first + i);
		hash_add(&hash, bytes_from(record, sizeof record));
	}
	hash_end(&hash, file->sha256);
	file->bytes = count * BATCH_STRIDE;
}

static inline void batch_root(uint8_t out[static HASH_SIZE])
{
	uint8_t record[BATCH_STRIDE], leaf[HASH_SIZE];
	struct tree tree = {0};

	for (uint64_t i = 0; i < BATCH_COUNT; i++) {
		batch_record(record, i);
		hash_leaf(leaf, bytes_from(record, sizeof record));
		tree_push(&tree, leaf);
	}
	tree_root(&tree, out);
}

/* Free with json_free. */
static inline void specimen_manifest(struct manifest_fields *out)
{
	memset(out, 0, sizeof *out);
	snprintf(out->org, sizeof out->org, "acme");
	snprintf(out->batch, sizeof out->batch, "b-1");
	snprintf(out->issued, sizeof out->issued, "2026-07-01T09:00:00Z");
	snprintf(out->series, sizeof out->series, "acme");
	snprintf(out->title, sizeof out->title, "First run, 7 trackers");
	snprintf(out->tool, sizeof out->tool, "gapseal 1.0");
	out->kind = KIND_FULL;
	out->seq = 12;
	out->trust = 1;
	out->stride = BATCH_STRIDE;
	*(uint64_t *)list_grow(&out->abandoned, sizeof(uint64_t)) = 10;
	*(uint64_t *)list_grow(&out->abandoned, sizeof(uint64_t)) = 11;
	add_lot(out, "wo-1", 3);
	add_lot(out, "wo-2", 1);
	add_lot(out, "wo-3", 3);
	add_file(out, 0, 5);
	add_file(out, 5, 2);
	add_common(out, LINE_ENDING_LF);
	add_common(out, LINE_ENDING_CRLF);
	batch_root(out->root);
	specimen_recipient(list_grow(&out->master_recipients, RECIPIENT_SIZE), 20);
	out->policy.attempts = 3;
	out->policy.existing = EXISTING_REPLACE;
	out->policy.rework = REWORK_NEVER;
	snprintf(out->policy.minimum_firmware, sizeof out->policy.minimum_firmware, "1.3.2");
	snprintf(list_grow(&out->policy.families, NAME_SIZE), NAME_SIZE, "nrf91x1");
	*(unsigned *)list_grow(&out->policy.digest_forms, sizeof(unsigned)) = DIGEST_EXACT;
	add_slot(out, 42, 0, SLOT_DIGEST);
	add_slot(out, 42, 1, SLOT_PRESENT);
	add_slot(out, 43, 0, SLOT_ABSENT);
}

static inline void manifest_document(struct document *out, const struct manifest_fields *fields)
{
	struct buffer text = BUFFER_EMPTY;

	json_write(&text, &manifest_shape, fields);
	document_of(out, MANIFEST_NAME, buffer_bytes(&text));
	buffer_free(&text);
}

#endif
