/* SPDX-License-Identifier: ISC */
/* Proofs of inclusion; the first part is the leaf. */
#include "fuzz.h"
#include "gapseal/checkpoint.h"
#include "gapseal/signature.h"
#include "gapseal/tree.h"

#define ORIGIN "TestParseCheckpoint"
#define VKEY "Log+2271c621+AemuH5ooBpEPcr+W8onrjA1NfuzBVHdezakU81Ekarvs"
#define LEAF "{\"t\":\"begin\",\"n\":3}"
#define CODES "proof-form proof-inclusion note-form note-signature note-unsigned checkpoint-form " \
	"checkpoint-origin checkpoint-unsigned"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor input = cursor_of(bytes_from(data, size));
	struct bytes leaf = fuzz_part(&input);
	struct checkpoint checkpoint = {0};
	struct fault fault = {0};
	struct note_key log;
	uint64_t index = 0;
	enum err err;

	FUZZ_WANT(signature_init(&fault) == ERR_OK);
	FUZZ_WANT(note_key_parse(&log, bytes_of(VKEY), "known", &fault) == ERR_OK);
	err = proof_open(&index, &checkpoint, NULL, fuzz_rest(&input), leaf, ORIGIN, &log, NULL, 0, "input",
	    &fault);
	if (err != ERR_OK)
		fuzz_refused(err, &fault, CODES);
	else
		FUZZ_WANT(index < checkpoint.size);
	return 0;
}

/* More hashes than any tree has levels. */
static void add_long(struct corpus *corpus)
{
	struct buffer proof = BUFFER_EMPTY;

	buffer_text(&proof, "c2sp.org/tlog-proof@v1\nindex 3\n");
	for (unsigned i = 0; i < 2 * TREE_DEPTH_MAX; i++)
		buffer_text(&proof, "FE2y+YJAIuiE/Ypixupm5aLjYdhBOf6fSuY/ql4ZsFQ=\n");
	corpus_pair(corpus, bytes_of(LEAF), buffer_bytes(&proof));
	buffer_free(&proof);
}

void fuzz_seeds(struct corpus *corpus)
{
	struct corpus proofs = CORPUS_EMPTY;

	add_long(corpus);
	corpus_json(&proofs, "tests/vectors/notes/proofs.json", "proof_b64", CORPUS_BASE64);
	for (size_t i = 0; i < proofs.count; i++)
		corpus_pair(corpus, bytes_of(LEAF), buffer_bytes(&proofs.items[i]));
	corpus_free(&proofs);
}
