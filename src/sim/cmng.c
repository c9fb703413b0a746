/* SPDX-License-Identifier: ISC */
#include "modem.h"

#include <string.h>

#include "pem.h"

/* AT%CMNG: the credential store. */

#define PASSWORD_MAX 32
#define DELETABLE_MAX 5 /* type 5, the key of signed commands, can be deleted but not written */

struct slot_args {
	uint32_t tag;
	uint32_t type;
};

static bool take_slot(const struct sim_call *call, struct slot_args *out)
{
	uint64_t tag, type;

	if (!sim_number(call, 1, UINT32_MAX, &tag) || !sim_number(call, 2, SIM_TYPE_MAX, &type))
		return false;
	*out = (struct slot_args){.tag = (uint32_t)tag, .type = (uint32_t)type};
	return true;
}

static bool is_active(const struct sim_modem *modem)
{
	return modem->cfun == 1 || modem->cfun == 2 || modem->cfun == 21;
}

/* What holds for write and delete alike, before the content is looked at. The order of the answers when
 * several are true is not documented. */
static int check_change(const struct sim_call *call, struct slot_args slot, uint32_t type_max)
{
	if (slot.tag > SIM_TAG_USER_MAX || slot.type > type_max)
		return CME_NO_ACCESS;
	if (call->modem->settings.power_warning)
		return CME_POWER;
	return is_active(call->modem) ? CME_ACTIVE : SIM_OK;
}

static void print_digest(const struct sim_call *call, const struct sim_item *item)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < HASH_SIZE; i++) {
		/* Old firmware repeats the type instead. */
		uint8_t byte = sim_has_digests(call->modem) ? item->digest[i] : (uint8_t)item->type;

		buffer_byte(call->answer, (uint8_t)digits[byte >> 4]);
		buffer_byte(call->answer, (uint8_t)digits[byte & 15]);
	}
}

static void print_item(const struct sim_call *call, const struct sim_item *item)
{
	buffer_format(call->answer, "%%CMNG: %u,%u,\"", item->tag, item->type);
	print_digest(call, item);
	buffer_text(call->answer, "\"");
}

static int do_list(const struct sim_call *call)
{
	const struct sim_store *store = sim_modem_store(call->modem);
	size_t count = call->command->count;
	uint64_t tag = 0, type = 0;

	if (count > 3 || (count > 1 && !sim_number(call, 1, UINT32_MAX, &tag)) ||
	    (count > 2 && !sim_number(call, 2, SIM_TYPE_MAX, &type)))
		return CME_INCORRECT;
	for (size_t i = 0; i < store->count; i++) {
		const struct sim_item *item = &store->items[i];

		if ((count > 1 && item->tag != tag) || (count > 2 && item->type != type))
			continue;
		print_item(call, item);
		buffer_text(call->answer, "\r\n");
	}
	return SIM_OK;
}

static int do_read(const struct sim_call *call)
{
	const struct sim_item *item;
	struct slot_args slot;

	if (call->command->count != 3 || !take_slot(call, &slot))
		return CME_INCORRECT;
	if (slot.tag > SIM_TAG_USER_MAX || (slot.type != 0 && slot.type != 4))
		return CME_NO_ACCESS;
	if (call->modem->settings.power_warning)
		return CME_POWER;
	item = sim_store_find(sim_modem_store(call->modem), slot.tag, slot.type);
	if (item == NULL)
		return CME_NOT_FOUND;
	if (!item->has_content)
		return CME_NO_ACCESS;
	print_item(call, item);
	buffer_text(call->answer, ",\"");
	buffer_put(call->answer, buffer_bytes(&item->content));
	buffer_text(call->answer, "\"\r\n");
	return SIM_OK;
}

static int do_delete(const struct sim_call *call)
{
	struct slot_args slot;
	int code;

	if (call->command->count != 3 || !take_slot(call, &slot))
		return CME_INCORRECT;
	code = check_change(call, slot, DELETABLE_MAX);
	if (code != SIM_OK)
		return code;
	if (!sim_store_delete(sim_modem_store(call->modem), slot.tag, slot.type))
		return CME_NOT_FOUND;
	call->modem->changes++;
	return SIM_OK;
}

static bool contains(struct bytes text, const char *word)
{
	return memmem(text.data, text.size, word, strlen(word)) != NULL;
}

/* The password belongs to encrypted private keys and is ignored elsewhere. */
static bool password_fits(const struct sim_call *call, uint32_t type, struct bytes content)
{
	size_t size = call->command->count > 4 ? call->command->args[4].text.size : 0;

	if (type != 2)
		return true;
	return size <= PASSWORD_MAX && (size > 0 || !contains(content, "BEGIN ENCRYPTED PRIVATE KEY"));
}

static int check_content(const struct sim_call *call, struct slot_args slot, struct bytes content)
{
	bool good;

	if (slot.type > 1 || !sim_checks_certificates(call->modem))
		return SIM_OK;
	if (pem_certificates(&good, content, call->fault) != ERR_OK)
		return SIM_BROKE;
	return good ? SIM_OK : CME_CONTENT;
}

static int store(const struct sim_call *call, struct slot_args slot, struct bytes content)
{
	struct sim_store *target = sim_modem_store(call->modem);
	struct sim_item *item;

	if (call->deed == SIM_DEED_HIJACK)
		return SIM_OK;
	if (sim_store_find(target, slot.tag, slot.type) == NULL &&
	    sim_store_users(target) >= call->modem->settings.room)
		return CME_FULL;
	if (sim_store_put(target, slot.tag, slot.type, content, call->fault) != ERR_OK)
		return SIM_BROKE;
	call->modem->changes++;
	if (call->deed != SIM_DEED_CORRUPT)
		return SIM_OK;
	item = &target->items[sim_store_find(target, slot.tag, slot.type) - target->items];
	item->content.data[content.size / 2] ^= 1;
	hash_bytes(item->digest, buffer_bytes(&item->content));
	return SIM_OK;
}

static int do_write(const struct sim_call *call)
{
	struct slot_args slot;
	struct bytes content;
	int code;

	if (call->command->count < 4 || call->command->count > 5 || !take_slot(call, &slot))
		return CME_INCORRECT;
	content = call->command->args[3].text;
	if (content.size == 0 || !password_fits(call, slot.type, content))
		return CME_INCORRECT;
	code = check_change(call, slot, SIM_TYPE_WRITABLE_MAX);
	if (code == SIM_OK)
		code = check_content(call, slot, content);
	return code == SIM_OK ? store(call, slot, content) : code;
}

int sim_do_cmng(const struct sim_call *call)
{
	uint64_t opcode;

	if (call->command->form != SIM_SET)
		return SIM_ERROR;
	if (!sim_number(call, 0, 3, &opcode))
		return CME_INCORRECT;
	switch (opcode) {
	case 0:
		return do_write(call);
	case 1:
		return do_list(call);
	case 2:
		return do_read(call);
	default:
		return do_delete(call);
	}
}
