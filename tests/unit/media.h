/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_MEDIA_H
#define GAPSEAL_MEDIA_H

/* What an office brings to a station: trust files, batch folders and grant folders, signed and sealed for
 * the enrolled home. After officers.h and stations.h. */
#include <sys/stat.h>

#include "gapseal/age.h"
#include "gapseal/extract.h"
#include "gapseal/grant.h"
#include "gapseal/keys.h"
#include "gapseal/tree.h"

#define MEDIA_STRIDE 192
#define MEDIA_LOTS_MAX 64

static struct trust *media_trust; /* the newest made */

static inline void media_write(const char *folder, const char *name, struct bytes text)
{
	char full[700];

	snprintf(full, sizeof full, "%s/%s", folder, name);
	assert_int_equal(file_write(AT_FDCWD, full, text, 0600, true, &fault), ERR_OK);
}

static inline struct buffer media_read(const char *folder, const char *name)
{
	struct buffer out = BUFFER_EMPTY;
	char full[700];

	snprintf(full, sizeof full, "%s/%s", folder, name);
	assert_int_equal(file_read(&out, AT_FDCWD, full, 1 << 26, &fault), ERR_OK);
	return out;
}

static inline void media_folder(const char *folder)
{
	assert_true(mkdir(folder, 0700) == 0 || file_exists(AT_FDCWD, folder));
}

static inline void media_document(const char *folder, const char *name, const struct document *document)
{
	media_write(folder, name, buffer_bytes(&document->text));
	for (size_t i = 0; i < document->count; i++) {
		char signature[300];

		snprintf(signature, sizeof signature, "%s.%s.minisig", name, document->signatures[i].key_id);
		media_write(folder, signature, buffer_bytes(&document->signatures[i].text));
	}
}

/* One more signature on a document made before; its file's name goes to name. */
static inline void media_sign(char name[static DOCUMENT_PLACE_SIZE], const char *folder,
    const char *document_name, size_t officer, const char *type, const char *id)
{
	struct document document;
	int opened;

	assert_int_equal(folder_open(&opened, AT_FDCWD, folder, &fault), ERR_OK);
	assert_int_equal(document_load(&document, opened, document_name, &fault), ERR_OK);
	close(opened);
	sign(&document, officer, type, id);
	document_signature_place(name, &document, document.count - 1);
	media_write(folder, name, buffer_bytes(&document.signatures[document.count - 1].text));
	document_free(&document);
}

/* What the home is known by. */
static inline void media_own(char recipient[static RECIPIENT_SIZE], char log_key[static NOTE_VKEY_MAX])
{
	struct recipient own;
	struct secret *key;

	assert_int_equal(home_identity(&key, &home, &fault), ERR_OK);
	age_identity_recipient(&own, key);
	recipient_print(recipient, &own);
	note_key_print(log_key, signer_key(signer));
	secret_free(&key);
}

/* The next version of trust, in which line1 is this home; hash is its fingerprint. alter may be NULL. */
static inline void media_make_trust(uint8_t hash[static HASH_SIZE], const char *folder, const char *name,
    void (*alter)(struct trust_fields *fields))
{
	struct trust_fields fields;
	struct document document;
	struct trust *next;

	specimen_trust(&fields);
	media_own(station_at(&fields, 0)->recipient, station_at(&fields, 0)->log_key);
	if (media_trust != NULL) {
		fields.version = trust_get(media_trust)->version + 1;
		hex_encode(fields.prev, bytes_from(trust_hash(media_trust), HASH_SIZE));
	}
	if (alter != NULL)
		alter(&fields);
	trust_document(&document, &fields);
	sign_trust(&document, ANNA, fields.version);
	/* Bert, unless he is the one who is compromised */
	sign_trust(&document, officer_at(&fields, BERT)->status == OFFICER_ACTIVE ? BERT : CLEO,
	    fields.version);
	memcpy(hash, document.hash, HASH_SIZE);
	media_document(folder, name, &document);
	if (trust_open(&next, &document, media_trust, &fault) == ERR_OK) {
		trust_free(&media_trust);
		media_trust = next;
	}
	document_free(&document);
	json_free(&fields, &trust_shape);
}

struct media_batch {
	const char *id;
	const char *issued;
	uint64_t count;
	uint64_t lot_size;
	uint64_t file_records;       /* records in each file */
	uint64_t seq;
	bool one_signature;
	enum purpose purpose;
	enum rework rework;
};
static const struct media_batch small_batch = {
	.id = "b-1", .issued = "2026-07-01T09:00:00Z", .count = 7, .lot_size = 3, .file_records = 5, .seq = 1,
};

static inline void media_lot_key(uint8_t out[static KEY_SIZE], const struct media_batch *batch, uint32_t lot)
{
	memset(out, 0x40 + (int)lot, KEY_SIZE);
	out[0] = (uint8_t)batch->seq;
}

