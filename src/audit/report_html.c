/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>

#include "audit_private.h"

/*
 * One page that can be mailed, printed and read in ten years: nothing in it is fetched or run. Verdict and
 * severities stand in words; colour only helps.
 */
static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>gapseal reconciliation</title>\n"
    "<style>\n"
    "body { font: 16px/1.45 sans-serif; color: #1b1b1b; background: #fff; max-width: 62em;"
    " margin: 2em auto; padding: 0 1em; }\n"
    "h1 { font-size: 1.2em; margin: 0 0 1em; }\n"
    "h2 { font-size: 1.1em; margin: 2em 0 .5em; border-bottom: 1px solid #999; }\n"
    ".verdict { border: 4px solid; padding: .6em .8em; }\n"
    ".verdict b { display: block; font-size: 2.6em; line-height: 1.1; }\n"
    ".accept { color: #14532d; background: #eef8f0; }\n"
    ".reject { color: #8a1010; background: #fdf0f0; }\n"
    ".rehearsal { border: 4px dashed #7a4b00; color: #7a4b00; background: #fff7e6; padding: .4em .8em;"
    " margin: 0 0 1em; font-size: 1.4em; font-weight: bold; }\n"
    "table { border-collapse: collapse; width: 100%; }\n"
    "th, td { border: 1px solid #bbb; padding: .25em .5em; text-align: left; vertical-align: top; }\n"
    "th { background: #f1f1f1; }\n"
    "td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }\n"
    "td.error { color: #8a1010; font-weight: bold; }\n"
    "td.warning { color: #7a4b00; font-weight: bold; }\n"
    "code { font: .86em/1.4 monospace; overflow-wrap: anywhere; }\n"
    "@media print {\n"
    "body { margin: 0; max-width: none; font-size: 10pt; }\n"
    "thead { display: table-header-group; }\n"
    "tr { break-inside: avoid; }\n"
    "}\n"
    "</style>\n"
    "</head>\n"
    "<body>\n";

static const char limits[] =
    "<h2>What this report does not prove</h2>\n"
    "<ul>\n"
    "<li>Who holds the office identity or controls the office machine has every secret of the batch.\n"
    "Signatures bind honest stations and auditors; they do not bind that person.</li>\n"
    "<li>A hostile station sees the secrets of the device on its bench, and can lie about the IMEI and\n"
    "about what the modem listed. Attestation, once the vendor's service has verified it, shows only that\n"
    "a genuine module answered at that point of the log. Keys made in the modem are proven by the same\n"
    "service and by nothing here.</li>\n"
    "<li>A station can rewrite its log behind the last head that somebody else has kept or a witness has\n"
    "signed. Two versions of a log are noticed only if both are given.</li>\n"
    "<li>A station whose disk is not encrypted gives its lots to whoever takes the disk.</li>\n"
    "<li>As many officers as a threshold asks for can together sign anything.</li>\n"
    "<li>Numbers of devices are not enforced at the station but checked here, afterwards, and only over\n"
    "the logs that were given.</li>\n"
    "<li>Times are those of the stations' own clocks.</li>\n"
    "<li>The wrapping of keys (X25519) does not withstand a large quantum computer.</li>\n"
    "</ul>\n";

/* Text between tags or in a quoted attribute; what is not printable ASCII becomes a question mark. */
static void put_text(struct buffer *out, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&':
			buffer_text(out, "&amp;");
			break;
		case '<':
			buffer_text(out, "&lt;");
			break;
		case '>':
			buffer_text(out, "&gt;");
			break;
		case '"':
			buffer_text(out, "&quot;");
			break;
		case '\'':
			buffer_text(out, "&#39;");
			break;
		default:
			buffer_byte(out, *text >= 0x20 && *text <= 0x7e ? (uint8_t)*text : '?');
		}
	}
}

static void put_cell(struct buffer *out, const char *text)
{
	buffer_text(out, "<td>");
	put_text(out, text);
	buffer_text(out, "</td>");
}

static void put_number(struct buffer *out, bool known, uint64_t number)
{
	if (known)
		buffer_format(out, "<td class=\"number\">%" PRIu64 "</td>", number);
	else
		buffer_text(out, "<td></td>");
}

static void put_verdict(struct buffer *out, const struct audit *audit)
{
	bool accepts = audit_accepts(audit);
	uint64_t errors = audit_total(audit, AUDIT_ERROR), warnings = audit_total(audit, AUDIT_WARNING);

	buffer_text(out, "<h1>Reconciliation of station logs with signed batches and grants, organisation ");
	put_text(out, trust_get(chain_newest(audit_chain(audit)))->org);
	buffer_text(out, "</h1>\n");
	if (audit_rehearsal(audit))
		buffer_text(out, "<p class=\"rehearsal\">REHEARSAL: this never counts as production</p>\n");
	buffer_format(out,
	    "<p class=\"verdict %s\"><b>%s</b> %s; %" PRIu64 " error%s, %" PRIu64 " warning%s;"
	    " %s device is done, same or void</p>\n",
	    accepts ? "accept" : "reject", accepts ? "ACCEPTED" : "REJECTED",
	    accepts ? "nothing found that speaks against these batches" : "there are errors, listed below",
	    errors, errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s",
	    audit_complete(audit) ? "every" : "not every");
}

