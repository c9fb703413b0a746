/* SPDX-License-Identifier: ISC */
#include "audit_private.h"

/* What came of the audit, read by the reports and the program. */

const char *audit_class_name(enum audit_class class_)
{
	static const char *const names[CLASSES] = {
		[CLASS_MISMATCH] = "mismatch",
		[CLASS_DUPLICATE] = "duplicate",
		[CLASS_VOID] = "void",
		[CLASS_DONE] = "done",
		[CLASS_SAME] = "same",
		[CLASS_UNRESOLVED] = "unresolved",
		[CLASS_FAILED] = "failed",
		[CLASS_UNUSED] = "unused",
	};

	return names[class_];
}

const char *audit_kind_name(enum audit_kind kind)
{
	static const char *const names[] = {"trust", "batch", "grant", "log"};

	return names[kind];
}

const struct chain *audit_chain(const struct audit *audit)
{
	return audit->chain;
}

size_t audit_items(const struct audit *audit)
{
	return audit->items.count;
}

const struct audit_item *audit_item(const struct audit *audit, size_t i)
{
	return (const struct audit_item *)audit->items.items + i;
}

size_t audit_batches(const struct audit *audit)
{
	return audit->batches.count;
}

const struct manifest_fields *audit_batch(const struct audit *audit, size_t i)
{
	return audited_manifest(audited_batch(audit, i));
}

const uint8_t *audit_batch_hash(const struct audit *audit, size_t i)
{
	return manifest_hash(audited_batch(audit, i)->manifest);
}

bool audit_batch_partial(const struct audit *audit, size_t i)
{
	return audited_batch(audit, i)->held != NULL;
}

static void add_counts(struct audit_counts *out, const struct audited_batch *batch)
{
	for (unsigned i = 0; i < CLASSES; i++)
		out->of[i] += batch->classes[i];
	out->devices += batch->held != NULL ? batch->held_count : audited_manifest(batch)->count;
	out->refused += batch->refused;
}

void audit_counts(struct audit_counts *out, const struct audit *audit, size_t batch)
{
	*out = (struct audit_counts){0};
	if (batch != AUDIT_ALL) {
		add_counts(out, audited_batch(audit, batch));
		return;
	}
	for (size_t i = 0; i < audit->batches.count; i++)
		add_counts(out, audited_batch(audit, i));
	out->foreign = audit->foreign;
	out->refused += audit->unnamed;
}

enum audit_class audit_class_of(unsigned flags)
{
	if ((flags & DEVICE_MISMATCH) != 0)
		return CLASS_MISMATCH;
	if ((flags & DEVICE_DUPLICATE) != 0)
		return CLASS_DUPLICATE;
	if ((flags & DEVICE_VOID) != 0)
		return CLASS_VOID;
	if ((flags & DEVICE_DONE) != 0)
		return CLASS_DONE;
	if ((flags & DEVICE_SAME) != 0)
		return CLASS_SAME;
	if ((flags & DEVICE_OPEN) != 0)
		return CLASS_UNRESOLVED;
	return (flags & (DEVICE_FAILED | DEVICE_BEGUN)) != 0 ? CLASS_FAILED : CLASS_UNUSED;
}

enum audit_class audit_class(const struct audit *audit, size_t batch, uint64_t index)
{
	return audit_class_of(audited_batch(audit, batch)->flags[index]);
}

size_t audit_findings(const struct audit *audit)
{
	return audit->findings[AUDIT_ERROR].count + audit->findings[AUDIT_WARNING].count;
}

const struct audit_finding *audit_finding(const struct audit *audit, size_t i)
{
	size_t errors = audit->findings[AUDIT_ERROR].count;

	if (i < errors)
		return (const struct audit_finding *)audit->findings[AUDIT_ERROR].items + i;
	return (const struct audit_finding *)audit->findings[AUDIT_WARNING].items + (i - errors);
}

uint64_t audit_total(const struct audit *audit, enum audit_severity severity)
{
	return audit->totals[severity];
}

bool audit_accepts(const struct audit *audit)
{
	return audit->totals[AUDIT_ERROR] == 0;
}

bool audit_complete(const struct audit *audit)
{
	struct audit_counts counts;

	audit_counts(&counts, audit, AUDIT_ALL);
	return audit->batches.count > 0 && audit->batches_refused == 0 &&
	    counts.of[CLASS_DONE] + counts.of[CLASS_SAME] + counts.of[CLASS_VOID] == counts.devices;
}

bool audit_rehearsal(const struct audit *audit)
{
	for (size_t i = 0; i < audit->batches.count; i++) {
		if (audited_manifest(audited_batch(audit, i))->purpose == PURPOSE_REHEARSAL)
			return true;
	}
	return false;
}
