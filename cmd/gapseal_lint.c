/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "gapseal.h"

static void print_findings(struct buffer *out, const struct findings *findings)
{
	size_t all = findings->errors + findings->warnings + findings->notices;

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		buffer_format(out, "%s: %s: %s [%s]\n", severity_name(finding->severity), finding->where,
		    finding->text, finding->code);
	}
	if (all > findings->count)
		buffer_format(out, "%zu more findings are not shown\n", all - findings->count);
}

void findings_say(const struct findings *findings)
{
	struct buffer said = BUFFER_EMPTY;

	print_findings(&said, findings);
	if (said.size > 0)
		fwrite(said.data, 1, said.size, stderr);
	buffer_free(&said);
}

/* ", 2 errors (psk-odd 1, psk-short 1)" */
static void print_count(struct buffer *out, const struct findings *findings, enum severity severity,
    size_t count)
{
	const char *before = " (";

	buffer_format(out, ", %zu %s%s", count, severity_name(severity), count == 1 ? "" : "s");
	for (size_t i = 0; lint_rule(i) != NULL; i++) {
		if (findings->counts[i] == 0 || lint_rule(i)->severity != severity)
			continue;
		buffer_format(out, "%s%s %zu", before, lint_rule(i)->code, findings->counts[i]);
		before = ", ";
	}
	if (before[0] == ',')
		buffer_text(out, ")");
}

static void print_text(struct buffer *out, const struct findings *findings, size_t devices)
{
	print_findings(out, findings);
	buffer_format(out, "%zu device%s", devices, devices == 1 ? "" : "s");
	print_count(out, findings, SEVERITY_ERROR, findings->errors);
	print_count(out, findings, SEVERITY_WARNING, findings->warnings);
	print_count(out, findings, SEVERITY_NOTICE, findings->notices);
	buffer_text(out, "\n");
}

static void counts_json(struct buffer *out, const struct findings *findings)
{
	const char *comma = "";

	for (size_t i = 0; lint_rule(i) != NULL; i++) {
		if (findings->counts[i] == 0)
			continue;
		buffer_format(out, "%s{\"code\":\"%s\",\"severity\":\"%s\",\"count\":%zu}", comma,
		    lint_rule(i)->code, severity_name(lint_rule(i)->severity), findings->counts[i]);
		comma = ",";
	}
}

static void findings_json(struct buffer *out, const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		buffer_format(out, "%s{\"severity\":\"%s\",\"code\":\"%s\",\"line\":%lu,\"field\":%u",
		    i > 0 ? "," : "", severity_name(finding->severity), finding->code, finding->line,
		    finding->field);
		buffer_text(out, ",\"where\":");
		buffer_json_text(out, finding->where);
		buffer_text(out, ",\"text\":");
		buffer_json_text(out, finding->text);
		buffer_text(out, "}");
	}
}

static void print_json(struct buffer *out, const struct findings *findings, size_t devices)
{
	buffer_text(out, "{\"schema\":\"gapseal/lint/v1\",");
	buffer_format(out, "\"devices\":%zu,\"errors\":%zu,\"warnings\":%zu,\"notices\":%zu,\"codes\":[",
	    devices, findings->errors, findings->warnings, findings->notices);
	counts_json(out, findings);
	buffer_text(out, "],\"findings\":[");
	findings_json(out, findings);
	buffer_text(out, "]}\n");
}

static int print_lint(const struct findings *findings, size_t devices, bool json)
{
	struct buffer out = BUFFER_EMPTY;
	int code;

	if (json)
		print_json(&out, findings, devices);
	else
		print_text(&out, findings, devices);
	code = command_print(&out);
	buffer_free(&out);
	return code != ERR_OK ? code : findings->errors > 0 ? ERR_NO : ERR_OK;
}

int lint(const struct command *command, int argc, char **argv)
{
	struct compile_request request = {.now = utc_now()};
	bool json = false;
	const struct command_option options[] = {
		{"profile", OPTION_TEXT, &request.profile, "FILE", "the recipe"},
		{"csv", OPTION_TEXT, &request.csv, "FILE", "the devices"},
		{"ca", OPTION_TEXT, &request.ca, "PATH", "the CA's certificate, or the folder of ca.pem"},
		{"lot-size", OPTION_NUMBER, &request.lot_size, "N", "devices a lot, at most 65536"},
		{"json", OPTION_FLAG, &json, NULL, "findings as one JSON object"},
	};
	const size_t count = sizeof options / sizeof options[0];
	struct findings findings = FINDINGS_EMPTY;
	struct operands operands;
	struct fault fault;
	size_t devices;
	enum err err;
	int code;

	if (!command_options(command, options, count, argc, argv, 0, 0, &operands, &code))
		return code;
	if (request.profile == NULL || request.csv == NULL)
		return command_missing(command, request.profile == NULL ? "profile" : "csv");
	err = office_lint(&findings, &devices, &request, &fault);
	code = err == ERR_OK || findings.errors > 0 ? print_lint(&findings, devices, json)
	    : command_fault(&fault, json);
	findings_free(&findings);
	return code;
}
