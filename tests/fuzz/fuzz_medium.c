/* SPDX-License-Identifier: ISC */
/* SHA256SUMS of a medium, which says what should be there: it judges nothing but that. */
#include "../../src/line/ingest_private.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char inside[] = "batches/golden-1", grants[] = "grants/1", trust[] = "trust";
	char name[] = "trust-000001.json";
	struct ingest_item found[] = {
		{.kind = INGEST_BATCH, .inside = inside, .found = true},
		{.kind = INGEST_GRANT, .inside = grants, .found = true},
		{.kind = INGEST_TRUST, .inside = trust, .name = name, .found = true},
	};
	const struct ingest_items items = {found, sizeof found / sizeof *found};
	struct fault fault = {0};
	enum err err;

	fuzz_file(SUMS_NAME, bytes_from(data, size));
	err = ingest_check_listed(&items, 0, fuzz_folder(), "medium", &fault);
	if (err != ERR_OK)
		fuzz_refused(err, &fault, "medium-missing file-size");
	return 0;
}

#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff  "

void fuzz_seeds(struct corpus *corpus)
{
	corpus_text(corpus, DIGEST "batches/golden-1/manifest.json\n" DIGEST "grants/1/grant.json\n"
	    DIGEST "trust/trust-000001.json\n" DIGEST "batches/golden-1/records-000.bin\n");
	corpus_text(corpus, DIGEST "batches/other/manifest.json\n" DIGEST "TRUST/TRUST-000001.JSON\n");
	corpus_text(corpus, DIGEST "a/b/c/d/e/manifest.json\n" DIGEST "../../grant.json\n");
}
