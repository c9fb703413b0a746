/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "batch_private.h"
#include "gapseal/json.h"

/* The key of the document itself that a line of ours belongs to: such keys stand two blanks deep. */
static void take_key(char out[static NAME_SIZE], struct bytes line)
{
	struct cursor cursor = cursor_of(line);
	struct bytes blanks, key;

	if (bytes_starts(line, "  \"") && take_bytes(&cursor, 3, &blanks) && take_field(&cursor, '"', &key))
		text_copy(out, NAME_SIZE, key);
}

/* Names the first line that is another. */
static enum err compare_text(struct bytes made, const struct batch_given *given, struct fault *fault)
{
	struct cursor ours = cursor_of(made), theirs = cursor_of(given->text);
	char place[FAULT_WHERE_MAX], key[NAME_SIZE] = "";
	struct bytes line, other;
	unsigned long number = 0;
	bool more;

	if (bytes_equal(made, given->text))
		return ERR_OK;
	do {
		number++;
		more = take_line(&ours, &line) && take_line(&theirs, &other);
		if (more)
			take_key(key, line);
	} while (more && bytes_equal(line, other));
	snprintf(place, sizeof place, "%s/" MANIFEST_NAME ":%lu", given->where, number);
	return fault_set(fault, ERR_NO, "rebuild-manifest", place,
	    "%s is not what profile, CSV and seed give; it is the first difference", key);
}

static enum err compare(const struct manifest_fields *made, const struct batch_given *given,
    struct buffer *text, struct fault *fault)
{
	enum err err;

	buffer_clear(text);
	json_write(text, &manifest_shape, made);
	err = buffer_check(text, fault);
	return err == ERR_OK ? compare_text(buffer_bytes(text), given, fault) : err;
}

/* Everything but what records and keys will give, which is taken as it stands for now. */
static enum err compare_begin(struct manifest_fields *made, const struct batch_given *given,
    struct buffer *text, struct fault *fault)
{
	struct manifest_fields begun = *made;
	struct manifest_lot *lots = made->lots.items;

	begun.files = given->manifest->files;
	memcpy(begun.root, given->manifest->root, HASH_SIZE);
	for (size_t i = 0; i < made->lots.count && i < given->manifest->lots.count; i++)
		memcpy(lots[i].check, manifest_lot(given->manifest, i)->check, HASH_SIZE);
	return compare(&begun, given, text, fault);
}

/* With the plan's own hash another plan gives other keys and shows in the first lot already. */
static enum err compare_plan(const struct batch_result *made, const struct batch_given *given,
    struct fault *fault)
{
	if (given->plan == NULL || memcmp(given->plan, made->plan_hash, HASH_SIZE) == 0)
		return ERR_OK;
	return fault_set(fault, ERR_NO, "rebuild-plan", given->where,
	    "every record is equal, but the plan is another than the one compiled: profile or CSV changed where "
	    "no record shows it");
}

static enum err rebuild(struct batch_result *out, const struct batch_given *given, const struct plan *plan,
    struct secret *seed, const struct batch_request *request, struct buffer *text, struct fault *fault)
{
	enum err err = manifest_begin(&out->manifest, plan, request, fault);

	if (err == ERR_OK)
		err = compare_begin(&out->manifest, given, text, fault);
	if (err == ERR_OK)
		err = plan_hash(out->plan_hash, plan, seed, batch_threads(request), fault);
	if (err == ERR_OK)
		err = batch_records(out, -1, given, given->plan != NULL ? given->plan : out->plan_hash, plan,
		    seed, request, fault);
	if (err == ERR_OK)
		err = compare(&out->manifest, given, text, fault);
	if (err == ERR_OK)
		err = compare_plan(out, given, fault);
	if (err != ERR_OK)
		return err;
	hash_bytes(out->manifest_sha256, buffer_bytes(text));
	return sums_verify(given->folder, &out->manifest, out->manifest_sha256, given->where, fault);
}

enum err batch_rebuild(struct batch_result *out, const struct batch_given *given, const struct plan *plan,
    struct secret *seed, const struct batch_request *request, struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	enum err err = batch_check_request(seed, request, fault);

	*out = (struct batch_result){0};
	if (err == ERR_OK)
		err = rebuild(out, given, plan, seed, request, &text, fault);
	if (err != ERR_OK)
		batch_result_free(out);
	buffer_free(&text);
	return err;
}
