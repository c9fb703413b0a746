/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "gapseal/list.h"
#include "plan_private.h"

static bool is_slot(const struct profile *profile, size_t credential, size_t slot)
{
	const struct manifest_slot *slots = profile->policy.slots.items;
	struct slot of = profile->credentials[credential].slot;

	return of.tag == slots[slot].tag && of.type == slots[slot].type;
}

static size_t slot_of(const struct profile *profile, size_t credential)
{
	size_t slot = 0;

	while (!is_slot(profile, credential, slot))
		slot++;
	return slot;
}

static size_t lot_named(const struct plan *plan, const char *name)
{
	size_t lot = 0;

	while (lot < plan->lot_count && strcmp(plan->lots[lot].name, name) != 0)
		lot++;
	return lot;
}

/* A credential without lots first takes all of them, those with lots then what is theirs. */
static void take_all(struct plan *plan, size_t credential)
{
	size_t slots = plan_slots(plan), slot = slot_of(plan->profile, credential);

	if (plan->profile->credentials[credential].lots.count > 0)
		return;
	for (size_t lot = 0; lot < plan->lot_count; lot++)
		plan->choice[lot * slots + slot] = (uint8_t)credential;
}

static void take_own(struct lint *lint, size_t credential)
{
	struct plan *plan = lint->plan;
	const struct list *lots = &plan->profile->credentials[credential].lots;
	size_t slots = plan_slots(plan), slot = slot_of(plan->profile, credential);

	for (size_t i = 0; i < lots->count; i++) {
		const char *name = list_text(lots, i, NAME_SIZE);
		size_t lot = lot_named(plan, name);

		if (lot < plan->lot_count)
			plan->choice[lot * slots + slot] = (uint8_t)credential;
		else
			lint_profile(lint, RULE_LOT_UNKNOWN, credential, "no device is in lot %s", name);
	}
}

/* The first lot that gets nothing for the slot is named, the others are counted. */
static void find_gap(struct lint *lint, size_t slot)
{
	const struct plan *plan = lint->plan;
	size_t slots = plan_slots(plan), gaps = 0, first = 0, credential = 0;

	for (size_t lot = 0; lot < plan->lot_count; lot++)
		if (plan->choice[lot * slots + slot] == NO_CREDENTIAL && gaps++ == 0)
			first = lot;
	if (gaps == 0)
		return;
	while (!is_slot(plan->profile, credential, slot))
		credential++;
	lint_profile(lint, RULE_LOT_SLOTS, credential,
	    "lot %s and %zu others get nothing for type %s of tag %lu: every device of a batch has the same "
	    "slots", plan->lots[first].name, gaps - 1,
	    credential_type_name(plan->profile->credentials[credential].slot.type),
	    (unsigned long)plan->profile->credentials[credential].slot.tag);
}

/* The source of what a lot gets for a slot; SOURCES if nothing. */
static enum source source_of(const struct plan *plan, size_t lot, struct slot slot)
{
	for (size_t i = 0; i < plan_slots(plan); i++) {
		size_t credential = plan_credential(plan, lot, i);

		if (credential != NO_CREDENTIAL &&
		    slot_compare(plan->profile->credentials[credential].slot, slot) == 0)
			return plan->profile->credentials[credential].source;
	}
	return SOURCES;
}

/* A certificate is issued for the key that was generated, and nobody else has one for it. */
static bool key_fits(const struct plan *plan, size_t lot, const struct profile_credential *credential)
{
	const struct slot key = {credential->slot.tag, CREDENTIAL_KEY};
	bool generated;

	if (credential->source != SOURCE_ISSUED && credential->source != SOURCE_PATH)
		return true;
	if (credential->slot.type != CREDENTIAL_CERT)
		return true;
	generated = source_of(plan, lot, key) == SOURCE_GENERATED;
	return generated == (credential->source == SOURCE_ISSUED);
}

static void refuse_key(struct lint *lint, size_t i)
{
	const struct profile_credential *credential = &lint->plan->profile->credentials[i];
	unsigned long tag = credential->slot.tag;

	if (credential->source == SOURCE_ISSUED)
		lint_profile(lint, RULE_CERT_KEY, i,
		    "a certificate is issued for the generated key of its tag, and tag %lu has none", tag);
	else
		lint_profile(lint, RULE_CERT_KEY, i,
		    "the key of tag %lu is generated, so no certificate that exists already is for it", tag);
}

static void find_strange_keys(struct lint *lint)
{
	const struct plan *plan = lint->plan;
	bool said[PROFILE_CREDENTIALS_MAX] = {false};

	for (size_t lot = 0; lot < (plan->choice != NULL ? plan->lot_count : 1); lot++) {
		for (size_t slot = 0; slot < plan_slots(plan); slot++) {
			size_t i = plan_credential(plan, lot, slot);

			if (i == NO_CREDENTIAL || said[i] ||
			    key_fits(plan, lot, &plan->profile->credentials[i]))
				continue;
			said[i] = true;
			refuse_key(lint, i);
		}
	}
}

static bool has_lots(const struct profile *profile)
{
	for (size_t i = 0; i < profile->count; i++)
		if (profile->credentials[i].lots.count > 0)
			return true;
	return false;
}

/* What could not be read may be what lacks, so gaps are looked for only in a profile without errors. */
enum err lint_choice(struct lint *lint)
{
	struct plan *plan = lint->plan;
	const struct profile *profile = plan->profile;
	size_t slots = plan_slots(plan), errors = lint->findings->errors;

	if (has_lots(profile) || profile->count != slots) {
		plan->choice = malloc(plan->lot_count * slots + 1);
		if (plan->choice == NULL)
			return fault_memory(lint->fault);
		memset(plan->choice, NO_CREDENTIAL, plan->lot_count * slots + 1);
		for (size_t i = 0; i < profile->count; i++)
			take_all(plan, i);
		for (size_t i = 0; i < profile->count; i++)
			take_own(lint, i);
	}
	if (errors > 0)
		return ERR_OK;
	for (size_t slot = 0; plan->choice != NULL && slot < slots; slot++)
		find_gap(lint, slot);
	find_strange_keys(lint);
	return ERR_OK;
}
