/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PLAN_PRIVATE_H
#define GAPSEAL_PLAN_PRIVATE_H

#include "gapseal/plan.h"

/* What plan_make fills, part by part. */
struct plan {
	const struct profile *profile;
	const struct roster *roster;
	char org[NAME_SIZE];
	char batch[NAME_SIZE];
	char *ca;                                   /* cut down to BEGIN..END; NULL without one */
	int columns[PROFILE_CREDENTIALS_MAX];       /* of SOURCE_COLUMN; -1 */
	size_t longest[PROFILE_CREDENTIALS_MAX];    /* text a row gives: PSK in hex, identity or CN */
	size_t certificate[PROFILE_CREDENTIALS_MAX]; /* longest of SOURCE_ISSUED */
	int lot_column;                             /* -1: by size */
	size_t lot_size;
	size_t lot_count, lot_capacity;
	struct plan_lot *lots;
	uint32_t *order;                            /* with a lot column: roster indices, lot by lot */
	size_t *starts;                             /* where each lot's begin in order */
	size_t common_count;
	struct manifest_common commons[COMMONS_MAX];
	int common_of[PROFILE_CREDENTIALS_MAX];
	size_t contents_max;
};

/* A plan being linted. */
struct lint {
	struct plan *plan;
	struct findings *findings;
	struct fault *fault;
	struct roster_reader *reader;
	struct roster_row row;      /* the present one */
	bool broken[PROFILE_CREDENTIALS_MAX]; /* the credential takes columns it cannot have */
	struct buffer text;         /* what it gives the credential in hand; may be secret */
	struct buffer other;        /* the same of another row */
};

/* The column of a name in whatever case; -1. */
int plan_column(const struct plan *plan, struct bytes name);
/* Whether rows differ in what they give the credential, or it takes nothing from them. */
bool plan_uses_rows(const struct profile_credential *credential);
/* Appends what a row gives, a PSK in lower case. */
enum err plan_value(struct buffer *out, const struct plan *plan, size_t credential,
    const struct roster_row *row, struct fault *fault);

/* A finding at a credential's place in the profile. */
void lint_profile(struct lint *lint, enum severity severity, size_t credential, const char *code,
    const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A finding at a column of the present row; -1: at the row. */
void lint_row(struct lint *lint, enum severity severity, int column, const char *code,
    const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Columns the profile asks for, and columns nobody uses; fills broken. */
void lint_columns(struct lint *lint);
/* Every row's value for one credential; fills plan->longest. */
enum err lint_values(struct lint *lint, size_t credential);
/* Cuts the lots. */
enum err lint_lots(struct lint *lint);

#endif
