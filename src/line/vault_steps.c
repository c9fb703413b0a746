/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <string.h>

#include "gapseal/common.h"
#include "gapseal/contents.h"

static const struct manifest_common *common_at(const struct manifest_fields *manifest, uint16_t i)
{
	return (const struct manifest_common *)manifest->common.items + i;
}

static const struct manifest_slot *policy_slot(const struct manifest_policy *policy, struct slot slot)
{
	const struct manifest_slot *slots = policy->slots.items;

	for (size_t i = 0; i < policy->slots.count; i++)
		if (slots[i].tag == slot.tag && slots[i].type == slot.type)
			return &slots[i];
	return NULL;
}

/* A step must leave the state the signed policy announces for its slot: a record may not do what the manifest
 * does not say. */
static bool announced(const struct manifest_policy *policy, const struct contents_step *step)
{
	static const unsigned states[] = {
		[CONTENTS_WRITE] = SLOT_DIGEST, [CONTENTS_DELETE] = SLOT_ABSENT,
		[CONTENTS_KEYGEN] = SLOT_PRESENT, [CONTENTS_EXPECT] = SLOT_PRESENT,
	};
	const struct manifest_slot *slot = policy_slot(policy, step->slot);

	return slot != NULL && slot->state == states[step->op];
}

static bool put_delete(struct secret *body, struct slot slot)
{
	const struct step step = {.op = STEP_DELETE, .slot = slot};

	return step_put(body, &step);
}

/* The text of a common PEM is public; it is expanded here so that the line needs no manifest. */
static bool put_common(struct secret *body, struct slot slot, const struct manifest_common *common)
{
	struct buffer content = BUFFER_EMPTY;
	struct step step = {.op = STEP_WRITE, .slot = slot};
	bool put;

	common_content(&content, common->text, common->line_ending == LINE_ENDING_CRLF);
	step.content = buffer_bytes(&content);
	put = !content.failed && step_put(body, &step);
	buffer_free(&content);
	return put;
}

static bool put_write(struct vault_port *port, const struct manifest_fields *manifest,
    const struct contents_step *step)
{
	struct step write = {.op = STEP_WRITE, .slot = step->slot, .content = step->content,
	    .password = step->password};

	if (step->shared)
		return put_common(port->body, step->slot, common_at(manifest, step->common));
	return step_put(port->body, &write);
}

static bool keep_form(struct vault_port *port, const struct manifest_fields *manifest,
    const struct contents_step *step)
{
	const struct manifest_common *common = step->shared ? common_at(manifest, step->common) : NULL;
	struct buffer content = BUFFER_EMPTY;
	bool kept;

	if (common == NULL)
		return vault_form_keep(port, step->slot, step->content);
	common_content(&content, common->text, common->line_ending == LINE_ENDING_CRLF);
	kept = !content.failed && vault_form_keep(port, step->slot, buffer_bytes(&content));
	buffer_free(&content);
	return kept;
}

static bool is_listed(const struct listing_item *item, const struct vault_form *form,
    const struct manifest_policy *policy)
{
	if (item == NULL || !item->has_digest)
		return false;
	return memcmp(item->digest, form->exact, HASH_SIZE) == 0 ||
	    (vault_allows_nul(policy) && memcmp(item->digest, form->nul, HASH_SIZE) == 0);
}

/* Equal digest: left alone. Occupied by something else: deleted first, which only the policy "replace"
 * permits. */
static const char *plan_write(struct vault_port *port, const struct manifest_fields *manifest,
    const struct contents_step *step)
{
	const struct listing_item *item = listing_find(&port->before, step->slot);

	if (!keep_form(port, manifest, step))
		return "record-contents";
	if (is_listed(item, &port->forms[port->form_count - 1], &manifest->policy))
		return NULL;
	if (item != NULL && manifest->policy.existing != EXISTING_REPLACE)
		return "slot-different";
	if (item != NULL && !put_delete(port->body, step->slot))
		return "record-contents";
	return put_write(port, manifest, step) ? NULL : "record-contents";
}

static const char *plan_step(struct vault_port *port, const struct manifest_fields *manifest,
    const struct contents_step *step)
{
	if (!announced(&manifest->policy, step))
		return "record-slots";
	switch (step->op) {
	case CONTENTS_WRITE:
		return plan_write(port, manifest, step);
	case CONTENTS_DELETE:
		if (listing_find(&port->before, step->slot) == NULL)
			return NULL;
		return put_delete(port->body, step->slot) ? NULL : "record-contents";
	case CONTENTS_EXPECT:
		return NULL;
	case CONTENTS_KEYGEN:
		return "keygen-unsupported";
	}
	return "record-contents";
}

const char *vault_make_steps(struct vault *vault, struct vault_port *port)
{
	const struct manifest_fields *manifest = vault_manifest(vault, port->batch);
	struct contents contents;
	struct fault fault;
	const char *reason = NULL;

	if (contents_read(&contents, secret_bytes(port->plain), (uint16_t)manifest->common.count,
	    manifest->batch, &fault) != ERR_OK)
		return "record-contents";
	if (memcmp(contents.imei, port->imei, IMEI_SIZE) != 0)
		return "record-imei";
	secret_clear(port->body);
	vault_forms_forget(port);
	for (size_t i = 0; reason == NULL && i < contents.count; i++)
		reason = plan_step(port, manifest, &contents.steps[i]);
	return reason;
}
