/* SPDX-License-Identifier: ISC */
/* Entries: one line of every type, there and back; what no station writes. */
#include "vectors.h"

#include "gapseal/entry.h"

#define H1 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define H2 "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
#define BOOT "\"boot\":\"7c1f3a52-9d3e-4a0e-8f43-0d1f2c3b4a59\""
#define TAIL(type) "\"time\":\"2026-07-03T07:12:09Z\",\"type\":\"" type "\""

static const char *const lines[ENTRY_TYPES] = {
	[ENTRY_ENROLL] = "{" BOOT ",\"log_key\":\"acme/line1+5f42d941+AQID\",\"mono\":81273,\"n\":0,"
	    "\"org\":\"acme\","
	    "\"recipient\":\"age1xyz\",\"station\":\"line1\",\"time\":\"2026-07-03T07:12:09Z\","
	    "\"tool\":\"gapseal-line 1.0\",\"type\":\"enroll\",\"v\":1}",
	[ENTRY_TRUST] = "{" BOOT ",\"mono\":0,\"n\":1,\"sha256\":\"" H1 "\","
	    "\"time\":\"2026-07-03T07:12:09Z\",\"trust\":2,"
	    "\"type\":\"trust\",\"v\":1}",
	[ENTRY_INGEST] = "{\"batch\":\"b-1\"," BOOT ",\"grant\":0,\"manifest_sha256\":\"" H1 "\",\"mono\":1,"
	    "\"n\":2,"
	    "\"sha256\":\"" H1 "\",\"time\":\"2026-07-03T07:12:09Z\",\"trust\":1,\"type\":\"ingest\","
	    "\"v\":1}",
	[ENTRY_START] = "{" BOOT ",\"mono\":1,\"n\":3,\"operator\":\"j. \\\"jo\\\" doe\","
	    "\"sha256\":\"" H1 "\","
	    "\"time\":\"2026-07-03T07:12:09Z\",\"tool\":\"t\",\"type\":\"start\",\"v\":1}",
	[ENTRY_BEGIN] = "{\"attempt\":1," BOOT ",\"grant\":5,\"imei\":\"490154203237518\",\"index\":88123,"
	    "\"leaf\":\"" H1 "\","
	    "\"manifest_sha256\":\"" H2 "\",\"mono\":1,\"n\":4,\"port\":\"p1\"," TAIL("begin") ","
	    "\"unit\":\"SN 1\",\"v\":1}",
	[ENTRY_END] = "{\"attempt\":1,\"attestation\":\"" H1 "\",\"begin\":4," BOOT ","
	    "\"firmware\":\"mfw_nrf91x1_2.0.2\","
	    "\"form\":\"exact\",\"grant\":5,\"imei\":\"\",\"index\":88123,\"leaf\":\"" H1 "\","
	    "\"manifest_sha256\":\"" H2 "\","
	    "\"mono\":1,\"ms\":2345,\"n\":5,\"port\":\"p1\",\"reason\":\"\",\"result\":\"done\","
	    "\"state\":\"" H2 "\","
	    "\"steps\":[0,513,9003]," TAIL("end") ",\"unit\":\"\",\"v\":1}",
	[ENTRY_SAME] = "{\"attempt\":0,\"attestation\":\"\"," BOOT ",\"firmware\":\"\",\"form\":\"\","
	    "\"grant\":5,\"imei\":\"\","
	    "\"index\":0,\"leaf\":\"" H1 "\",\"manifest_sha256\":\"" H2 "\",\"mono\":1,\"ms\":0,\"n\":6,"
	    "\"port\":\"p1\","
	    "\"reason\":\"\",\"result\":\"same\",\"state\":\"" H2 "\",\"steps\":[]," TAIL("same") ","
	    "\"unit\":\"\",\"v\":1}",
	[ENTRY_REFUSE] = "{\"attempt\":0," BOOT ",\"grant\":0,\"imei\":\"\",\"index\":0,\"leaf\":\"\","
	    "\"manifest_sha256\":\"\","
	    "\"mono\":1,\"n\":7,\"port\":\"p1\",\"reason\":\"not-in-batch\"," TAIL("refuse") ",\"unit\":\"\","
	    "\"v\":1}",
	[ENTRY_RELEASE] = "{" BOOT ",\"index\":3,\"manifest_sha256\":\"" H1 "\",\"mono\":1,\"n\":8,"
	    "\"operator\":\"jo\","
	    "\"text\":\"board swapped\"," TAIL("release") ",\"v\":1}",
	[ENTRY_VOID] = "{" BOOT ",\"index\":3,\"manifest_sha256\":\"" H1 "\",\"mono\":1,\"n\":9,"
	    "\"operator\":\"\","
	    "\"text\":\"back\\\\slash\"," TAIL("void") ",\"unit\":\"SN 2\",\"v\":1}",
	[ENTRY_UNVOID] = "{" BOOT ",\"index\":3,\"manifest_sha256\":\"" H1 "\",\"mono\":1,\"n\":10,"
	    "\"operator\":\"\","
	    "\"text\":\"\"," TAIL("unvoid") ",\"unit\":\"\",\"v\":1}",
	[ENTRY_RECOVER] = "{" BOOT ",\"bytes\":17,\"mono\":1,\"n\":11,\"sha256\":\"" H1 "\","
	    "\"text\":\"torn\","
	    TAIL("recover") ",\"v\":1}",
	[ENTRY_EXPORT] = "{" BOOT ",\"mono\":1,\"n\":12,\"size\":12," TAIL("export") ",\"v\":1}",
	[ENTRY_CLOSEOUT] = "{" BOOT ",\"done\":1,\"done_sha256\":\"" H1 "\",\"failed\":2,"
	    "\"failed_sha256\":\"" H1 "\","
	    "\"grant\":5,\"lot\":\"wo-1\",\"manifest_sha256\":\"" H2 "\",\"mono\":1,"
	    "\"n\":13," TAIL("closeout") ","
	    "\"unused\":3,\"unused_sha256\":\"" H1 "\",\"v\":1,\"void\":4,\"void_sha256\":\"" H2 "\"}",
	[ENTRY_STOP] = "{" BOOT ",\"mono\":1,\"n\":14,\"reason\":\"signal\"," TAIL("stop") ",\"v\":1}",
	[ENTRY_CLOCK] = "{" BOOT ",\"mono\":1,\"n\":15,\"text\":\"behind\"," TAIL("clock") ",\"v\":1}",
};

