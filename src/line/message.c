/* SPDX-License-Identifier: ISC */
#include "gapseal/message.h"

#define STEP_HEAD 8   /* op, tag, type, length */

const char *result_name(enum result result)
{
	static const char *const names[] = {
		[RESULT_DONE] = "done",
		[RESULT_SAME] = "same",
		[RESULT_REFUSED] = "refused",
		[RESULT_FAILED] = "failed",
		[RESULT_UNKNOWN] = "unknown",
	};

	return names[result];
}

bool step_take(struct cursor *cursor, struct step *out)
{
	struct cursor next = *cursor;
	uint8_t op, type, password;
	uint16_t content;

	if (!take_u8(&next, &op) || !take_u32(&next, &out->slot.tag) || !take_u8(&next, &type) ||
	    !take_u16(&next, &content) || !take_bytes(&next, content, &out->content) ||
	    !take_u8(&next, &password) || !take_bytes(&next, password, &out->password))
		return false;
	if (op != STEP_WRITE && op != STEP_DELETE)
		return false;
	out->op = (enum step_op)op;
	out->slot.type = type;
	*cursor = next;
	return true;
}

bool step_put(struct secret *body, const struct step *step)
{
	uint8_t head[STEP_HEAD] = {(uint8_t)step->op};
	uint8_t password = (uint8_t)step->password.size;

	if (step->slot.type > UINT8_MAX || step->content.size > UINT16_MAX || step->password.size > UINT8_MAX)
		return false;
	if (secret_capacity(body) - secret_size(body) <
	    STEP_HEAD + step->content.size + 1 + step->password.size)
		return false;
	put_u32(head + 1, step->slot.tag);
	head[5] = (uint8_t)step->slot.type;
	put_u16(head + 6, (uint16_t)step->content.size);
	return secret_put(body, bytes_from(head, sizeof head)) && secret_put(body, step->content) &&
	    secret_put(body, bytes_from(&password, 1)) && secret_put(body, step->password);
}
