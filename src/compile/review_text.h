/* SPDX-License-Identifier: ISC */
#ifndef REVIEW_TEXT_H
#define REVIEW_TEXT_H

#include "gapseal/plan.h"
#include "gapseal/words.h"

/* A review, ready to be shown. */
struct review_credential {
	uint64_t bytes;              /* of a derived PSK */
	bool chain;
	char column[NAME_SIZE];
	uint64_t days;
	struct maybe_hash digest;    /* of what all devices share */
	unsigned line_ending;
	struct list lots;            /* the profile's */
	char name[NAME_SIZE];
	char password[NAME_SIZE];    /* column of the passwords of encrypted keys */
	unsigned source;
	uint64_t tag;
	char text[TEMPLATE_MAX + 1];
	uint64_t slot_type;
	char type[NAME_SIZE];
};
struct review_lot {
	uint64_t count;
	char name[NAME_SIZE];
};
struct review {
	char batch[NAME_SIZE];
	struct maybe_hash ca_sha256;
	struct list credentials;
	uint64_t devices;
	char first[IMEI_SIZE];
	bool keyed;                  /* the hash depends on the seed */
	char last[IMEI_SIZE];
	struct list lots;
	char org[NAME_SIZE];
	struct maybe_hash plan_sha256;
	struct manifest_policy policy;
	uint64_t stride;
	char title[TITLE_SIZE];
	char words[WORDS_SIZE];      /* "" without a hash */
};
void review_json(struct buffer *out, const struct review *review);
/* At most 80 columns, but for a template that is longer; hashes in groups of four, as people read them to
 * each other. */
void review_text(struct buffer *out, const struct review *review);

#endif
