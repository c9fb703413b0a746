/* SPDX-License-Identifier: ISC */
/* Profiles: whatever is wrong with one is a finding of a known rule, and what is left has its limits. */
#include "findings.h"
#include "gapseal/profile.h"
#include "gapseal/x509.h"

static void check_credential(const struct profile_credential *credential)
{
	FUZZ_WANT(slot_writable(credential->slot));
	FUZZ_WANT(credential->source < SOURCES);
	FUZZ_WANT(text_is_printable(bytes_of(credential->text)));
	FUZZ_WANT((credential->source == SOURCE_FILES) == (credential->pem != NULL));
	FUZZ_WANT(credential->source != SOURCE_DERIVED ||
	    (credential->bytes >= PROFILE_BYTES_MIN && credential->bytes <= PROFILE_BYTES_MAX));
	FUZZ_WANT(credential->source != SOURCE_ISSUED ||
	    (credential->days >= 1 && credential->days <= PROFILE_DAYS_MAX));
}

/* What every lot gets of one slot is one credential. */
static void check_slots(const struct profile *profile)
{
	for (size_t i = 1; i < profile->count; i++) {
		const struct profile_credential *a = &profile->credentials[i - 1], *b = a + 1;

		FUZZ_WANT(slot_compare(a->slot, b->slot) <= 0);
		FUZZ_WANT(slot_compare(a->slot, b->slot) != 0 || a->lots.count > 0 || b->lots.count > 0);
	}
}

static void put_root(void)
{
	static bool done;
	struct buffer root = BUFFER_EMPTY;
	struct fault fault;

	if (done)
		return;
	FUZZ_WANT(x509_process(&fault) == ERR_OK);
	root = corpus_file("manifests/golden/root.pem");
	fuzz_file("root.pem", buffer_bytes(&root));
	buffer_free(&root);
	done = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct findings findings = FINDINGS_EMPTY;
	static struct profile profile;
	struct fault fault = {0};
	enum err err;

	put_root();
	err = profile_read(&profile, fuzz_file("profile.conf", bytes_from(data, size)), &findings, &fault);
	if (err != ERR_OK)
		fuzz_refused(err, &fault, "file-size");
	check_findings(&findings);
	FUZZ_WANT(profile.count <= PROFILE_CREDENTIALS_MAX);
	if (err == ERR_OK && findings.errors == 0) {
		for (size_t i = 0; i < profile.count; i++)
			check_credential(&profile.credentials[i]);
		check_slots(&profile);
	}
	FUZZ_WANT(profile.policy.slots.count <= SLOTS_MAX);
	profile_free(&profile);
	findings_free(&findings);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_files(corpus, "manifests/example/*.conf");
	corpus_files(corpus, "manifests/golden/profile.conf");
	corpus_files(corpus, "tests/vectors/lint/*.conf");
}