/* The tag of an index: spread out, ascending within a lot. */
static inline void media_tag(uint8_t out[static RECORD_TAG_SIZE], const struct media_batch *batch,
    uint64_t index)
{
	uint64_t in_lot = index % batch->lot_size;

	memset(out, 0, RECORD_TAG_SIZE);
	out[0] = (uint8_t)((2 * in_lot + 1) >> 8);
	out[1] = (uint8_t)(2 * in_lot + 1);
	out[2] = (uint8_t)(index * 77);
	out[15] = (uint8_t)batch->seq;
}

static inline void media_record(uint8_t out[static MEDIA_STRIDE], const struct media_batch *batch,
    uint64_t index)
{
	uint8_t lot[KEY_SIZE], root[KEY_SIZE];
	struct record_keys keys;

	for (size_t i = 0; i < MEDIA_STRIDE; i++)
		out[i] = (uint8_t)(index * 31 + i + batch->seq);
	media_lot_key(lot, batch, (uint32_t)(index / batch->lot_size));
	keys_root(root, lot, index);
	keys_record(&keys, root);
	media_tag(out, batch, index);
	memcpy(out + RECORD_COMMITMENT, keys.commitment, HASH_SIZE);
}

static inline void media_lots(struct manifest_fields *fields, const struct media_batch *batch)
{
	for (uint64_t first = 0; first < batch->count; first += batch->lot_size) {
		struct manifest_lot *lot = list_grow(&fields->lots, sizeof *lot);
		uint8_t key[KEY_SIZE];

		snprintf(lot->name, sizeof lot->name, "wo-%d", (int)fields->lots.count);
		media_lot_key(key, batch, (uint32_t)fields->lots.count - 1);
		keys_lot_check(lot->check, key);
		lot->first = first;
		lot->count = batch->count - first < batch->lot_size ? batch->count - first : batch->lot_size;
	}
}

/* Writes the records files and enters them and the root. */
static inline void media_records(struct manifest_fields *fields, const char *folder,
    const struct media_batch *batch)
{
	struct buffer records = BUFFER_EMPTY;
	uint8_t record[MEDIA_STRIDE], leaf[HASH_SIZE];
	struct tree tree = {0};

	for (uint64_t index = 0; index < batch->count; index++) {
		media_record(record, batch, index);
		buffer_put(&records, bytes_from(record, sizeof record));
		hash_leaf(leaf, bytes_from(record, sizeof record));
		tree_push(&tree, leaf);
		if (index + 1 == batch->count || (index + 1) % batch->file_records == 0) {
			struct manifest_file *file = list_grow(&fields->files, sizeof *file);
			char name[RECORDS_NAME_SIZE];

			file->bytes = records.size;
			hash_bytes(file->sha256, buffer_bytes(&records));
			records_name(name, (unsigned)fields->files.count - 1);
			media_write(folder, name, buffer_bytes(&records));
			buffer_clear(&records);
		}
	}
	tree_root(&tree, fields->root);
	buffer_free(&records);
}

static inline void media_manifest(struct manifest_fields *out, const char *folder,
    const struct media_batch *batch)
{
	struct manifest_slot *slot;

	memset(out, 0, sizeof *out);
	snprintf(out->org, sizeof out->org, "acme");
	snprintf(out->batch, sizeof out->batch, "%s", batch->id);
	snprintf(out->issued, sizeof out->issued, "%s", batch->issued);
	snprintf(out->series, sizeof out->series, "acme");
	snprintf(out->tool, sizeof out->tool, "test");
	out->kind = KIND_FULL;
	out->purpose = batch->purpose;
	out->seq = batch->seq;
	out->trust = 1;
	out->stride = MEDIA_STRIDE;
	out->count = batch->count;
	media_lots(out, batch);
	media_records(out, folder, batch);
	specimen_recipient(list_grow(&out->master_recipients, RECIPIENT_SIZE), 20);
	out->policy.attempts = 3;
	out->policy.existing = EXISTING_REPLACE;
	out->policy.rework = batch->rework;
	*(unsigned *)list_grow(&out->policy.digest_forms, sizeof(unsigned)) = DIGEST_EXACT;
	slot = list_grow(&out->policy.slots, sizeof *slot);
	*slot = (struct manifest_slot){.state = SLOT_DIGEST, .tag = 42, .type = 3};
}