static bool reads(struct entry *out, struct bytes line)
{
	enum err err = entry_read(out, line, "entries.jsonl:1", &fault);

	if (err != ERR_OK)
		assert_fault(err, ERR_NO, "entry-form");
	return err == ERR_OK;
}

/* Every line is what jansson makes of it, is read, and is written again. */
static void test_round_trip(void **state)
{
	(void)state;
	for (enum entry_type type = 0; type < ENTRY_TYPES; type++) {
		struct buffer line = BUFFER_EMPTY;
		struct entry entry;
		json_t *object = json_loads(lines[type], JSON_REJECT_DUPLICATES, NULL);
		char *canonical = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);

		assert_string_equal(canonical, lines[type]);
		if (!reads(&entry, bytes_of(lines[type])))
			fail_msg("refused: %s", lines[type]);
		assert_int_equal(entry.type, type);
		assert_string_equal(json_text(object, "type"), entry_type_name(type));
		entry_format(&line, &entry);
		assert_bytes(buffer_bytes(&line), bytes_of(lines[type]));
		free(canonical);
		json_decref(object);
		buffer_free(&line);
	}
}

static void test_fields(void **state)
{
	struct entry entry;

	(void)state;
	assert_true(reads(&entry, bytes_of(lines[ENTRY_END])));
	assert_int_equal(entry.attempt, 1);
	assert_true(entry.attestation.present && entry.leaf.present && entry.manifest.present &&
	    entry.state.present);
	assert_int_equal(entry.manifest.hash[0], 0xff);
	assert_int_equal(entry.begin, 4);
	assert_string_equal(entry.firmware, "mfw_nrf91x1_2.0.2");
	assert_string_equal(entry.form, "exact");
	assert_int_equal(entry.index, 88123);
	assert_int_equal(entry.ms, 2345);
	assert_int_equal(entry.n, 5);
	assert_string_equal(entry.result, "done");
	assert_int_equal(entry.steps.count, 3);
	assert_int_equal(entry.steps.items[2], STEP_NOT_SENT);
	assert_true(reads(&entry, bytes_of(lines[ENTRY_START])));
	assert_string_equal(entry.operator_, "j. \"jo\" doe");
	assert_true(reads(&entry, bytes_of(lines[ENTRY_CLOSEOUT])));
	assert_true(entry.done == 1 && entry.failed == 2 && entry.unused == 3 && entry.void_ == 4);
	assert_int_equal(entry.void_sha256[0], 0xff);
	assert_string_equal(entry.lot, "wo-1");
}

