/* SPDX-License-Identifier: ISC */
#include "gapseal/checkpoint.h"

#include "gapseal/base64.h"

void checkpoint_format(struct buffer *out, const struct checkpoint *checkpoint)
{
	char root[BASE64_SIZE(HASH_SIZE)];

	base64_print(root, bytes_from(checkpoint->root, sizeof checkpoint->root), true);
	buffer_format(out, "%s\n%llu\n%s\n", checkpoint->origin, (unsigned long long)checkpoint->size, root);
}

static enum err form_fault(struct fault *fault, const char *where, const char *rule)
{
	return fault_set(fault, ERR_NO, "checkpoint-form", where, "%s", rule);
}

enum err checkpoint_parse(struct checkpoint *out, struct bytes text, const char *origin, const char *where,
    struct fault *fault)
{
	struct cursor cursor = cursor_of(text);
	struct bytes line;

	if (!take_line(&cursor, &line) || line.size == 0)
		return form_fault(fault, where, "the first line of a checkpoint should be its origin");
	if (!bytes_is(line, origin) || !text_copy(out->origin, sizeof out->origin, line))
		return fault_set(fault, ERR_NO, "checkpoint-origin", where,
		    "this checkpoint is of another log than the expected one");
	if (!take_line(&cursor, &line) || !decimal_parse(line, INTEGER_MAX, &out->size))
		return form_fault(fault, where,
		    "the second line of a checkpoint should be its size, at most 2^53-1");
	if (!take_line(&cursor, &line) || !base64_exact(out->root, sizeof out->root, line, true))
		return form_fault(fault, where,
		    "the third line of a checkpoint should be a root of 32 bytes");
	while (take_line(&cursor, &line))
		if (line.size == 0)
			return form_fault(fault, where, "a checkpoint should have no empty line");
	if (cursor_left(&cursor) != 0)
		return form_fault(fault, where, "a checkpoint should end with LF");
	return ERR_OK;
}

enum err checkpoint_open(struct checkpoint *out, bool *witnessed, struct bytes raw, const char *origin,
    const struct note_key *log, const struct note_key *witnesses, size_t count, const char *where,
    struct fault *fault)
{
	struct note_key keys[NOTE_KEYS_MAX];
	bool verified[NOTE_KEYS_MAX];
	struct bytes text;
	enum err err;

	if (count > CHECKPOINT_WITNESSES_MAX)
		return fault_set(fault, ERR_CANNOT, "note-keys", where, "more than %d witnesses",
		    CHECKPOINT_WITNESSES_MAX);
	keys[0] = *log;
	for (size_t i = 0; i < count; i++)
		keys[i + 1] = witnesses[i];
	if ((err = note_open(&text, verified, raw, keys, count + 1, where, fault)) != ERR_OK)
		return err;
	if (!verified[0])
		return fault_set(fault, ERR_NO, "checkpoint-unsigned", where,
		    "the log has not signed this itself");
	if ((err = checkpoint_parse(out, text, origin, where, fault)) != ERR_OK)
		return err;
	for (size_t i = 0; witnessed != NULL && i < count; i++)
		witnessed[i] = verified[i + 1];
	return ERR_OK;
}
