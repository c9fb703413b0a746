/* SPDX-License-Identifier: ISC */
#include "gapseal/entry.h"

#include <string.h>

#include "gapseal/line.h"

/* A reason code: lower-case letters, digits and hyphens. */
static bool is_code(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return length > 0 && text[length] == '\0';
}

static bool is_imei(const char *text)
{
	struct fault unused;
	char imei[IMEI_SIZE];

	return *text == '\0' || imei_parse(imei, bytes_of(text), "", &unused) == ERR_OK;
}

static bool device_valid(const struct entry *entry)
{
	return is_imei(entry->imei) && entry->port[0] != '\0' && (entry->leaf.present || entry->index == 0) &&
	    (entry->manifest.present || !entry->leaf.present);
}

/* A record was in hand: only a grant gives its keys. */
static bool record_valid(const struct entry *entry)
{
	return device_valid(entry) && entry->leaf.present && entry->grant >= 1;
}

static bool steps_valid(const struct numbers *steps)
{
	for (size_t i = 0; i < steps->count; i++) {
		if (steps->items[i] > STEP_NOT_SENT)
			return false;
	}
	return true;
}

static bool form_valid(const char *form)
{
	return *form == '\0' || strcmp(form, "exact") == 0 || strcmp(form, "nul") == 0;
}

/* Nothing is proven without the modem's own listing, and nothing proven has a reason. */
static bool verdict_valid(const struct entry *entry, bool proven)
{
	if (!form_valid(entry->form) || !steps_valid(&entry->steps) || strpbrk(entry->firmware,
	    "\"\\") != NULL)
		return false;
	if (proven)
		return entry->reason[0] == '\0' && entry->state.present;
	return is_code(entry->reason);
}

static bool end_valid(const struct entry *entry)
{
	bool done = strcmp(entry->result, "done") == 0;

	if (!done && strcmp(entry->result, "failed") != 0 && strcmp(entry->result, "unknown") != 0)
		return false;
	return record_valid(entry) && entry->attempt >= 1 && entry->begin < entry->n && verdict_valid(entry,
	    done);
}

static bool closeout_valid(const struct entry *entry)
{
	return entry->manifest.present && entry->lot[0] != '\0';
}

/* What a station would not write, whatever its log key says. */
static bool values_valid(const struct entry *entry)
{
	if (entry->v != ENTRY_VERSION || entry->time[0] == '\0' || entry->boot[0] == '\0')
		return false;
	switch (entry->type) {
	case ENTRY_ENROLL:
		return entry->org[0] != '\0' && entry->station[0] != '\0' && entry->recipient[0] != '\0' &&
		    entry->log_key[0] != '\0';
	case ENTRY_TRUST:
		return entry->trust >= 1 && entry->sha256.present;
	case ENTRY_INGEST:
		return entry->batch[0] != '\0' && entry->manifest.present && entry->trust >= 1 &&
		    entry->sha256.present;
	case ENTRY_START:
	case ENTRY_RECOVER:
		return entry->sha256.present;
	case ENTRY_BEGIN:
		return record_valid(entry) && entry->attempt >= 1;
	case ENTRY_END:
		return end_valid(entry);
	case ENTRY_SAME:
		return record_valid(entry) && strcmp(entry->result, "same") == 0 && verdict_valid(entry,
		    true);
	case ENTRY_REFUSE:
		return device_valid(entry) && is_code(entry->reason);
	case ENTRY_RELEASE:
	case ENTRY_VOID:
	case ENTRY_UNVOID:
		return entry->manifest.present;
	case ENTRY_CLOSEOUT:
		return closeout_valid(entry);
	case ENTRY_STOP:
		return is_code(entry->reason);
	case ENTRY_EXPORT:
	case ENTRY_CLOCK:
	case ENTRY_TYPES:
		break;
	}
	return true;
}

static bool find_type(enum entry_type *out, struct bytes line)
{
	char name[16];

	if (!line_type(name, line))
		return false;
	for (*out = 0; *out < ENTRY_TYPES; ++*out) {
		if (strcmp(name, entry_type_name(*out)) == 0)
			return true;
	}
	return false;
}

enum err entry_read(struct entry *out, struct bytes line, const char *where, struct fault *fault)
{
	enum entry_type type;

	/* The type found by looking picks the table; the type that the table reads must be the same. */
	if (find_type(&type, line) && line_read(out, &entry_shapes[type], line) && out->type == type &&
	    values_valid(out))
		return ERR_OK;
	return fault_set(fault, ERR_NO, "entry-form", where, "this line is no entry that a station writes");
}

void entry_format(struct buffer *out, const struct entry *entry)
{
	line_format(out, &entry_shapes[entry->type], entry);
}
