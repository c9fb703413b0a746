/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "batch_private.h"
#include "gapseal/seal.h"

enum err given_record_begin(struct given_record *out, const struct batch_given *batch, size_t stride,
    struct fault *fault)
{
	out->batch = batch;
	return secret_new(&out->plain, stride - RECORD_OVERHEAD, fault);
}

void given_record_free(struct given_record *given)
{
	secret_free(&given->plain);
	given->contents.count = 0; /* its views are gone */
}

/* Tag and key commitment need nothing of the contents, which need both. */
enum err given_open(struct given_record *given, const char **part, const uint8_t *record,
    const struct record_place *place, const struct record_keys *keys,
    const uint8_t tag[static RECORD_TAG_SIZE], size_t commons, struct fault *fault)
{
	enum err err;

	*part = "the tag";
	if (memcmp(record, tag, RECORD_TAG_SIZE) != 0)
		return ERR_NO;
	*part = "the key commitment";
	if (memcmp(record + RECORD_COMMITMENT, keys->commitment, HASH_SIZE) != 0)
		return ERR_NO;
	*part = "the sealed part";
	err = record_open(given->plain, bytes_from(record, place->stride), place, keys, given->batch->where,
	    fault);
	if (err == ERR_OK)
		err = contents_read(&given->contents, secret_bytes(given->plain), (uint16_t)commons,
		    given->batch->where, fault);
	return err;
}

struct bytes given_content(const struct given_record *given, struct slot slot)
{
	for (size_t i = 0; i < given->contents.count; i++)
		if (slot_compare(given->contents.steps[i].slot, slot) == 0)
			return given->contents.steps[i].content;
	return bytes_from(NULL, 0);
}
