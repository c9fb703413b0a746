/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>

#include "audit_private.h"

/* ,"key":"text" (the comma only if there is something before). */
static void put_text(struct buffer *out, const char *key, const char *text)
{
	if (out->size > 0 && out->data[out->size - 1] != '{')
		buffer_byte(out, ',');
	buffer_format(out, "\"%s\":", key);
	buffer_json_text(out, text);
}

static void put_number(struct buffer *out, const char *key, bool known, uint64_t number)
{
	if (out->size > 0 && out->data[out->size - 1] != '{')
		buffer_byte(out, ',');
	if (known)
		buffer_format(out, "\"%s\":%" PRIu64, key, number);
	else
		buffer_format(out, "\"%s\":null", key);
}

static void put_hash(struct buffer *out, const char *key, const uint8_t *hash)
{
	char hex[2 * HASH_SIZE + 1] = "";

	if (hash != NULL)
		hex_encode(hex, bytes_from(hash, HASH_SIZE));
	put_text(out, key, hex);
}

static void put_counts(struct buffer *out, const struct audit_counts *counts)
{
	buffer_text(out, ",\"counts\":{");
	for (enum audit_class i = 0; i < CLASSES; i++)
		put_number(out, audit_class_name(i), true, counts->of[i]);
	put_number(out, "foreign", true, counts->foreign);
	put_number(out, "refused", true, counts->refused);
	put_number(out, "devices", true, counts->devices);
	buffer_byte(out, '}');
}

static void put_batch(struct buffer *out, const struct audit *audit, size_t i)
{
	const struct manifest_fields *fields = audit_batch(audit, i);
	struct audit_counts counts;

	audit_counts(&counts, audit, i);
	buffer_text(out, i > 0 ? ",{" : "{");
	put_text(out, "batch", fields->batch);
	put_hash(out, "manifest_sha256", audit_batch_hash(audit, i));
	put_text(out, "title", fields->title);
	put_text(out, "purpose", fields->purpose == PURPOSE_REHEARSAL ? "rehearsal" : "production");
	if (audit_batch_partial(audit, i))
		buffer_text(out, ",\"extract\":true");
	put_counts(out, &counts);
	buffer_byte(out, '}');
}

static void put_finding(struct buffer *out, const struct audit_finding *finding)
{
	put_text(out, "code", finding->code);
	put_text(out, "severity", audit_severity_name(finding->severity));
	put_text(out, "batch", finding->batch);
	put_number(out, "index", finding->indexed, finding->index);
	put_text(out, "imei", finding->imei);
	put_text(out, "station", finding->station);
	put_number(out, "entry", finding->numbered, finding->entry);
	put_text(out, "text", finding->text);
}

static void put_findings(struct buffer *out, const struct audit *audit)
{
	buffer_text(out, ",\"findings\":[");
	for (size_t i = 0; i < audit_findings(audit); i++) {
		buffer_text(out, i > 0 ? ",{" : "{");
		put_finding(out, audit_finding(audit, i));
		buffer_byte(out, '}');
	}
	buffer_byte(out, ']');
}

void report_json(struct buffer *out, const struct audit *audit)
{
	struct audit_counts all;

	buffer_byte(out, '{');
	put_text(out, "schema", "gapseal/reconcile/v1");
	put_text(out, "verdict", audit_accepts(audit) ? "accept" : "reject");
	buffer_format(out, ",\"complete\":%s", audit_complete(audit) ? "true" : "false");
	audit_counts(&all, audit, AUDIT_ALL);
	put_counts(out, &all);
	buffer_text(out, ",\"batches\":[");
	for (size_t i = 0; i < audit_batches(audit); i++)
		put_batch(out, audit, i);
	buffer_byte(out, ']');
	put_findings(out, audit);
	buffer_text(out, "}\n");
}

void report_items_json(struct buffer *out, const struct audit *audit)
{
	buffer_byte(out, '{');
	put_text(out, "schema", "gapseal/verify/v1");
	put_text(out, "verdict", audit_accepts(audit) ? "accept" : "reject");
	buffer_text(out, ",\"items\":[");
	for (size_t i = 0; i < audit_items(audit); i++) {
		const struct audit_item *item = audit_item(audit, i);

		buffer_text(out, i > 0 ? ",{" : "{");
		put_text(out, "kind", audit_kind_name(item->kind));
		put_text(out, "path", item->where);
		buffer_format(out, ",\"ok\":%s", strcmp(item->code, "ok") == 0 ? "true" : "false");
		put_text(out, "code", item->code);
		put_hash(out, "sha256", item->hashed ? item->hash : NULL);
		put_text(out, "text", item->text);
		buffer_byte(out, '}');
	}
	buffer_byte(out, ']');
	put_findings(out, audit);
	buffer_text(out, "}\n");
}
