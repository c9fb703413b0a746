/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>

#include "audit_private.h"

static void put_counts(struct buffer *out, const struct audit_counts *counts)
{
	for (enum audit_class i = 0; i < CLASSES; i++)
		buffer_format(out, "  %-10s %" PRIu64 "\n", audit_class_name(i), counts->of[i]);
}

static void put_batch(struct buffer *out, const struct audit *audit, size_t i)
{
	const struct manifest_fields *fields = audit_batch(audit, i);
	struct audit_counts counts;

	audit_counts(&counts, audit, i);
	buffer_format(out, "%sbatch %s%s: %" PRIu64 " devices, %" PRIu64 " refusals\n",
	    fields->purpose == PURPOSE_REHEARSAL ? "REHEARSAL " : "", fields->batch,
	    audit_batch_partial(audit, i) ? " (extracts only)" : "", counts.devices, counts.refused);
	put_counts(out, &counts);
}

static void put_finding(struct buffer *out, const struct audit_finding *finding)
{
	buffer_format(out, "%s [%s]", audit_severity_name(finding->severity), finding->code);
	if (finding->batch[0] != '\0')
		buffer_format(out, " batch %s", finding->batch);
	if (finding->indexed)
		buffer_format(out, " index %" PRIu64, finding->index);
	if (finding->imei[0] != '\0')
		buffer_format(out, " IMEI %s", finding->imei);
	if (finding->station[0] != '\0')
		buffer_format(out, " station %s", finding->station);
	if (finding->numbered)
		buffer_format(out, " entry %" PRIu64, finding->entry);
	buffer_format(out, ": %s\n", finding->text);
}

static void put_verdict(struct buffer *out, const struct audit *audit)
{
	uint64_t errors = audit_total(audit, AUDIT_ERROR), warnings = audit_total(audit, AUDIT_WARNING);

	buffer_format(out, "verdict: %s%s, %s; %" PRIu64 " error%s, %" PRIu64 " warning%s\n",
	    audit_accepts(audit) ? "accept" : "reject", audit_rehearsal(audit) ? " (REHEARSAL)" : "",
	    audit_complete(audit) ? "complete" : "not complete", errors, errors == 1 ? "" : "s", warnings,
	    warnings == 1 ? "" : "s");
}

static void put_items(struct buffer *out, const struct audit *audit)
{
	char fingerprint[FINGERPRINT_SIZE];

	for (size_t i = 0; i < audit_items(audit); i++) {
		const struct audit_item *item = audit_item(audit, i);
		bool good = strcmp(item->code, "ok") == 0;

		buffer_format(out, "%s %s %s: %s", good ? "ok" : "no", audit_kind_name(item->kind),
		    item->where, item->text);
		if (!good)
			buffer_format(out, " [%s]", item->code);
		buffer_byte(out, '\n');
		if (!item->hashed)
			continue;
		fingerprint_print(fingerprint, item->hash);
		buffer_format(out, "   %s %s\n", item->kind == AUDIT_LOG ? "root" : "fingerprint",
		    fingerprint);
	}
}

void report_text(struct buffer *out, const struct audit *audit)
{
	struct audit_counts all;

	put_items(out, audit);
	for (size_t i = 0; i < audit_batches(audit); i++)
		put_batch(out, audit, i);
	audit_counts(&all, audit, AUDIT_ALL);
	buffer_format(out, "all batches: %" PRIu64 " devices, %" PRIu64 " refusals, %" PRIu64
	    " refusals of foreign devices\n", all.devices, all.refused, all.foreign);
	for (size_t i = 0; i < audit_findings(audit); i++)
		put_finding(out, audit_finding(audit, i));
	put_verdict(out, audit);
}

/* An error is the refusal of an item, which has said so. */
void report_items_text(struct buffer *out, const struct audit *audit)
{
	put_items(out, audit);
	for (size_t i = 0; i < audit_findings(audit); i++) {
		if (audit_finding(audit, i)->severity != AUDIT_ERROR)
			put_finding(out, audit_finding(audit, i));
	}
}