static inline void media_sums(const char *folder, const struct manifest_fields *fields,
    const struct document *document)
{
	const struct manifest_file *files = fields->files.items;
	struct buffer text = BUFFER_EMPTY;
	char name[RECORDS_NAME_SIZE];

	buffer_hex(&text, bytes_from(document->hash, HASH_SIZE));
	buffer_text(&text, "  " MANIFEST_NAME "\n");
	for (unsigned i = 0; i < fields->files.count; i++) {
		records_name(name, i);
		buffer_hex(&text, bytes_from(files[i].sha256, HASH_SIZE));
		buffer_format(&text, "  %s\n", name);
	}
	media_write(folder, SUMS_NAME, buffer_bytes(&text));
	buffer_free(&text);
}

/* A whole batch folder; the hash of its manifest goes to hash. */
static inline void media_make_batch(uint8_t hash[static HASH_SIZE], const char *folder,
    const struct media_batch *batch)
{
	struct buffer text = BUFFER_EMPTY;
	struct manifest_fields fields;
	struct document document;

	media_folder(folder);
	media_manifest(&fields, folder, batch);
	json_write(&text, &manifest_shape, &fields);
	document_of(&document, MANIFEST_NAME, buffer_bytes(&text));
	sign(&document, ANNA, "manifest", batch->id);
	if (!batch->one_signature)
		sign(&document, CLEO, "manifest", batch->id);
	memcpy(hash, document.hash, HASH_SIZE);
	media_document(folder, MANIFEST_NAME, &document);
	media_sums(folder, &fields, &document);
	document_free(&document);
	json_free(&fields, &manifest_shape);
	buffer_free(&text);
}

/* An extract of a batch folder made before, whose manifest and signatures it takes over. */
static inline void media_make_extract(const char *folder, const char *from, const struct media_batch *batch,
    uint64_t index)
{
	struct proof_fields proof = {.index = index};
	struct buffer text = BUFFER_EMPTY, sums = BUFFER_EMPTY;
	struct tree_path path = {.index = index};
	uint8_t record[MEDIA_STRIDE], hash[HASH_SIZE];
	struct document document;
	int opened;

	media_folder(folder);
	assert_int_equal(folder_open(&opened, AT_FDCWD, from, &fault), ERR_OK);
	assert_int_equal(document_load(&document, opened, MANIFEST_NAME, &fault), ERR_OK);
	close(opened);
	media_document(folder, MANIFEST_NAME, &document);
	for (uint64_t i = 0; i < batch->count; i++) {
		media_record(record, batch, i);
		hash_leaf(hash, bytes_from(record, sizeof record));
		tree_path_push(&path, hash);
	}
	tree_path_end(&path);
	memcpy(proof.manifest_sha256, document.hash, HASH_SIZE);
	proof.path = (struct list){path.proof, path.count};
	json_write(&text, &proof_shape, &proof);
	media_write(folder, PROOF_NAME, buffer_bytes(&text));
	media_record(record, batch, index);
	media_write(folder, EXTRACT_RECORD_NAME, bytes_from(record, sizeof record));
	buffer_hex(&sums, bytes_from(document.hash, HASH_SIZE));
	buffer_text(&sums, "  " MANIFEST_NAME "\n");
	hash_bytes(hash, buffer_bytes(&text));
	buffer_hex(&sums, bytes_from(hash, HASH_SIZE));
	buffer_text(&sums, "  " PROOF_NAME "\n");
	hash_bytes(hash, bytes_from(record, sizeof record));
	buffer_hex(&sums, bytes_from(hash, HASH_SIZE));
	buffer_text(&sums, "  " EXTRACT_RECORD_NAME "\n");
	media_write(folder, SUMS_NAME, buffer_bytes(&sums));
	document_free(&document);
	buffer_free(&text);
	buffer_free(&sums);
}

/* What a test may have wrong about a grant. */
struct media_grant {
	uint64_t serial;
	const struct media_batch *batch;
	const uint8_t *manifest;
	uint64_t records[4];         /* record_count of them instead of lots */
	size_t record_count;
	uint32_t lots[4];            /* numbers, lot_count of them */
	size_t lot_count;
	const char *station;         /* NULL: line1 */
	bool foreign_recipient;      /* of the station, in grant.json and keys.age */
	bool foreign_seal;           /* keys.age alone is for somebody else */
	bool bad_key;
	bool bad_order;
	bool bad_number;             /* the first key is of the lot or record behind the one granted */
	bool bad_hash;
	bool bad_manifest;           /* inside keys.age */
	bool trailing;
	const char *keys_from;       /* a folder whose keys.age is taken over; NULL: sealed anew */
	const char *note;
};

static inline void media_put_u32(struct buffer *out, uint32_t value)
{
	uint8_t bytes[4];

	put_u32(bytes, value);
	buffer_put(out, bytes_from(bytes, sizeof bytes));
}

