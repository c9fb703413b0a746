/* SPDX-License-Identifier: ISC */
#ifndef BATCH_BENCH_H
#define BATCH_BENCH_H

/* What the tests of batches share: a plan, a CA and an office, made in the folder of the test. */
#include "place.h"

#include "gapseal/age.h"
#include "gapseal/batch.h"
#include "gapseal/keys.h"
#include "specimen.h"

#define ISSUED "2026-07-01T00:00:00Z"

#define PSK_PROFILE \
    "credential psk { tag = 42 type = psk from = derived bytes = 32 }\n" \
    "credential identity { tag = 42 type = identity template = \"urn:{imei}\" }\n"

/* Everything a compile needs, made in the folder of the test. */
struct bench {
	struct profile profile;
	struct roster *roster;
	struct plan *plan;
	struct findings findings;
	struct secret *seed;
	char *ca_pem;
	struct ca *ca;
	struct secret *identity;     /* of the office */
	struct recipient office;
	struct batch_request request;
	char out[300];
};

static inline int set_up(void **state)
{
	(void)state;
	place_make();
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	place_remove();
	return 0;
}

static inline const char *in_place(const char *name)
{
	static char full[2][400];
	static unsigned turn;

	turn ^= 1;
	snprintf(full[turn], sizeof full[turn], "%s/%s", place_path, name);
	return full[turn];
}

static inline void make_identity(struct bench *bench)
{
	struct secret *text;
	struct fault fault;

	assert_int_equal(age_identity_new(&text, &bench->office, &fault), ERR_OK);
	assert_int_equal(age_identity_parse(&bench->identity, secret_bytes(text), "identity", &fault),
	    ERR_OK);
	secret_free(&text);
}

/* The CA of a name among the specimens. */
static inline void open_ca(struct bench *bench, const char *name)
{
	struct fault fault;
	char path[100], *key;

	snprintf(path, sizeof path, "x509/%s.key", name);
	key = specimen(path);
	snprintf(path, sizeof path, "x509/%s.pem", name);
	bench->ca_pem = specimen(path);
	assert_int_equal(ca_open(&bench->ca, bytes_of(bench->ca_pem), bytes_of(key), NULL, SPECIMEN_NOW, "ca",
	    &fault), ERR_OK);
	free(key);
}

static inline void begin_cut(struct bench *bench, const char *ca, const char *profile, const char *csv,
    size_t lot_size)
{
	struct plan_request request = {.org = "acme", .batch = "b-1", .lot_size = lot_size};
	struct fault fault;

	*bench = (struct bench){.findings = FINDINGS_EMPTY};
	place_put("profile.conf", profile, strlen(profile));
	place_put("devices.csv", csv, strlen(csv));
	open_ca(bench, ca);
	request.ca_pem = bench->ca_pem;
	assert_int_equal(profile_read(&bench->profile, in_place("profile.conf"), &bench->findings, &fault),
	    ERR_OK);
	assert_int_equal(roster_read(&bench->roster, in_place("devices.csv"), &bench->findings, &fault),
	    ERR_OK);
	assert_int_equal(plan_make(&bench->plan, &bench->profile, bench->roster, &request, &bench->findings,
	    &fault), ERR_OK);
	for (size_t i = 0; bench->plan == NULL && i < bench->findings.count; i++)
		if (bench->findings.items[i].severity == SEVERITY_ERROR)
			fail_msg("%s: %s", bench->findings.items[i].where, bench->findings.items[i].text);
	assert_int_equal(secret_new(&bench->seed, KEY_SIZE, &fault), ERR_OK);
	memset(secret_data(bench->seed), 7, KEY_SIZE);
	secret_resize(bench->seed, KEY_SIZE);
	make_identity(bench);
	snprintf(bench->out, sizeof bench->out, "%s/out", place_path);
	bench->request = (struct batch_request){.out = bench->out, .org = "acme", .id = "b-1",
	    .title = "A batch",
		.series = "eu", .seq = 3, .trust = 1, .issued = ISSUED, .tool = "gapseal test",
		    .ca = bench->ca,
		.masters = &bench->office, .master_count = 1};
}

static inline void begin_under(struct bench *bench, const char *ca, const char *profile, const char *csv)
{
	begin_cut(bench, ca, profile, csv, 1000);
}

static inline void begin(struct bench *bench, const char *profile, const char *csv)
{
	begin_under(bench, "p256", profile, csv);
}

static inline void end(struct bench *bench)
{
	plan_free(&bench->plan);
	roster_free(&bench->roster);
	profile_free(&bench->profile);
	findings_free(&bench->findings);
	secret_free(&bench->seed);
	secret_free(&bench->identity);
	ca_free(&bench->ca);
	free(bench->ca_pem);
}

/* Compiles and leaves the folder in place. */
static inline void compile(struct batch_result *out, struct bench *bench)
{
	struct folder_draft draft = FOLDER_DRAFT_EMPTY;
	struct fault fault = {.text = ""};

	if (batch_make(out, &draft, bench->plan, bench->seed, &bench->request, &fault) != ERR_OK)
		fail_msg("%s: %s", fault.code, fault.text);
	assert_false(file_exists(AT_FDCWD, bench->request.out));
	assert_int_equal(folder_commit(&draft, &fault), ERR_OK);
}

/* The IMEI of a number. */
static inline void imei_of(char out[static IMEI_SIZE], unsigned number)
{
	snprintf(out, IMEI_SIZE, "35265610%06u0", number % 1000000);
	out[IMEI_LENGTH - 1] = imei_check_digit(out);
}

/* A CSV of so many devices; NULL columns: the IMEI alone. */
static inline char *devices(unsigned count, const char *columns, void (*row)(struct buffer *out, unsigned i))
{
	struct buffer csv = BUFFER_EMPTY;

	buffer_format(&csv, "imei%s\n", columns);
	for (unsigned i = 0; i < count; i++) {
		char imei[IMEI_SIZE];

		imei_of(imei, i * 7919 % 10007); /* in no order */
		buffer_text(&csv, imei);
		row(&csv, i);
		buffer_byte(&csv, '\n');
	}
	buffer_byte(&csv, '\0');
	assert_false(csv.failed);
	return (char *)csv.data;
}

static inline void row_alone(struct buffer *out, unsigned i)
{
	(void)out;
	(void)i;
}

static inline void row_of_three_lots(struct buffer *out, unsigned i)
{
	static const char *const lots[] = {"red", "green", "blue"};

	buffer_format(out, ",%s", lots[i * i % 3 + i % 2]);
}

static inline int start(void **state)
{
	struct fault fault;

	(void)state;
	return secret_process(&fault) == ERR_OK && x509_process(&fault) == ERR_OK ? 0 : -1;
}

#define BATCH_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