static void put_count_row(struct buffer *out, const char *name, const char *title, const char *purpose,
    const struct audit_counts *counts)
{
	buffer_text(out, "<tr>");
	put_cell(out, name);
	put_cell(out, title);
	put_cell(out, purpose);
	put_number(out, true, counts->devices);
	for (enum audit_class i = 0; i < CLASSES; i++)
		put_number(out, true, counts->of[i]);
	put_number(out, true, counts->refused);
	buffer_text(out, "</tr>\n");
}

static void put_counts(struct buffer *out, const struct audit *audit)
{
	struct audit_counts counts;

	buffer_text(out, "<h2>Devices</h2>\n<table>\n<thead><tr><th>batch</th><th>title</th><th>purpose</th>"
	    "<th class=\"number\">devices</th>");
	for (enum audit_class i = 0; i < CLASSES; i++)
		buffer_format(out, "<th class=\"number\">%s</th>", audit_class_name(i));
	buffer_text(out, "<th class=\"number\">refusals</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < audit_batches(audit); i++) {
		const struct manifest_fields *fields = audit_batch(audit, i);

		audit_counts(&counts, audit, i);
		put_count_row(out, fields->batch, audit_batch_partial(audit, i) ? "extracts only"
		    : fields->title, fields->purpose == PURPOSE_REHEARSAL ? "REHEARSAL" : "production",
		    &counts);
	}
	audit_counts(&counts, audit, AUDIT_ALL);
	put_count_row(out, "all", "", "", &counts);
	buffer_format(out, "</tbody>\n</table>\n<p>Refusals of devices that no granted lot holds: %" PRIu64
	    ".</p>\n", counts.foreign);
}

static void put_finding(struct buffer *out, const struct audit_finding *finding)
{
	const char *severity = audit_severity_name(finding->severity);

	buffer_format(out, "<tr><td class=\"%s\">%s</td><td><code>%s</code></td>", severity, severity,
	    finding->code);
	put_cell(out, finding->batch);
	put_number(out, finding->indexed, finding->index);
	put_cell(out, finding->imei);
	put_cell(out, finding->station);
	put_number(out, finding->numbered, finding->entry);
	put_cell(out, finding->text);
	buffer_text(out, "</tr>\n");
}

static void put_findings(struct buffer *out, const struct audit *audit)
{
	buffer_text(out, "<h2>Findings</h2>\n");
	if (audit_findings(audit) == 0) {
		buffer_text(out, "<p>None.</p>\n");
		return;
	}
	buffer_text(out, "<table>\n<thead><tr><th>severity</th><th>code</th><th>batch</th>"
	    "<th class=\"number\">index</th><th>IMEI</th><th>station</th><th class=\"number\">entry</th>"
	    "<th>what</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < audit_findings(audit); i++)
		put_finding(out, audit_finding(audit, i));
	buffer_text(out, "</tbody>\n</table>\n");
}

static void put_items(struct buffer *out, const struct audit *audit)
{
	char fingerprint[FINGERPRINT_SIZE];

	buffer_text(out,
	    "<h2>What was looked at</h2>\n"
	    "<p>Fingerprints are SHA-256 of the signed file; of a log it is the root in its checkpoint.</p>\n"
	    "<table>\n<thead><tr><th>what</th><th>file</th><th>result</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < audit_items(audit); i++) {
		const struct audit_item *item = audit_item(audit, i);
		bool good = strcmp(item->code, "ok") == 0;

		buffer_text(out, "<tr>");
		put_cell(out, audit_kind_name(item->kind));
		put_cell(out, item->where);
		buffer_text(out, good ? "<td>" : "<td class=\"error\">does not verify: ");
		put_text(out, item->text);
		fingerprint_print(fingerprint, item->hash);
		if (item->hashed)
			buffer_format(out, "<br><code>%s</code>", fingerprint);
		buffer_text(out, "</td></tr>\n");
	}
	buffer_text(out, "</tbody>\n</table>\n");
}

void report_html(struct buffer *out, const struct audit *audit)
{
	buffer_text(out, head);
	put_verdict(out, audit);
	put_counts(out, audit);
	put_findings(out, audit);
	buffer_text(out, limits);
	put_items(out, audit);
	buffer_text(out, "</body>\n</html>\n");
}
