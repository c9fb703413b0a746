/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "gapseal/common.h"
#include "gapseal/list.h"
#include "gapseal/manifest.h"

#define TYPE_MAX 255 /* a record holds types in one byte */

/* One check: what it looks at and where its faults go. */
struct check {
	const struct manifest_fields *fields;
	const char *where;
	struct fault *fault;
};

static enum err refuse(const struct check *check, const char *code, const char *text)
{
	return fault_set(check->fault, ERR_NO, code, check->where, "%s", text);
}

static enum err refuse_at(const struct check *check, const char *code, const char *list, size_t i,
    const char *text)
{
	char place[FAULT_WHERE_MAX];

	list_place(place, check->where, list, i);
	return fault_set(check->fault, ERR_NO, code, place, "%s", text);
}

static enum err check_names(const struct check *check)
{
	const struct manifest_fields *fields = check->fields;

	if (!text_is_name(bytes_of(fields->org)) || !text_is_name(bytes_of(fields->batch)))
		return refuse(check, "manifest-names", "the organisation or the batch has no name");
	if (fields->issued[0] == '\0')
		return refuse(check, "manifest-names", "there is no time of issue");
	if (fields->trust == 0)
		return refuse(check, "manifest-names", "there is no trust version it was made under");
	return ERR_OK;
}

static enum err check_series(const struct check *check)
{
	const struct list *abandoned = &check->fields->abandoned;

	if (!list_ascending(abandoned) ||
	    (abandoned->count > 0 && list_integer(abandoned, abandoned->count - 1) >= check->fields->seq))
		return refuse(check, "manifest-series", "abandoned numbers should ascend and lie below seq");
	return ERR_OK;
}

static enum err check_lot(const struct check *check, size_t i, uint64_t first)
{
	const struct manifest_lot *lot = manifest_lot(check->fields, i);

	if (!text_is_name(bytes_of(lot->name)))
		return refuse_at(check, "manifest-lots", "lots", i, "this lot has no name");
	if (lot->count < 1 || lot->count > LOT_DEVICES_MAX)
		return refuse_at(check, "manifest-lots", "lots", i, "a lot holds 1 to 65536 devices");
	if (lot->first != first)
		return refuse_at(check, "manifest-lots", "lots", i,
		    "this lot does not begin where the one before ends");
	return ERR_OK;
}

static enum err check_lots(const struct check *check)
{
	struct buffer names = BUFFER_EMPTY;
	uint64_t total = 0;
	enum err err = ERR_OK;

	if (check->fields->lots.count > MANIFEST_LOTS_MAX)
		return refuse(check, "manifest-lots", "there are more than 2048 lots");
	for (size_t i = 0; i < check->fields->lots.count && err == ERR_OK; i++) {
		err = check_lot(check, i, total);
		total += manifest_lot(check->fields, i)->count;
		list_collect(&names, manifest_lot(check->fields, i)->name, NAME_SIZE);
	}
	if (err == ERR_OK)
		err = buffer_check(&names, check->fault);
	if (err == ERR_OK && list_repeats(&names, NAME_SIZE))
		err = refuse(check, "manifest-lots", "two lots have one name");
	if (err == ERR_OK && (total == 0 || total != check->fields->count))
		err = refuse(check, "manifest-lots", "the lots do not sum to count, or there are none");
	buffer_free(&names);
	return err;
}

/* After check_lots: it bounds count, so that count * stride cannot overflow. */
static enum err check_files(const struct check *check)
{
	const struct manifest_file *files = check->fields->files.items;
	uint64_t stride = check->fields->stride, total = 0;

	if (check->fields->files.count > RECORDS_FILES_MAX)
		return refuse(check, "manifest-files", "there are more than 1000 files");
	for (size_t i = 0; i < check->fields->files.count; i++) {
		uint64_t bytes = files[i].bytes;

		if (bytes == 0 || bytes > RECORDS_FILE_MAX || bytes % stride != 0)
			return refuse_at(check, "manifest-files", "files", i,
			    "a file holds whole records and at most 1 GiB");
		total += bytes;
	}
	if (total != check->fields->count * stride)
		return refuse(check, "manifest-files", "the files do not sum to count times stride");
	return ERR_OK;
}

static enum err check_common(const struct check *check, size_t i)
{
	const struct manifest_common *commons = check->fields->common.items, *common = &commons[i];
	struct buffer content = BUFFER_EMPTY;
	uint8_t digest[HASH_SIZE];
	enum err err;

	common_content(&content, common->text, common->line_ending == LINE_ENDING_CRLF);
	err = buffer_check(&content, check->fault);
	if (err == ERR_OK && (content.size == 0 || content.data[content.size - 1] != '\n'))
		err = refuse_at(check, "manifest-common", "common", i,
		    "the text should be lines, each ended by LF");
	hash_bytes(digest, buffer_bytes(&content));
	if (err == ERR_OK && memcmp(digest, common->digest, HASH_SIZE) != 0)
		err = refuse_at(check, "manifest-common", "common", i, "the digest is not that of the text");
	buffer_free(&content);
	return err;
}

static enum err check_commons(const struct check *check)
{
	enum err err = ERR_OK;

