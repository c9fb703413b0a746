/* SPDX-License-Identifier: ISC */
#include "batch_bench.h"

#include "gapseal/manifest.h"

/* The profiles of manifests/example, each with a CSV it works with. */
static const struct example { const char *profile, *csv; size_t slots, lots; } examples[] = {
	{"psk.conf", "devices.csv", 2, 2},
	{"x509.conf", "devices-x509.csv", 3, 1},
	{"golioth-psk.conf", "golioth-psk.csv", 2, 1},
	{"golioth-x509.conf", "golioth-x509.csv", 5, 1},
	{"nrfcloud-mqtt.conf", "devices-x509.csv", 3, 1},
	{"nrfcloud-coap.conf", "devices-x509.csv", 3, 1},
	{"lwm2m-psk.conf", "devices.csv", 4, 2},
	{"lwm2m-x509.conf", "devices.csv", 3, 2},
	{"aws-iot.conf", "devices.csv", 3, 2},
	{"mosquitto.conf", "devices.csv", 2, 2},
};
#define EXAMPLES (sizeof examples / sizeof examples[0])

static char *path_of(const char *name)
{
	char relative[200];

	snprintf(relative, sizeof relative, "../../manifests/example/%s", name);
	return strdup(vector_path(relative));
}

/* Nothing to complain of: notices are what an example may have. */
static void lint(struct bench *bench, const struct example *example)
{
	struct plan_request request = {.org = "acme", .batch = "b-1", .ca_pem = bench->ca_pem,
	    .now = SPECIMEN_NOW};
	char *profile = path_of(example->profile), *csv = path_of(example->csv);
	struct fault fault;

	assert_int_equal(profile_read(&bench->profile, profile, &bench->findings, &fault), ERR_OK);
	assert_int_equal(roster_read(&bench->roster, csv, &bench->findings, &fault), ERR_OK);
	assert_int_equal(plan_make(&bench->plan, &bench->profile, bench->roster, &request, &bench->findings,
	    &fault), ERR_OK);
	for (size_t i = 0; i < bench->findings.count; i++)
		if (bench->findings.items[i].severity != SEVERITY_NOTICE)
			fail_msg("%s: %s", bench->findings.items[i].where, bench->findings.items[i].text);
	assert_non_null(bench->plan);
	free(profile);
	free(csv);
}

static void prepare(struct bench *bench)
{
	struct fault fault;

	*bench = (struct bench){.findings = FINDINGS_EMPTY};
	open_ca(bench, "p256");
	make_identity(bench);
	assert_int_equal(secret_new(&bench->seed, KEY_SIZE, &fault), ERR_OK);
	memset(secret_data(bench->seed), 7, KEY_SIZE);
	secret_resize(bench->seed, KEY_SIZE);
	bench->request = (struct batch_request){.out = bench->out, .org = "acme", .id = "b-1", .title = "",
	    .series = "eu", .seq = 1, .trust = 1, .issued = ISSUED, .tool = "gapseal test", .ca = bench->ca,
	    .masters = &bench->office, .master_count = 1};
}

static void test_compile(void **state)
{
	(void)state;
	for (size_t i = 0; i < EXAMPLES; i++) {
		struct batch_result result;
		struct bench bench;

		prepare(&bench);
		snprintf(bench.out, sizeof bench.out, "%s/%s", place_path, examples[i].profile);
		lint(&bench, &examples[i]);
		compile(&result, &bench);
		assert_int_equal(result.manifest.policy.slots.count, examples[i].slots);
		assert_int_equal(result.manifest.lots.count, examples[i].lots);
		assert_int_equal(result.manifest.count, roster_count(bench.roster));
		batch_result_free(&result);
		end(&bench);
	}
}

/* What a modem in the field listed for the root its maker puts there is what we say it will list. */
static void test_root(void **state)
{
	static const char listed[] = "2c43952ee9e000ff2acc4e2ed0897c0a72ad5fa72c3d934e81741cbd54f05bd1";
	static const struct example mqtt = {"nrfcloud-mqtt.conf", "devices-x509.csv", 3, 1};
	char hex[2 * HASH_SIZE + 1];
	struct bench bench;

	(void)state;
	prepare(&bench);
	lint(&bench, &mqtt);
	hex_encode(hex, bytes_from(plan_common(bench.plan, 0)->digest, HASH_SIZE));
	assert_string_equal(hex, listed);
	end(&bench);
}

/* So that all examples may be tried in one office: no device is in two of the CSVs. */
static void test_devices(void **state)
{
	static const char *const names[] = {
		"devices.csv", "devices-x509.csv", "golioth-psk.csv", "golioth-x509.csv",
	};
	uint64_t seen[100];
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct findings findings = FINDINGS_EMPTY;
		char *path = path_of(names[i]);
		struct roster *roster;
		struct fault fault;

		assert_int_equal(roster_read(&roster, path, &findings, &fault), ERR_OK);
		for (size_t j = 0; j < roster_count(roster); j++) {
			for (size_t k = 0; k < count; k++)
				assert_true(seen[k] != roster_imei(roster, j));
			seen[count++] = roster_imei(roster, j);
		}
		assert_true(count < 100);
		roster_free(&roster);
		findings_free(&findings);
		free(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BATCH_TEST(test_compile), BATCH_TEST(test_root), BATCH_TEST(test_devices),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
