/* SPDX-License-Identifier: ISC */
#include "gapseal/contents.h"

#include <string.h>

#define QUOTED_OVERHEAD 3 /* ,"" around a password in the write command */

struct reader {
	struct cursor cursor;
	uint16_t common_count;
	const char *where;
	struct fault *fault;
};

static enum err refuse(const struct reader *reader, const char *text)
{
	return fault_set(reader->fault, ERR_NO, "record-contents", reader->where,
	    "the record's contents: %s", text);
}

static enum err refuse_short(const struct reader *reader)
{
	return refuse(reader, "they end within a step");
}

/* Fits between quotes on a command line. */
static bool is_quotable(struct bytes text)
{
	return text_is_printable(text) && (text.size == 0 || memchr(text.data, '"', text.size) == NULL);
}

/* u16 or u8 length and that many bytes. */
static bool take_long(struct cursor *cursor, struct bytes *out)
{
	uint16_t size;

	return take_u16(cursor, &size) && take_bytes(cursor, size, out);
}

static bool take_short(struct cursor *cursor, struct bytes *out)
{
	uint8_t size;

	return take_u8(cursor, &size) && take_bytes(cursor, size, out);
}

static enum err check_password(const struct reader *reader, const struct contents_step *step)
{
	if (step->password.size == 0)
		return ERR_OK;
	if (step->slot.type != CREDENTIAL_KEY)
		return refuse(reader, "a password stands with something else than a private key");
	if (step->password.size > PASSWORD_MAX || !is_quotable(step->password))
		return refuse(reader, "a password is too long or holds a byte that cannot be sent");
	if (step->content.size + QUOTED_OVERHEAD + step->password.size > credential_limit(step->slot.tag))
		return refuse(reader, "a private key and its password do not fit into one command");
	return ERR_OK;
}

static enum err read_own(struct reader *reader, struct contents_step *step)
{
	struct fault fault;

	if (!take_long(&reader->cursor, &step->content) || !take_short(&reader->cursor, &step->password))
		return refuse_short(reader);
	if (credential_check(step->slot, step->content, reader->where, &fault) != ERR_OK)
		return refuse(reader, fault.text);
	return check_password(reader, step);
}

static enum err read_shared(struct reader *reader, struct contents_step *step)
{
	step->shared = true;
	if (!take_u16(&reader->cursor, &step->common))
		return refuse_short(reader);
	/* Commons stand in the manifest for all to read. */
	if (step->slot.type != CREDENTIAL_CA && step->slot.type != CREDENTIAL_CERT)
		return refuse(reader, "a common content is said to be something else than a certificate");
	if (step->common >= reader->common_count)
		return refuse(reader, "the manifest has no common content of that number");
	return ERR_OK;
}

static enum err read_write(struct reader *reader, struct contents_step *step)
{
	uint8_t form;

	if (!take_u8(&reader->cursor, &form))
		return refuse_short(reader);
	if (form > 1)
		return refuse(reader, "a content is neither the device's own nor common");
	return form == 0 ? read_own(reader, step) : read_shared(reader, step);
}

static bool is_usage(struct bytes text)
{
	if (text.size == 0)
		return true;
	if (text.size != CONTENTS_USAGE_LENGTH || text.data[CONTENTS_USAGE_LENGTH - 1] != '0')
		return false;
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] != '0' && text.data[i] != '1')
			return false;
	return true;
}

static enum err read_keygen(struct reader *reader, struct contents_step *step)
{
	if (!take_long(&reader->cursor, &step->attributes) || !take_short(&reader->cursor, &step->usage))
		return refuse_short(reader);
	if (step->attributes.size > CONTENTS_ATTRIBUTES_MAX || !is_quotable(step->attributes))
		return refuse(reader, "a key's attributes are too long or hold a byte that cannot be sent");
	if (!is_usage(step->usage))
		return refuse(reader, "the usage of a key is not nine binary digits, the last of them 0");
	return ERR_OK;
}

static enum err read_slot(struct reader *reader, struct contents_step *step)
{
	uint8_t type = CREDENTIAL_KEY;

	if (!take_u32(&reader->cursor, &step->slot.tag) ||
	    (step->op != CONTENTS_KEYGEN && !take_u8(&reader->cursor, &type)))
		return refuse_short(reader);
	step->slot.type = type;
	if (!slot_writable(step->slot))
		return refuse(reader, "a step names a slot that cannot be written");
	return ERR_OK;
}

static enum err read_step(struct reader *reader, struct contents_step *step)
{
	uint8_t op;
	enum err err;

	if (!take_u8(&reader->cursor, &op))
		return refuse_short(reader);
	if (op < CONTENTS_WRITE || op > CONTENTS_EXPECT)
		return refuse(reader, "a step is of no known kind");
	*step = (struct contents_step){.op = (enum contents_op)op};
	err = read_slot(reader, step);
	if (err != ERR_OK)
		return err;
	if (step->op == CONTENTS_WRITE)
		return read_write(reader, step);
	if (step->op == CONTENTS_KEYGEN)
		return read_keygen(reader, step);
	return ERR_OK;
}

static enum err read_steps(struct reader *reader, struct contents *out)
{
	for (size_t i = 0; i < out->count; i++) {
		enum err err = read_step(reader, &out->steps[i]);

		if (err != ERR_OK)
			return err;
		for (size_t j = 0; j < i; j++)
			if (slot_compare(out->steps[j].slot, out->steps[i].slot) == 0)
				return refuse(reader, "two steps are for one slot");
	}
	return ERR_OK;
}

static enum err read_head(struct reader *reader, struct contents *out)
{
	struct bytes imei;
	struct fault fault;
	uint8_t version;
	uint8_t count;

	if (!take_u8(&reader->cursor, &version) || version != CONTENTS_VERSION)
		return refuse(reader, "they are of another version than 1");
	if (!take_bytes(&reader->cursor, IMEI_LENGTH, &imei) || !take_u8(&reader->cursor, &count))
		return refuse(reader, "they end within the head");
	if (imei_parse(out->imei, imei, reader->where, &fault) != ERR_OK)
		return refuse(reader, "the device is named by no valid IMEI");
	if (count == 0 || count > SLOTS_MAX)
		return refuse(reader, "the number of steps is out of range");
	out->count = count;
	return ERR_OK;
}

static enum err read_padding(struct reader *reader)
{
	uint8_t byte;

	if (!take_u8(&reader->cursor, &byte) || byte != CONTENTS_PADDING)
		return refuse(reader, "the padding does not follow the last step");
	while (take_u8(&reader->cursor, &byte))
		if (byte != 0)
			return refuse(reader, "something stands in the padding");
	return ERR_OK;
}

enum err contents_read(struct contents *out, struct bytes plain, uint16_t common_count, const char *where,
    struct fault *fault)
{
	struct reader reader = {cursor_of(plain), common_count, where, fault};
	enum err err;

	*out = (struct contents){0};
	err = read_head(&reader, out);
	if (err == ERR_OK)
		err = read_steps(&reader, out);
	if (err == ERR_OK)
		err = read_padding(&reader);
	if (err != ERR_OK)
		*out = (struct contents){0};
	return err;
}