	if (check->fields->common.count > COMMONS_MAX)
		return refuse(check, "manifest-common", "there are more common contents than slots");
	for (size_t i = 0; i < check->fields->common.count && err == ERR_OK; i++)
		err = check_common(check, i);
	return err;
}

static enum err check_recipients(const struct check *check)
{
	const struct list *recipients = &check->fields->master_recipients;
	bool repeats;
	enum err err;

	for (size_t i = 0; i < recipients->count; i++) {
		struct recipient recipient;
		struct bytes text = bytes_of(list_text(recipients, i, RECIPIENT_SIZE));

		if (recipient_parse(&recipient, text, check->where, check->fault) != ERR_OK)
			return refuse_at(check, "manifest-recipient", "master_recipients", i,
			    "this is not an age recipient");
	}
	err = list_repeats_text(&repeats, recipients, RECIPIENT_SIZE, check->fault);
	if (err == ERR_OK && repeats)
		err = refuse(check, "manifest-recipient", "a master recipient stands twice");
	return err;
}

/* Three decimal numbers, such as 1.3.2, or nothing. */
static bool is_firmware(const char *text)
{
	struct cursor cursor = cursor_of(bytes_of(text));
	struct bytes number;
	uint64_t value;
	size_t count = 0;

	if (*text == '\0')
		return true;
	for (; take_field(&cursor, '.', &number); count++) {
		if (!decimal_parse(number, UINT32_MAX, &value))
			return false;
	}
	return count == 3 && text[strlen(text) - 1] != '.';
}

static bool forms_valid(const struct list *forms)
{
	const unsigned *items = forms->items;

	return (forms->count == 1 && items[0] == DIGEST_EXACT) ||
	    (forms->count == 2 && items[0] == DIGEST_EXACT && items[1] == DIGEST_NUL);
}

static enum err check_slots(const struct check *check)
{
	const struct list *list = &check->fields->policy.slots;
	const struct manifest_slot *slots = list->items;

	if (list->count < 1 || list->count > SLOTS_MAX)
		return refuse(check, "manifest-policy", "a policy has 1 to 32 slots");
	for (size_t i = 0; i < list->count; i++) {
		if (slots[i].tag > SLOT_TAG_MAX || slots[i].type > TYPE_MAX)
			return refuse_at(check, "manifest-policy", "policy.slots", i,
			    "a user's slot has no such tag or type");
		if (i > 0 && (slots[i].tag < slots[i - 1].tag ||
		    (slots[i].tag == slots[i - 1].tag && slots[i].type <= slots[i - 1].type)))
			return refuse_at(check, "manifest-policy", "policy.slots", i,
			    "slots should ascend by tag, then type, each once");
	}
	return ERR_OK;
}

static enum err check_policy(const struct check *check)
{
	const struct manifest_policy *policy = &check->fields->policy;
	bool repeats;
	enum err err;

	if (policy->attempts < 1 || policy->attempts > ATTEMPTS_MAX)
		return refuse(check, "manifest-policy", "attempts should be 1 to 99");
	if (!forms_valid(&policy->digest_forms))
		return refuse(check, "manifest-policy", "digest_forms should be exact, or exact and nul");
	if (!is_firmware(policy->minimum_firmware))
		return refuse(check, "manifest-policy",
		    "minimum_firmware should be three numbers such as 1.3.2, or empty");
	err = list_repeats_text(&repeats, &policy->families, NAME_SIZE, check->fault);
	if (err != ERR_OK)
		return err;
	if (repeats || list_holds_text(&policy->families, "", NAME_SIZE))
		return refuse(check, "manifest-policy", "a modem family stands twice or has no name");
	return check_slots(check);
}

static enum err check_supersedes(const struct check *check)
{
	const struct list *list = &check->fields->supersedes;
	const struct manifest_supersede *items = list->items;
	struct buffer hashes = BUFFER_EMPTY;
	enum err err;

	for (size_t i = 0; i < list->count; i++) {
		if (items[i].all == (items[i].indices.count > 0) || !list_ascending(&items[i].indices)) {
			buffer_free(&hashes);
			return refuse_at(check, "manifest-supersedes", "supersedes", i,
			    "either all, or indices in ascending order");
		}
		buffer_put(&hashes, bytes_from(items[i].manifest_sha256, HASH_SIZE));
	}
	err = buffer_check(&hashes, check->fault);
	if (err == ERR_OK && list_repeats(&hashes, HASH_SIZE))
		err = refuse(check, "manifest-supersedes", "one manifest is superseded twice");
	buffer_free(&hashes);
	return err;
}

enum err manifest_check(const struct manifest_fields *fields, const char *where, struct fault *fault)
{
	const struct check check = {.fields = fields, .where = where, .fault = fault};
	enum err err;

	err = check_names(&check);
	if (err == ERR_OK)
		err = check_series(&check);
	if (err == ERR_OK && !record_stride_valid(fields->stride))
		err = refuse(&check, "manifest-stride",
		    "stride should be a multiple of 64 from 192 to 16384");
	if (err == ERR_OK)
		err = check_lots(&check);
	if (err == ERR_OK)
		err = check_files(&check);
	if (err == ERR_OK)
		err = check_commons(&check);
	if (err == ERR_OK)
		err = check_recipients(&check);
	if (err == ERR_OK)
		err = check_policy(&check);
	if (err == ERR_OK)
		err = check_supersedes(&check);
	return err;
}
