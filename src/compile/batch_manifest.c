/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "batch_private.h"
#include "gapseal/json.h"

/* A list of its own with the same elements. */
static enum err copy_list(struct list *out, const void *items, size_t count, size_t size, struct fault *fault)
{
	*out = (struct list){0};
	if (count == 0)
		return ERR_OK;
	out->items = calloc(count, size);
	if (out->items == NULL)
		return fault_memory(fault);
	memcpy(out->items, items, count * size);
	out->count = count;
	return ERR_OK;
}

static enum err fill_policy(struct manifest_policy *out, const struct manifest_policy *policy,
    struct fault *fault)
{
	enum err err;

	*out = *policy;
	out->digest_forms = out->families = out->slots = (struct list){0};
	err = copy_list(&out->digest_forms, policy->digest_forms.items, policy->digest_forms.count,
	    sizeof(unsigned), fault);
	if (err == ERR_OK)
		err = copy_list(&out->families, policy->families.items, policy->families.count, NAME_SIZE,
		    fault);
	if (err == ERR_OK)
		err = copy_list(&out->slots, policy->slots.items, policy->slots.count,
		    sizeof(struct manifest_slot), fault);
	return err;
}

static enum err fill_common(struct manifest_fields *out, const struct plan *plan, struct fault *fault)
{
	size_t count = plan_commons(plan);
	struct manifest_common *commons = calloc(count + 1, sizeof *commons);

	if (commons == NULL)
		return fault_memory(fault);
	out->common = (struct list){.items = commons};
	for (; out->common.count < count; out->common.count++) {
		struct manifest_common *common = &commons[out->common.count];

		*common = *plan_common(plan, out->common.count);
		common->text = strdup(common->text);
		if (common->text == NULL)
			return fault_memory(fault);
	}
	return ERR_OK;
}

static enum err fill_lots(struct manifest_fields *out, const struct plan *plan, struct fault *fault)
{
	size_t count = plan_lots(plan);
	struct manifest_lot *lots = calloc(count + 1, sizeof *lots);

	if (lots == NULL)
		return fault_memory(fault);
	out->lots = (struct list){.items = lots, .count = count};
	for (size_t i = 0; i < count; i++) {
		const struct plan_lot *lot = plan_lot(plan, i);

		memcpy(lots[i].name, lot->name, NAME_SIZE);
		lots[i].first = out->count;
		lots[i].count = lot->count;
		out->count += lot->count;
	}
	return ERR_OK;
}

static enum err fill_supersedes(struct manifest_fields *out, const struct list *from, struct fault *fault)
{
	const struct manifest_supersede *items = from->items;
	enum err err = copy_list(&out->supersedes, items, from->count, sizeof *items, fault);
	struct manifest_supersede *copies = out->supersedes.items;

	/* first no list is shared, so that on failure none is freed twice */
	for (size_t i = 0; i < out->supersedes.count; i++)
		copies[i].indices = (struct list){0};
	for (size_t i = 0; i < out->supersedes.count && err == ERR_OK; i++)
		err = copy_list(&copies[i].indices, items[i].indices.items, items[i].indices.count,
		    sizeof(uint64_t), fault);
	return err;
}

static enum err fill_masters(struct manifest_fields *out, const struct batch_request *request,
    struct fault *fault)
{
	char (*recipients)[RECIPIENT_SIZE] = calloc(request->master_count + 1, RECIPIENT_SIZE);

	if (recipients == NULL)
		return fault_memory(fault);
	out->master_recipients = (struct list){.items = recipients, .count = request->master_count};
	for (size_t i = 0; i < request->master_count; i++)
		recipient_print(recipients[i], &request->masters[i]);
	return ERR_OK;
}

static enum err fill_texts(struct manifest_fields *out, const struct batch_request *request,
    struct fault *fault)
{
	if (text_copy(out->batch, sizeof out->batch, bytes_of(request->id)) &&
	    text_copy(out->org, sizeof out->org, bytes_of(request->org)) &&
	    text_copy(out->series, sizeof out->series, bytes_of(request->series)) &&
	    text_copy(out->issued, sizeof out->issued, bytes_of(request->issued)) &&
	    text_copy(out->title, sizeof out->title, bytes_of(request->title)) &&
	    text_copy(out->tool, sizeof out->tool, bytes_of(request->tool)))
		return ERR_OK;
	return fault_set(fault, ERR_NO, "batch-request", NULL, "a name, the title or the tool is too long");
}

enum err manifest_begin(struct manifest_fields *out, const struct plan *plan,
    const struct batch_request *request, struct fault *fault)
{
	enum err err;

	out->kind = KIND_FULL;
	out->purpose = request->purpose;
	out->seq = request->seq;
	out->trust = request->trust;
	out->stride = record_stride(plan_contents_max(plan));
	if (!record_stride_valid(out->stride))
		return fault_set(fault, ERR_NO, "record-size", NULL,
		    "what a device gets is more than a record holds");
	err = fill_texts(out, request, fault);
	if (err == ERR_OK && request->abandoned != NULL)
		err = copy_list(&out->abandoned, request->abandoned->items, request->abandoned->count,
		    sizeof(uint64_t), fault);
	if (err == ERR_OK && request->supersedes != NULL)
		err = fill_supersedes(out, request->supersedes, fault);
	if (err == ERR_OK)
		err = fill_policy(&out->policy, &plan_profile(plan)->policy, fault);
	if (err == ERR_OK)
		err = fill_common(out, plan, fault);
	if (err == ERR_OK)
		err = fill_lots(out, plan, fault);
	if (err == ERR_OK)
		err = fill_masters(out, request, fault);
	return err;
}

static enum err put_sums(int folder, const uint8_t hash[static HASH_SIZE],
    const struct manifest_fields *manifest, struct fault *fault)
{
	const struct manifest_file *files = manifest->files.items;
	struct buffer sums = BUFFER_EMPTY;
	enum err err;

	buffer_hex(&sums, bytes_from(hash, HASH_SIZE));
	buffer_text(&sums, "  " MANIFEST_NAME "\n");
	for (unsigned i = 0; i < manifest->files.count; i++) {
		char name[RECORDS_NAME_SIZE];

		records_name(name, i);
		buffer_hex(&sums, bytes_from(files[i].sha256, HASH_SIZE));
		buffer_format(&sums, "  %s\n", name);
	}
	err = buffer_check(&sums, fault);
	if (err == ERR_OK)
		err = file_write(folder, SUMS_NAME, buffer_bytes(&sums), 0644, false, fault);
	buffer_free(&sums);
	return err;
}

enum err manifest_put(uint8_t hash[static HASH_SIZE], int folder, const struct manifest_fields *manifest,
    struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	enum err err;

	json_write(&text, &manifest_shape, manifest);
	err = buffer_check(&text, fault);
	if (err == ERR_OK) {
		hash_bytes(hash, buffer_bytes(&text));
		err = file_write(folder, MANIFEST_NAME, buffer_bytes(&text), 0644, false, fault);
	}
	if (err == ERR_OK)
		err = put_sums(folder, hash, manifest, fault);
	buffer_free(&text);
	return err;
}
