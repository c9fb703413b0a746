/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "gapseal/list.h"
#include "profile_private.h"

static int compare(const void *a, const void *b)
{
	const struct profile_credential *left = a, *right = b;
	int order = slot_compare(left->slot, right->slot);

	return order != 0 ? order : strcmp(left->name, right->name);
}

/* Whether some lot would get both. */
static bool meet(const struct profile_credential *a, const struct profile_credential *b)
{
	if (a->lots.count == 0 || b->lots.count == 0)
		return a->lots.count == b->lots.count;
	for (size_t i = 0; i < a->lots.count; i++)
		if (list_holds_text(&b->lots, list_text(&a->lots, i, NAME_SIZE), NAME_SIZE))
			return true;
	return false;
}

/* The finding stands at the later one of the two and names the other. */
static void compare_pair(struct profile_reading *reading, const struct profile_credential *a,
    const struct profile_credential *b)
{
	unsigned first = a->line < b->line ? a->line : b->line, second = a->line + b->line - first;

	if (slot_compare(a->slot, b->slot) != 0)
		return;
	if (meet(a, b))
		profile_say(reading, RULE_SLOT_TWICE, second, "tag %lu already has type %s, on line %u",
		    (unsigned long)b->slot.tag, credential_type_name(b->slot.type), first);
	else if (source_state(a->source) != source_state(b->source))
		profile_say(reading, RULE_SLOT_STATE, second,
		    "for some lots type %s of tag %lu is written and for others not, see line %u; every "
		    "device of a batch has the same slots", credential_type_name(b->slot.type),
		    (unsigned long)b->slot.tag, first);
}

static bool fills(const struct profile *profile, uint32_t tag, uint32_t type)
{
	for (size_t i = 0; i < profile->count; i++)
		if (slot_compare(profile->credentials[i].slot, (struct slot){tag, type}) == 0 &&
		    profile->credentials[i].source != SOURCE_DELETE)
			return true;
	return false;
}

/* What is of use only in pairs: a modem takes key and certificate, or PSK and identity, from one tag. */
static void find_half(struct profile_reading *reading, const struct profile_credential *credential)
{
	static const enum credential_type other[CREDENTIAL_TYPES] = {
		[CREDENTIAL_CA] = CREDENTIAL_TYPES, [CREDENTIAL_CERT] = CREDENTIAL_KEY,
		[CREDENTIAL_KEY] = CREDENTIAL_CERT, [CREDENTIAL_PSK] = CREDENTIAL_IDENTITY,
		[CREDENTIAL_IDENTITY] = CREDENTIAL_PSK,
	};
	struct slot slot = credential->slot;
	enum credential_type lacks = other[slot.type];

	/* that an issued certificate has its key is looked at lot by lot */
	if (source_state(credential->source) != SLOT_DIGEST || credential->source == SOURCE_ISSUED ||
	    lacks == CREDENTIAL_TYPES || fills(reading->profile, slot.tag, lacks))
		return;
	profile_say(reading, RULE_SLOT_HALF, credential->line,
	    "tag %lu has type %s without type %s: neither is of use alone", (unsigned long)slot.tag,
	    credential_type_name(slot.type), credential_type_name(lacks));
}

/* Tags by which software finds its credentials; said once each. */
static void find_known(struct profile_reading *reading, const struct profile_credential *credential)
{
	static const struct { uint32_t tag; const char *use; } known[] = {
		{42, "what many samples use: firmware of several makers may look there"},
		{16842753, "the one nRF Cloud's libraries and tools use"},
		{35724861, "the one LwM2M clients of the nRF Connect SDK use for their server"},
		{35724862, "the one LwM2M clients of the nRF Connect SDK use for bootstrap"},
		{515765868, "the one Golioth's samples use"},
	};
	const struct profile_credential *other = reading->profile->credentials;

	if (credential->source == SOURCE_DELETE)
		return;
	for (; other < credential; other++)
		if (other->slot.tag == credential->slot.tag && other->source != SOURCE_DELETE)
			return; /* said there */
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].tag == credential->slot.tag)
			profile_say(reading, RULE_TAG_KNOWN, credential->line, "tag %lu is %s",
			    (unsigned long)known[i].tag, known[i].use);
}

static void look(struct profile_reading *reading, bool whole)
{
	const struct profile_credential *credentials = reading->profile->credentials;

	for (size_t i = 0; i < reading->profile->count; i++) {
		for (size_t j = 0; j < i; j++)
			compare_pair(reading, &credentials[j], &credentials[i]);
		if (whole) /* or the other half may be what could not be read */
			find_half(reading, &credentials[i]);
		find_known(reading, &credentials[i]);
	}
}

enum err profile_take_slots(struct profile_reading *reading, bool whole)
{
	struct profile *profile = reading->profile;
	struct manifest_slot *slots = calloc(profile->count + 1, sizeof *slots);
	size_t count = 0;

	if (slots == NULL)
		return fault_memory(reading->fault);
	qsort(profile->credentials, profile->count, sizeof profile->credentials[0], compare);
	for (size_t i = 0; i < profile->count; i++) {
		const struct profile_credential *credential = &profile->credentials[i];

		if (i > 0 && slot_compare(credential->slot, credential[-1].slot) == 0)
			continue;
		slots[count].state = source_state(credential->source);
		slots[count].tag = credential->slot.tag;
		slots[count++].type = credential->slot.type;
	}
	profile->policy.slots = (struct list){.items = slots, .count = count};
	look(reading, whole);
	return ERR_OK;
}