/* Any one bit: refused, or another entry whose line has exactly these bytes. */
static void test_every_bit(void **state)
{
	(void)state;
	for (enum entry_type type = 0; type < ENTRY_TYPES; type++) {
		size_t length = strlen(lines[type]);
		uint8_t *line = malloc(length);
		struct entry entry;

		for (size_t i = 0; i < 8 * length; i++) {
			struct buffer again = BUFFER_EMPTY;

			memcpy(line, lines[type], length);
			line[i / 8] ^= (uint8_t)(1U << i % 8);
			if (!reads(&entry, bytes_from(line, length)))
				continue;
			entry_format(&again, &entry);
			assert_bytes(buffer_bytes(&again), bytes_from(line, length));
			buffer_free(&again);
		}
		for (size_t i = 0; i < length; i++)
			assert_false(reads(&entry, bytes_from(lines[type], i)));
		free(line);
	}
}

/* A line of one type is none of another: each type has its own keys. */
static void test_other_type(void **state)
{
	(void)state;
	for (enum entry_type type = 0; type < ENTRY_TYPES; type++) {
		for (enum entry_type other = 0; other < ENTRY_TYPES; other++) {
			const char *name = entry_type_name(type);
			const char *at = strstr(lines[type], "\"type\":\"") + 8;
			struct buffer line = BUFFER_EMPTY;
			struct entry entry;
			bool same_keys = (type == ENTRY_VOID && other == ENTRY_UNVOID) ||
			    (type == ENTRY_UNVOID && other == ENTRY_VOID) || type == other;

			buffer_put(&line, bytes_from(lines[type], (size_t)(at - lines[type])));
			buffer_text(&line, entry_type_name(other));
			buffer_text(&line, at + strlen(name));
			assert_true(reads(&entry, buffer_bytes(&line)) == same_keys);
			buffer_free(&line);
		}
	}
}

