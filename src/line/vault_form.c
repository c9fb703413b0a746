/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <string.h>

/*
 * A host that stores a NUL behind its contents lists SHA-256(content + NUL), which says nothing to whoever
 * knows only SHA-256(content). While a record is open both are known: then, where the policy allows that
 * form, the one counts as the other, and the entry says so.
 */

bool vault_allows_nul(const struct manifest_policy *policy)
{
	const unsigned *forms = policy->digest_forms.items;

	for (size_t i = 0; i < policy->digest_forms.count; i++)
		if (forms[i] == DIGEST_NUL)
			return true;
	return false;
}

bool vault_form_keep(struct vault_port *port, struct slot slot, struct bytes content)
{
	struct vault_form *form = &port->forms[port->form_count];

	if (port->form_count == SLOTS_MAX)
		return false;
	form->slot = slot;
	credential_digest(form->exact, content, false);
	credential_digest(form->nul, content, true);
	port->form_count++;
	return true;
}

void vault_forms_forget(struct vault_port *port)
{
	secret_wipe(port->forms, sizeof port->forms);
	port->form_count = 0;
}

static const struct vault_form *find_form(const struct vault_port *port, struct slot slot)
{
	for (size_t i = 0; i < port->form_count; i++)
		if (slot_compare(port->forms[i].slot, slot) == 0)
			return &port->forms[i];
	return NULL;
}

bool vault_forms_apply(const struct vault_port *port, const struct manifest_policy *policy,
    struct listing *listing)
{
	bool applied = false;

	if (!vault_allows_nul(policy))
		return false;
	for (size_t i = 0; i < listing->count; i++) {
		struct listing_item *item = &listing->items[i];
		const struct vault_form *form = find_form(port, item->slot);

		if (form == NULL || !item->has_digest || memcmp(item->digest, form->nul, HASH_SIZE) != 0)
			continue;
		memcpy(item->digest, form->exact, HASH_SIZE);
		applied = true;
	}
	return applied;
}
