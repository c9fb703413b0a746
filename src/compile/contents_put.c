/* SPDX-License-Identifier: ISC */
#include "gapseal/contents.h"

#include <string.h>

#define STEP_HEAD 6 /* op, tag, type */

size_t contents_step_size(const struct contents_step *step)
{
	switch (step->op) {
	case CONTENTS_WRITE:
		if (step->shared)
			return STEP_HEAD + 1 + 2;
		return STEP_HEAD + 1 + 2 + step->content.size + 1 + step->password.size;
	case CONTENTS_KEYGEN:
		return STEP_HEAD - 1 + 2 + step->attributes.size + 1 + step->usage.size;
	case CONTENTS_DELETE:
	case CONTENTS_EXPECT:
		break;
	}
	return STEP_HEAD;
}

bool contents_begin(struct secret *plain, const char imei[static IMEI_SIZE])
{
	uint8_t *data = secret_data(plain);

	if (secret_capacity(plain) < CONTENTS_HEAD)
		return false;
	secret_clear(plain);
	data[0] = CONTENTS_VERSION;
	memcpy(data + 1, imei, IMEI_LENGTH);
	data[CONTENTS_COUNT_AT] = 0;
	secret_resize(plain, CONTENTS_HEAD);
	return true;
}

static uint8_t *put(uint8_t *out, struct bytes bytes)
{
	if (bytes.size > 0)
		memcpy(out, bytes.data, bytes.size);
	return out + bytes.size;
}

static uint8_t *put_long(uint8_t *out, struct bytes bytes)
{
	put_u16(out, (uint16_t)bytes.size);
	return put(out + 2, bytes);
}

static uint8_t *put_short(uint8_t *out, struct bytes bytes)
{
	*out = (uint8_t)bytes.size;
	return put(out + 1, bytes);
}

static void put_step(uint8_t *out, const struct contents_step *step)
{
	*out++ = (uint8_t)step->op;
	put_u32(out, step->slot.tag);
	out += 4;
	if (step->op == CONTENTS_KEYGEN) {
		put_short(put_long(out, step->attributes), step->usage);
		return;
	}
	*out++ = (uint8_t)step->slot.type;
	if (step->op != CONTENTS_WRITE)
		return;
	*out++ = step->shared ? 1 : 0;
	if (step->shared)
		put_u16(out, step->common);
	else
		put_short(put_long(out, step->content), step->password);
}

/* Whether every value fits its field. */
static bool step_fits(const struct contents_step *step)
{
	return step->slot.type <= UINT8_MAX && step->content.size <= UINT16_MAX &&
	    step->password.size <= UINT8_MAX && step->attributes.size <= UINT16_MAX &&
	    step->usage.size <= UINT8_MAX;
}

bool contents_put(struct secret *plain, const struct contents_step *step)
{
	uint8_t *data = secret_data(plain);
	size_t size = secret_size(plain);

	if (size < CONTENTS_HEAD || data[CONTENTS_COUNT_AT] >= SLOTS_MAX || !step_fits(step) ||
	    contents_step_size(step) > secret_capacity(plain) - size)
		return false;
	put_step(data + size, step);
	data[CONTENTS_COUNT_AT]++;
	secret_resize(plain, size + contents_step_size(step));
	return true;
}

bool contents_pad(struct secret *plain, size_t size)
{
	uint8_t *data = secret_data(plain);
	size_t used = secret_size(plain);

	if (size <= used || size > secret_capacity(plain))
		return false;
	data[used] = CONTENTS_PADDING;
	memset(data + used + 1, 0, size - used - 1);
	secret_resize(plain, size);
	return true;
}
