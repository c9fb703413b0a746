/* SPDX-License-Identifier: ISC */
#ifndef RANDOM_FILES_H
#define RANDOM_FILES_H

/* A random plan as an office would write it down: profile, CSV, and the files they name. After random_plan.h.
 * */
#include <sys/stat.h>

static void write_literal(struct buffer *out, const char *text)
{
	for (; *text != '\0'; text++)
		buffer_format(out, *text == '{' ? "{{" : "%c", *text);
}

static void write_pattern(struct buffer *out, const char *option, const struct pattern *pattern)
{
	buffer_format(out, "%s = \"", option);
	write_literal(out, pattern->before);
	buffer_text(out, pattern->imei ? "{imei}" : "");
	write_literal(out, pattern->between);
	buffer_text(out, pattern->serial ? "{serial}" : "");
	write_literal(out, pattern->after);
	buffer_text(out, "\" ");
}

/* What may be left out sometimes is. */
static void write_source(struct buffer *out, const struct want *want)
{
	if (source_state(want->source) != SLOT_DIGEST || one_in(2))
		buffer_format(out, "from = %s ", source_words[want->source]);
	if (want->source == SOURCE_DERIVED && (want->bytes != 32 || one_in(2)))
		buffer_format(out, "bytes = %u ", want->bytes);
	if (want->source == SOURCE_COLUMN || want->source == SOURCE_PATH)
		buffer_format(out, "column = %s ", want->column);
	if (want->password_column[0] != '\0')
		buffer_format(out, "password_column = %s ", want->password_column);
	if (want->source == SOURCE_TEMPLATE)
		write_pattern(out, "template", &want->pattern);
	if (want->source == SOURCE_ISSUED)
		write_pattern(out, "cn", &want->pattern);
}

static void write_credential(struct buffer *out, const struct random_plan *plan, size_t i)
{
	const struct want *want = &plan->wants[i];

	buffer_format(out, "credential c%zu {%stag = %u type = %s ", i, one_in(2) ? "\n\t" : " ",
	    want->slot.tag, credential_type_name(want->slot.type));
	write_source(out, want);
	if (want->source == SOURCE_FILES)
		buffer_format(out, want->file_count == 1 ? "files = root-%u.pem " :
		    "files = {\"root-%u.pem\", root-%u.pem} ",
		    want->files[0], want->files[1]);
	if (want->source == SOURCE_ISSUED)
		buffer_format(out, "days = %u ", want->days);
	if (want->chain)
		buffer_text(out, "chain = true ");
	if (source_state(want->source) == SLOT_DIGEST && want->slot.type <= CREDENTIAL_KEY &&
	    (want->crlf || one_in(2)))
		buffer_format(out, "line_ending = %s ", want->crlf ? "crlf" : "lf");
	if (want->lot >= 0)
		buffer_format(out, "lots = {\"wo-%d\"} ", want->lot);
	buffer_text(out, one_in(3) ? "} # as agreed\n" : "}\n");
}

static void write_policy(struct buffer *out, const struct random_plan *plan)
{
	buffer_format(out,
	    "policy {\n\texisting = %s rework = %s label = %s\n\tattestation = %s finish = %s\n",
	    existing_words[plan->existing], rework_words[plan->rework], label_words[plan->label],
	    attestation_words[plan->attestation], finish_words[plan->finish]);
	buffer_format(out, "\tattempts = %u log_imei = %s log_unit = %s\n", plan->attempts,
	    plan->log_imei ? "true" : "false", plan->log_unit ? "true" : "false");
	if (plan->nul)
		buffer_text(out, "\tdigest_forms = {exact, nul}\n");
	if (plan->firmware[0] != '\0')
		buffer_format(out, "\tminimum_firmware = \"%s\"\n", plan->firmware);
	buffer_text(out, "}\n");
}

/* The columns of the CSV, each with a letter for what it is: i(mei), l(ot), s(erial), n(ote), t(ext), h(ex),
 * c(ertificate), k(ey), p(assword), the last five of a credential. */
struct random_column { char kind; size_t want; char name[NAME_SIZE]; };
struct random_columns { size_t count; struct random_column items[ROSTER_COLUMNS_MAX]; };

static void add_column(struct random_columns *columns, char kind, size_t want, const char *name)
{
	struct random_column *column = &columns->items[columns->count++];

	column->kind = kind;
	column->want = want;
	snprintf(column->name, sizeof column->name, "%s", name);
	for (char *at = column->name; *at != '\0'; at++) /* in whatever case */
		if (*at >= 'a' && *at <= 'z' && one_in(4))
			*at = (char)(*at - 'a' + 'A');
}

