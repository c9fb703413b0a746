/* SPDX-License-Identifier: ISC */
#include "gapseal/checkpoint.h"

#include "gapseal/base64.h"
#include "gapseal/tree.h"

#define HEAD "c2sp.org/tlog-proof@v1"
#define EXTRA "extra "
#define INDEX "index "

static enum err form_fault(struct fault *fault, const char *where, const char *rule)
{
	return fault_set(fault, ERR_NO, "proof-form", where, "%s", rule);
}

static struct bytes after(struct bytes line, size_t prefix)
{
	return bytes_from(line.data + prefix, line.size - prefix);
}

/* The lines before the hashes. */
static enum err parse_head(uint64_t *index, struct cursor *cursor, const char *where, struct fault *fault)
{
	struct buffer extra = BUFFER_EMPTY;
	struct bytes line;
	bool good, failed;

	if (!take_line(cursor, &line) || !bytes_is(line, HEAD))
		return form_fault(fault, where, "the first line of a proof should be " HEAD);
	if (!take_line(cursor, &line))
		return form_fault(fault, where, "the proof has no index line");
	if (bytes_starts(line, EXTRA)) {
		good = base64_decode(&extra, after(line, sizeof EXTRA - 1), true);
		failed = extra.failed;
		buffer_free(&extra);
		if (failed)
			return fault_memory(fault);
		if (!good || !take_line(cursor, &line))
			return form_fault(fault, where,
			    "the extra line of a proof should be base64, before the index");
	}
	if (!bytes_starts(line, INDEX) ||
	    !decimal_parse(after(line, sizeof INDEX - 1), INTEGER_MAX, index))
		return form_fault(fault, where,
		    "the index line of a proof should be \"" INDEX "\" and a number");
	return ERR_OK;
}

static enum err parse_hashes(uint8_t (*out)[HASH_SIZE], size_t *count, struct cursor *cursor,
    const char *where, struct fault *fault)
{
	struct bytes line;

	for (*count = 0; take_line(cursor, &line); ++*count) {
		if (line.size == 0)
			return ERR_OK;
		if (*count == TREE_DEPTH_MAX)
			return form_fault(fault, where, "the proof has too many hashes");
		if (!base64_exact(out[*count], HASH_SIZE, line, true))
			return form_fault(fault, where, "a hash of a proof should be 32 bytes in base64");
	}
	return form_fault(fault, where, "the proof has no empty line before its checkpoint");
}

enum err proof_open(uint64_t *index, struct checkpoint *out, bool *witnessed, struct bytes raw,
    struct bytes leaf, const char *origin, const struct note_key *log, const struct note_key *witnesses,
    size_t count, const char *where, struct fault *fault)
{
	struct cursor cursor = cursor_of(raw);
	uint8_t path[TREE_DEPTH_MAX][HASH_SIZE], digest[HASH_SIZE];
	size_t hashes;
	enum err err;

	if ((err = parse_head(index, &cursor, where, fault)) != ERR_OK ||
	    (err = parse_hashes(path, &hashes, &cursor, where, fault)) != ERR_OK)
		return err;
	raw = bytes_from(cursor.at, cursor_left(&cursor));
	err = checkpoint_open(out, witnessed, raw, origin, log, witnesses, count, where, fault);
	if (err != ERR_OK)
		return err;
	hash_leaf(digest, leaf);
	if (!tree_includes(*index, out->size, digest, (const uint8_t (*)[HASH_SIZE])path, hashes, out->root))
		return fault_set(fault, ERR_NO, "proof-inclusion", where,
		    "the entry does not stand at this place of the log");
	return ERR_OK;
}
