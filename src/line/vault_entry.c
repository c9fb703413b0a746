/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

uint64_t vault_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void set_hash(struct maybe_hash *out, const uint8_t *hash)
{
	if (hash == NULL)
		return;
	memcpy(out->hash, hash, HASH_SIZE);
	out->present = true;
}

/* Whether the policies of all batches that may be asked for the device want these in the log. */
static bool all_log(const struct vault *vault, bool unit)
{
	for (size_t i = 0; i < vault->batch_count; i++) {
		const struct manifest_policy *policy;

		if (vault->batches[i].lots == NULL)
			continue;
		policy = &vault_manifest(vault, i)->policy;
		if (!(unit ? policy->log_unit : policy->log_imei))
			return false;
	}
	return true;
}

/* The fields every device entry has. IMEI and unit only where the batch's policy wants them in the log; a
 * device no batch holds is named, or nobody could ever say what it was. Where that is not known, all policies
 * must agree. */
static void device_fields(struct entry *entry, const struct vault *vault, unsigned number)
{
	const struct vault_port *port = &vault->ports[number];
	const struct manifest_policy *policy = port->found ? &vault_manifest(vault, port->batch)->policy
	    : NULL;

	snprintf(entry->port, sizeof entry->port, "%s", vault->settings.port_names[number]);
	if (policy != NULL ? policy->log_imei : port->nobodys || all_log(vault, false))
		memcpy(entry->imei, port->imei, sizeof entry->imei);
	if (policy != NULL ? policy->log_unit : port->nobodys || all_log(vault, true))
		memcpy(entry->unit, port->unit, sizeof entry->unit);
	if (!port->found)
		return;
	entry->index = port->index;
	entry->attempt = port->attempt;
	entry->grant = port->granted.grant;
	set_hash(&entry->leaf, port->leaf);
	set_hash(&entry->manifest, manifest_hash(vault->batches[port->batch].manifest));
}

static void verdict_fields(struct entry *entry, const struct vault_port *port, enum result result,
    const char *reason,
    const uint8_t *state)
{
	memcpy(entry->firmware, port->firmware, sizeof entry->firmware);
	entry->ms = vault_clock() - port->since;
	snprintf(entry->reason, sizeof entry->reason, "%s", reason);
	snprintf(entry->result, sizeof entry->result, "%s", result_name(result));
	if (result == RESULT_DONE || result == RESULT_SAME)
		snprintf(entry->form, sizeof entry->form, "%s", port->nul_counted ? "nul" : "exact");
	set_hash(&entry->state, state);
}

/* What the event will say; it goes out only after the entry is durable. */
static void keep_verdict(struct vault *vault, unsigned number, enum result result, const char *reason,
    const struct entry *entry)
{
	struct vault_port *port = &vault->ports[number];
	struct vault_verdict *verdict = &port->verdict;

	*verdict = (struct vault_verdict){.result = result, .entry = entry->n, .ms = vault_clock() - port->since};
	snprintf(verdict->reason, sizeof verdict->reason, "%s", reason);
	memcpy(verdict->imei, port->imei, sizeof verdict->imei);
	memcpy(verdict->firmware, port->firmware, sizeof verdict->firmware);
	memcpy(verdict->unit, port->unit, sizeof verdict->unit);
	if (!port->found)
		return;
	memcpy(verdict->batch, vault_manifest(vault, port->batch)->batch, NAME_SIZE);
	memcpy(verdict->lot, manifest_lot(vault_manifest(vault, port->batch), port->lot)->name, NAME_SIZE);
	verdict->rehearsal = vault_manifest(vault, port->batch)->purpose == PURPOSE_REHEARSAL;
	verdict->indexed = true;
	verdict->index = port->index;
	verdict->attempt = port->attempt;
}

enum err vault_log_refuse(struct vault *vault, unsigned number, enum result result, const char *reason,
    struct fault *fault)
{
	struct entry entry = {.type = ENTRY_REFUSE};
	enum err err;

	device_fields(&entry, vault, number);
	snprintf(entry.reason, sizeof entry.reason, "%s", reason);
	err = logbook_append(vault->logbook, &entry, fault);
	if (err == ERR_OK)
		keep_verdict(vault, number, result, reason, &entry);
	return err;
}

enum err vault_log_begin(struct vault *vault, unsigned number, struct fault *fault)
{
	struct entry entry = {.type = ENTRY_BEGIN};
	enum err err;

	device_fields(&entry, vault, number);
	err = logbook_append(vault->logbook, &entry, fault);
	vault->ports[number].begin = entry.n;
	return err;
}

enum err vault_log_end(struct vault *vault, unsigned number, uint64_t begin, enum result result,
    const char *reason, const uint8_t *state,
    const struct message *message, struct fault *fault)
{
	struct entry entry = {.type = ENTRY_END, .begin = begin};
	enum err err;

	device_fields(&entry, vault, number);
	verdict_fields(&entry, &vault->ports[number], result, reason, state);
	if (message != NULL) {
		entry.steps.count = message->steps;
		memcpy(entry.steps.items, message->codes, message->steps * sizeof entry.steps.items[0]);
	}
	err = logbook_append(vault->logbook, &entry, fault);
	if (err == ERR_OK)
		keep_verdict(vault, number, result, reason, &entry);
	return err;
}

enum err vault_log_same(struct vault *vault, unsigned number, const uint8_t *state, struct fault *fault)
{
	struct entry entry = {.type = ENTRY_SAME};
	enum err err;

	device_fields(&entry, vault, number);
	verdict_fields(&entry, &vault->ports[number], RESULT_SAME, "", state);
	err = logbook_append(vault->logbook, &entry, fault);
	if (err == ERR_OK)
		keep_verdict(vault, number, RESULT_SAME, "", &entry);
	return err;
}