/* The line of a type with the first `from` replaced, which no station writes. */
static const struct {
	enum entry_type type;
	const char *from, *to;
} cases[] = {
	{ENTRY_EXPORT, "\"v\":1", "\"v\":2"}, {ENTRY_EXPORT, "\"v\":1", "\"v\":0"}, {ENTRY_EXPORT, "}",
	    ",\"x\":1}"},
	{ENTRY_EXPORT, "2026-07-03T07:12:09Z", ""}, {ENTRY_EXPORT, BOOT, "\"boot\":\"\""}, {ENTRY_EXPORT,
	    "\"export\"", "\"exports\""},
	{ENTRY_EXPORT, BOOT ",", ""}, {ENTRY_EXPORT, ",\"size\":12", ""}, {ENTRY_EXPORT, "{", "{\"a\":1,"},
	{ENTRY_ENROLL, "\"org\":\"acme\"", "\"org\":\"\""}, {ENTRY_ENROLL, "\"station\":\"line1\"",
	    "\"station\":\"\""},
	{ENTRY_ENROLL, "age1xyz", ""}, {ENTRY_ENROLL, "acme/line1+5f42d941+AQID", ""}, {ENTRY_ENROLL,
	    "\"acme\"", "\"Acme\""},
	{ENTRY_TRUST, "\"trust\":2", "\"trust\":0"}, {ENTRY_TRUST, H1, ""}, {ENTRY_INGEST, "\"b-1\"", "\"\""},
	{ENTRY_INGEST, "\"trust\":1", "\"trust\":0"}, {ENTRY_INGEST, "\"manifest_sha256\":\"" H1 "\"",
	    "\"manifest_sha256\":\"\""},
	{ENTRY_INGEST, "\"sha256\":\"" H1 "\"", "\"sha256\":\"\""}, {ENTRY_START, H1, ""}, {ENTRY_RECOVER, H1,
	    ""},
	{ENTRY_BEGIN, "\"attempt\":1", "\"attempt\":0"}, {ENTRY_BEGIN, "\"grant\":5", "\"grant\":0"},
	{ENTRY_BEGIN, "490154203237518", "490154203237519"}, {ENTRY_BEGIN, "490154203237518",
	    "49015420323751"},
	{ENTRY_BEGIN, "\"leaf\":\"" H1 "\"", "\"leaf\":\"\""}, {ENTRY_BEGIN, H2, ""}, {ENTRY_BEGIN, "\"p1\"",
	    "\"\""},
	{ENTRY_END, "\"begin\":4", "\"begin\":5"}, {ENTRY_END, "\"begin\":4", "\"begin\":6"},
	{ENTRY_END, "\"attempt\":1", "\"attempt\":0"}, {ENTRY_END, "\"grant\":5", "\"grant\":0"},
	{ENTRY_END, "\"done\"", "\"same\""}, {ENTRY_END, "\"done\"", "\"failed\""}, {ENTRY_END, "\"done\"",
	    "\"unknown\""},
	{ENTRY_END, "\"done\"", "\"\""}, {ENTRY_END, "\"reason\":\"\"", "\"reason\":\"late\""},
	{ENTRY_END, "\"state\":\"" H2 "\"", "\"state\":\"\""}, {ENTRY_END, "\"exact\"", "\"raw\""},
	{ENTRY_END, "mfw_nrf91x1_2.0.2", "mfw\\\"x"}, {ENTRY_END, "mfw_nrf91x1_2.0.2", "mfw\\\\x"},
	{ENTRY_END, "9003", "9004"}, {ENTRY_END, "\"leaf\":\"" H1 "\"", "\"leaf\":\"\""},
	{ENTRY_SAME, "\"result\":\"same\"", "\"result\":\"done\""}, {ENTRY_SAME, "\"state\":\"" H2 "\"",
	    "\"state\":\"\""},
	{ENTRY_SAME, "\"reason\":\"\"", "\"reason\":\"late\""}, {ENTRY_SAME, "\"grant\":5", "\"grant\":0"},
	{ENTRY_SAME, "\"leaf\":\"" H1 "\"", "\"leaf\":\"\""}, {ENTRY_REFUSE, "not-in-batch", ""},
	{ENTRY_REFUSE, "not-in-batch", "Not"}, {ENTRY_REFUSE, "not-in-batch", "not in batch"},
	{ENTRY_REFUSE, "\"index\":0", "\"index\":1"}, {ENTRY_REFUSE, "\"leaf\":\"\"", "\"leaf\":\"" H1 "\""},
	{ENTRY_REFUSE, "\"p1\"", "\"\""}, {ENTRY_RELEASE, H1, ""}, {ENTRY_VOID, H1, ""}, {ENTRY_UNVOID, H1,
	    ""},
	{ENTRY_CLOSEOUT, H2, ""}, {ENTRY_CLOSEOUT, "wo-1", ""}, {ENTRY_STOP, "signal", ""}, {ENTRY_STOP,
	    "signal", "a b"},
};

static void change(struct buffer *out, const char *line, const char *from, const char *to)
{
	const char *at = strstr(line, from);

	if (at == NULL)
		fail_msg("the line has no %s", from);
	buffer_put(out, bytes_from(line, (size_t)(at - line)));
	buffer_text(out, to);
	buffer_text(out, at + strlen(from));
}

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buffer line = BUFFER_EMPTY;
		struct entry entry;

		change(&line, lines[cases[i].type], cases[i].from, cases[i].to);
		if (reads(&entry, buffer_bytes(&line)))
			fail_msg("accepted: %s -> %s", cases[i].from, cases[i].to);
		buffer_free(&line);
	}
}

