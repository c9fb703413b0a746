/* SPDX-License-Identifier: ISC */
#include "gapseal/record.h"

#include <string.h>

static const char label[] = "gapseal/record/v1\n";

_Static_assert(sizeof label - 1 + 1 + NAME_MAX_LENGTH + 4 + 8 + 4 + RECORD_TAG_SIZE + 2 * HASH_SIZE <=
    RECORD_ASSOCIATED_MAX, "the longest associated data fit");

bool record_stride_valid(uint64_t stride)
{
	return stride >= RECORD_STRIDE_MIN && stride <= RECORD_STRIDE_MAX && stride % RECORD_STRIDE_STEP == 0;
}

uint32_t record_stride(size_t contents_max)
{
	uint32_t stride;

	if (contents_max > RECORD_STRIDE_MAX - RECORD_OVERHEAD - 1)
		return 0;
	stride = (uint32_t)contents_max + 1 + RECORD_OVERHEAD;
	stride = (stride + RECORD_STRIDE_STEP - 1) / RECORD_STRIDE_STEP * RECORD_STRIDE_STEP;
	return stride < RECORD_STRIDE_MIN ? RECORD_STRIDE_MIN : stride;
}

void record_common(uint8_t out[static HASH_SIZE], const uint8_t (*digests)[HASH_SIZE], uint32_t count)
{
	struct hash hash;
	uint8_t number[4];

	put_u32(number, count);
	hash_begin(&hash);
	hash_add(&hash, bytes_from(number, sizeof number));
	if (count > 0)
		hash_add(&hash, bytes_from(digests, (size_t)count * HASH_SIZE));
	hash_end(&hash, out);
}

static uint8_t *put(uint8_t *out, const void *data, size_t size)
{
	memcpy(out, data, size);
	return out + size;
}

size_t record_associated(uint8_t out[static RECORD_ASSOCIATED_MAX], const struct record_place *place,
    const uint8_t tag[static RECORD_TAG_SIZE], const uint8_t state[static HASH_SIZE])
{
	/* Every reader of a batch id has checked that it is a name; the bound only keeps us inside out. */
	size_t length = strnlen(place->batch, NAME_MAX_LENGTH);
	uint8_t *end = put(out, label, sizeof label - 1);

	*end++ = (uint8_t)length;
	end = put(end, place->batch, length);
	put_u32(end, place->lot);
	put_u64(end + 4, place->index);
	put_u32(end + 12, place->stride);
	end = put(end + 16, tag, RECORD_TAG_SIZE);
	end = put(end, state, HASH_SIZE);
	end = put(end, place->common, HASH_SIZE);
	return (size_t)(end - out);
}