static inline void media_put_record(struct buffer *out, const struct media_grant *grant, uint64_t index)
{
	uint8_t lot[KEY_SIZE], number[8], root[KEY_SIZE];

	put_u64(number, index);
	buffer_put(out, bytes_from(number, sizeof number));
	media_lot_key(lot, grant->batch, (uint32_t)(index / grant->batch->lot_size));
	keys_root(root, lot, index);
	root[7] ^= grant->bad_key;
	buffer_put(out, bytes_from(root, sizeof root));
}

static inline void media_put_lot(struct buffer *out, const struct media_grant *grant, uint32_t lot)
{
	uint8_t key[KEY_SIZE];

	media_put_u32(out, lot);
	media_lot_key(key, grant->batch, lot);
	key[7] ^= grant->bad_key;
	buffer_put(out, bytes_from(key, sizeof key));
}

static inline void media_plain(struct buffer *out, const struct media_grant *grant)
{
	size_t count = grant->record_count + grant->lot_count;

	buffer_text(out, GRANT_KEYS_MAGIC);
	buffer_put(out, bytes_from(grant->manifest, HASH_SIZE));
	out->data[out->size - 1] ^= grant->bad_manifest;
	buffer_byte(out, grant->record_count > 0 ? GRANT_KEYS_RECORDS : GRANT_KEYS_LOTS);
	media_put_u32(out, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		size_t at = grant->bad_order ? count - 1 - i : i;

		if (grant->record_count > 0)
			media_put_record(out, grant, grant->records[at] + (at == 0 && grant->bad_number));
		else
			media_put_lot(out, grant, grant->lots[at] + (at == 0 && grant->bad_number));
	}
	if (grant->trailing)
		buffer_byte(out, 0);
}

static inline void media_grant_fields(struct grant_fields *out, const struct media_grant *grant)
{
	struct grant_station *station;
	char log_key[NOTE_VKEY_MAX];

	memset(out, 0, sizeof *out);
	out->serial = grant->serial;
	out->trust = 1;
	out->max_success = 1;
	snprintf(out->batch, sizeof out->batch, "%s", grant->batch->id);
	snprintf(out->not_before, sizeof out->not_before, "2020-01-01T00:00:00Z");
	snprintf(out->not_after, sizeof out->not_after, "2199-01-01T00:00:00Z");
	memcpy(out->manifest_sha256, grant->manifest, HASH_SIZE);
	snprintf(out->note, sizeof out->note, "%s", grant->note != NULL ? grant->note : "");
	station = list_grow(&out->stations, sizeof *station);
	snprintf(station->name, sizeof station->name, "%s",
	    grant->station != NULL ? grant->station : "line1");
	if (grant->station != NULL || grant->foreign_recipient)
		specimen_recipient(station->recipient, 2);
	else
		media_own(station->recipient, log_key);
	for (size_t i = 0; i < grant->record_count; i++)
		*(uint64_t *)list_grow(&out->records, sizeof(uint64_t)) = grant->records[i];
	for (size_t i = 0; i < grant->lot_count; i++)
		snprintf(list_grow(&out->lots, NAME_SIZE), NAME_SIZE, "wo-%d", (int)grant->lots[i] + 1);
}

static inline struct buffer media_seal(const struct media_grant *grant, const struct grant_fields *fields)
{
	const struct grant_station *station = fields->stations.items;
	struct buffer plain = BUFFER_EMPTY, sealed = BUFFER_EMPTY;
	struct recipient recipient;

	if (grant->keys_from != NULL)
		return media_read(grant->keys_from, GRANT_KEYS_NAME);
	media_plain(&plain, grant);
	assert_int_equal(recipient_parse(&recipient, bytes_of(station->recipient), "r", &fault), ERR_OK);
	if (grant->foreign_seal)
		memset(recipient.key, 9, sizeof recipient.key);
	assert_int_equal(age_seal(&sealed, buffer_bytes(&plain), &recipient, 1, &fault), ERR_OK);
	buffer_free(&plain);
	return sealed;
}

static inline void media_make_grant(const char *folder, const struct media_grant *grant)
{
	struct buffer sealed, text = BUFFER_EMPTY;
	struct grant_fields fields;
	struct document document;
	char serial[24];

	media_folder(folder);
	media_grant_fields(&fields, grant);
	sealed = media_seal(grant, &fields);
	hash_bytes(fields.keys_sha256, buffer_bytes(&sealed));
	fields.keys_sha256[0] ^= grant->bad_hash;
	json_write(&text, &grant_shape, &fields);
	document_of(&document, GRANT_NAME, buffer_bytes(&text));
	snprintf(serial, sizeof serial, "%d", (int)grant->serial);
	sign(&document, BERT, "grant", serial);
	media_document(folder, GRANT_NAME, &document);
	media_write(folder, GRANT_KEYS_NAME, buffer_bytes(&sealed));
	document_free(&document);
	json_free(&fields, &grant_shape);
	buffer_free(&sealed);
	buffer_free(&text);
}

#endif