/* What looks odd and is allowed. */
static void test_allowed(void **state)
{
	static const struct {
		enum entry_type type;
		const char *from, *to;
	} allowed[] = {
		{ENTRY_BEGIN, "490154203237518", ""}, {ENTRY_END, "\"exact\"", "\"nul\""}, {ENTRY_END, "9003",
		    "9000"},
		{ENTRY_END, "\"reason\":\"\",\"result\":\"done\",\"state\":\"" H2 "\"",
		    "\"reason\":\"no-listing\",\"result\":\"unknown\",\"state\":\"\""},
		{ENTRY_END, "\"reason\":\"\",\"result\":\"done\"",
		    "\"reason\":\"digest-differs\",\"result\":\"failed\""},
		{ENTRY_REFUSE, "\"index\":0,\"leaf\":\"\",\"manifest_sha256\":\"\"",
		    "\"index\":7,\"leaf\":\"" H1 "\",\"manifest_sha256\":\"" H2 "\""},
		{ENTRY_REFUSE, "\"manifest_sha256\":\"\"", "\"manifest_sha256\":\"" H2 "\""},
		{ENTRY_INGEST, "\"grant\":0", "\"grant\":9007199254740991"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
		struct buffer line = BUFFER_EMPTY;
		struct entry entry;

		change(&line, lines[allowed[i].type], allowed[i].from, allowed[i].to);
		if (!reads(&entry, buffer_bytes(&line)))
			fail_msg("refused: %s", allowed[i].to);
		buffer_free(&line);
	}
}

/* With every text filled to its end the line is still read. */
static void test_full(void **state)
{
	struct buffer line = BUFFER_EMPTY;
	struct entry entry, back;

	(void)state;
	assert_true(reads(&entry, bytes_of(lines[ENTRY_END])));
	entry.n = entry.mono = entry.ms = entry.attempt = entry.grant = entry.index = INTEGER_MAX;
	memset(entry.boot, '\\', sizeof entry.boot - 1);
	memset(entry.port, '"', sizeof entry.port - 1);
	memset(entry.unit, '"', sizeof entry.unit - 1);
	memset(entry.firmware, 'x', sizeof entry.firmware - 1);
	entry.steps.count = NUMBERS_MAX;
	for (size_t i = 0; i < NUMBERS_MAX; i++)
		entry.steps.items[i] = STEP_NOT_SENT;
	entry_format(&line, &entry);
	assert_true(reads(&back, buffer_bytes(&line)));
	assert_memory_equal(&back, &entry, sizeof entry);
	buffer_free(&line);
}

/* Ends the text of a field where its room ends. */
static void end_text(struct entry *entry, const struct field *field)
{
	char *at = (char *)entry + field->offset;

	if (field->kind == FIELD_TEXT)
		at[field->size - 1] = '\0';
	else if (field->kind == FIELD_NAME)
		at[NAME_SIZE - 1] = '\0';
	else if (field->kind == FIELD_TIME)
		at[UTC_SIZE - 1] = '\0';
	else if (field->kind == FIELD_HASH_OR_EMPTY)
		((struct maybe_hash *)(void *)at)->present = true;
}

/* Whatever a struct holds, no type makes a line beyond ENTRY_LINE_MAX: the window of a log's reader. */
static void test_longest(void **state)
{
	(void)state;
	for (enum entry_type type = 0; type < ENTRY_TYPES; type++) {
		struct buffer line = BUFFER_EMPTY;
		struct entry entry;

		memset(&entry, '"', sizeof entry);
		entry.type = type;
		entry.steps.count = NUMBERS_MAX;
		for (size_t i = 0; i < entry_shapes[type].count; i++)
			end_text(&entry, &entry_shapes[type].fields[i]);
		entry_format(&line, &entry);
		assert_true(line.size > 100 && line.size <= ENTRY_LINE_MAX);
		buffer_free(&line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_fields),
		    cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_other_type), cmocka_unit_test(test_refused),
		    cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_full), cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