static void choose_columns(struct random_columns *columns, const struct random_plan *plan)
{
	*columns = (struct random_columns){.count = 0};
	add_column(columns, 'i', 0, "imei");
	if (plan->lots > 0)
		add_column(columns, 'l', 0, "lot");
	if (plan->serial || one_in(3))
		add_column(columns, 's', 0, "serial");
	if (one_in(3))
		add_column(columns, 'n', 0, "remark");
	for (size_t i = 0; i < plan->want_count; i++) {
		const struct want *want = &plan->wants[i];

		if (want->source == SOURCE_COLUMN)
			add_column(columns, want->slot.type == CREDENTIAL_PSK ? 'h' : 't', i, want->column);
		if (want->source == SOURCE_PATH)
			add_column(columns, want->slot.type == CREDENTIAL_CERT ? 'c' : 'k', i, want->column);
		if (want->password_column[0] != '\0')
			add_column(columns, 'p', i, want->password_column);
	}
	for (size_t i = columns->count - 1; i > 0; i--) {
		size_t j = chance((unsigned)i + 1);
		struct random_column column = columns->items[i];

		columns->items[i] = columns->items[j];
		columns->items[j] = column;
	}
}

static void write_field(struct buffer *out, const char *text)
{
	if (strpbrk(text, ",\"") == NULL && !one_in(5)) {
		buffer_text(out, text);
		return;
	}
	buffer_byte(out, '"');
	for (; *text != '\0'; text++)
		buffer_format(out, *text == '"' ? "\"\"" : "%c", *text);
	buffer_byte(out, '"');
}

/* Of a device that has no use for the column: nothing, or what nobody is to look at. */
static const char *unused(void)
{
	return one_in(2) ? "" : "n/a, \"none\"";
}

static void value_of(char out[static 300], const struct random_column *column,
    const struct wanted_device *device,
    size_t row)
{
	const struct own_pair *pair = device->pairs[column->want];
	const char *text = device->texts[column->want];

	switch (column->kind) {
	case 'i':
		snprintf(out, 300, "%s", device->imei);
		break;
	case 'l':
		snprintf(out, 300, "wo-%u", device->lot);
		break;
	case 's':
		snprintf(out, 300, "%s", device->serial);
		break;
	case 'n':
		snprintf(out, 300, "%s", one_in(2) ? "Gr\xc3\xbc\xc3\x9f" "e, \"oben\"" : "");
		break;
	case 't':
		snprintf(out, 300, "%s", text != NULL ? text : unused());
		break;
	case 'p':
		snprintf(out, 300, "%s", pair != NULL ? pair->password : unused());
		break;
	case 'h':
		snprintf(out, 300, "%s", text != NULL ? text : unused());
		for (char *at = out; text != NULL && *at != '\0'; at++)
			if (*at >= 'a' && *at <= 'f' && one_in(3))
				*at = (char)(*at - 'a' + 'A');
		break;
	default:
		if (pair == NULL)
			snprintf(out, 300, "%s", unused());
		else
			snprintf(out, 300, "own/%zu-%zu.%c", row, column->want - (column->kind == 'k'),
			    column->kind);
	}
}

static void write_csv(struct buffer *out, const struct random_plan *plan)
{
	const char *end = one_in(3) ? "\r\n" : "\n";
	struct random_columns columns;
	char value[300];

	choose_columns(&columns, plan);
	buffer_text(out, one_in(4) ? "\xef\xbb\xbf" : "");
	for (size_t c = 0; c < columns.count; c++) {
		buffer_text(out, c > 0 ? "," : "");
		write_field(out, columns.items[c].name);
	}
	for (size_t row = 0; row < plan->count; row++) {
		buffer_text(out, end);
		for (size_t c = 0; c < columns.count; c++) {
			value_of(value, &columns.items[c], &plan->devices[row], row);
			buffer_text(out, c > 0 ? "," : "");
			write_field(out, value);
		}
	}
	buffer_text(out, one_in(4) ? "" : end);
}

static void put_own(size_t row, size_t want, char kind, const struct buffer *file)
{
	char name[60];

	snprintf(name, sizeof name, "own/%zu-%zu.%c", row, want, kind);
	place_put(name, file->data, file->size);
}

static void write_files(const struct random_plan *plan)
{
	assert_int_equal(mkdirat(place, "own", 0700), 0);
	for (size_t row = 0; row < plan->count; row++) {
		for (size_t i = 0; i < plan->want_count; i++) {
			const struct own_pair *pair = plan->devices[row].pairs[i];

			if (pair == NULL || plan->wants[i].slot.type != CREDENTIAL_CERT)
				continue;
			put_own(row, i, 'c', &pair->cert_file);
			put_own(row, i, 'k', &pair->key_file);
		}
	}
	for (unsigned i = 0; i < 3; i++) {
		char name[20], *text = specimen(bundle_specimens[i]);

		snprintf(name, sizeof name, "root-%u.pem", i);
		place_put(name, text, strlen(text));
		free(text);
	}
}

static void random_plan_write(struct random_plan *plan)
{
	size_t first = chance((unsigned)plan->want_count);

	for (size_t i = 0; i < plan->want_count; i++)
		write_credential(&plan->profile, plan, (first + i) % plan->want_count);
	write_policy(&plan->profile, plan);
	buffer_byte(&plan->profile, '\0');
	write_csv(&plan->csv, plan);
	buffer_byte(&plan->csv, '\0');
	assert_false(plan->profile.failed || plan->csv.failed);
	write_files(plan);
}

#endif
