/* SPDX-License-Identifier: ISC */
/* A profile and a CSV together: what passes is a plan in which every device is once. */
#include "findings.h"
#include "gapseal/plan.h"
#include "gapseal/x509.h"

static void check_plan(const struct plan *plan)
{
	size_t devices = 0;

	FUZZ_WANT(plan_lots(plan) > 0 && plan_slots(plan) > 0);
	for (size_t i = 0; i < plan_lots(plan); i++) {
		FUZZ_WANT(text_is_name(bytes_of(plan_lot(plan, i)->name)));
		devices += plan_lot(plan, i)->count;
	}
	FUZZ_WANT(devices == roster_count(plan_roster(plan)));
}

static void lint(struct findings *findings, struct bytes profile_text, struct bytes csv)
{
	const struct plan_request request = {.org = "acme", .batch = "b-1", .now = 1800000000};
	static struct profile profile;
	struct roster *roster = NULL;
	struct plan *plan = NULL;
	struct fault fault = {0};
	enum err err;

	err = profile_read(&profile, fuzz_file("profile.conf", profile_text), findings, &fault);
	if (err == ERR_OK)
		err = roster_read(&roster, fuzz_file("devices.csv", csv), findings, &fault);
	if (err == ERR_OK && roster != NULL)
		err = plan_make(&plan, &profile, roster, &request, findings, &fault);
	if (err != ERR_OK)
		fuzz_refused(err, &fault, "file-size");
	FUZZ_WANT((plan != NULL) == (err == ERR_OK && findings->errors == 0));
	if (plan != NULL)
		check_plan(plan);
	plan_free(&plan);
	roster_free(&roster);
	profile_free(&profile);
}

static void put_files(void)
{
	static const char *const files[][2] = {{"root.pem", "manifests/golden/root.pem"},
		{"a.key", "tests/vectors/x509/p256.key"}, {"a.pem", "tests/vectors/x509/p256.pem"}};
	static bool done;
	struct fault fault;

	FUZZ_WANT(secret_process(&fault) == ERR_OK && x509_process(&fault) == ERR_OK);
	for (size_t i = 0; !done && i < sizeof files / sizeof *files; i++) {
		struct buffer text = corpus_file(files[i][1]);

		fuzz_file(files[i][0], buffer_bytes(&text));
		buffer_free(&text);
	}
	done = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor input = cursor_of(bytes_from(data, size));
	struct bytes profile = fuzz_part(&input);
	struct findings findings = FINDINGS_EMPTY;

	put_files();
	lint(&findings, profile, fuzz_rest(&input));
	check_findings(&findings);
	findings_free(&findings);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	struct corpus profiles = CORPUS_EMPTY, rosters = CORPUS_EMPTY;

	corpus_files(&profiles, "tests/vectors/lint/*.conf");
	corpus_files(&rosters, "tests/vectors/lint/*.csv");
	FUZZ_WANT(profiles.count == rosters.count);
	for (size_t i = 0; i < profiles.count; i++)
		corpus_pair(corpus, buffer_bytes(&profiles.items[i]), buffer_bytes(&rosters.items[i]));
	corpus_free(&profiles);
	corpus_free(&rosters);
	corpus_pair(corpus, bytes_of("credential cert { tag = 9 type = cert from = path }\n"
	    "credential key { tag = 9 type = key from = path }\n"
	    "credential ca { tag = 9 type = ca files = root.pem }\n"),
	    bytes_of("imei,client_cert,client_key\n352656100367872,a.pem,a.key\n"));
}
