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
	int columns[PROFILE_CREDENTIALS_MAX];       /* of SOURCE_COLUMN and SOURCE_PATH; -1 */
	int passwords[PROFILE_CREDENTIALS_MAX];     /* columns too; -1 */
	size_t longest[PROFILE_CREDENTIALS_MAX];    /* what a row gives: PSK in hex, identity, CN, file */
	size_t password_max;                        /* longest of all */
	size_t certificate[PROFILE_CREDENTIALS_MAX]; /* longest of SOURCE_ISSUED */
	int lot_column;                             /* -1: by size */
	size_t lot_size;
	size_t lot_count, lot_capacity;
	struct plan_lot *lots;
	uint32_t *order;                            /* with a lot column: roster indices, lot by lot */
	size_t *starts;                             /* where each lot's begin in order */
	uint8_t *choice;                            /* credential of each slot, lot by lot; NULL: slot */
	uint32_t *lot_of;                           /* per row; with a lot column and a choice */
	int folder;                                 /* of the CSV, for SOURCE_PATH; -1 */
	uint8_t (*marks)[HASH_SIZE];                /* of each row's files, row by row; all zero: none */
	size_t files, mark_count;                   /* credentials with files; those times rows */
	size_t file_of[PROFILE_CREDENTIALS_MAX];    /* which of them a credential is */
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
	bool colon[PROFILE_CREDENTIALS_MAX];  /* its identities hold one, and it was said */
	struct buffer text;         /* what it gives the credential in hand; may be secret */
	struct buffer other;        /* the same of another row */
};

#define NO_LOT UINT32_MAX
#define NO_CREDENTIAL UINT8_MAX

/* The column of a name in whatever case; -1. */
int plan_column(const struct plan *plan, struct bytes name);
/* The lot of a row, NO_LOT if it was refused. Only with a choice. */
uint32_t plan_lot_of(const struct plan *plan, size_t row);
/* The credential a row gets for a slot; NO_CREDENTIAL if there is none. */
size_t plan_credential_of(const struct plan *plan, size_t row, size_t slot);
/* Whether rows differ in what they give the credential, or it takes nothing from them. */
bool plan_uses_rows(const struct profile_credential *credential);
/* Appends what a row gives, a PSK in lower case. */
enum err plan_value(struct buffer *out, const struct plan *plan, size_t credential,
    const struct roster_row *row, struct fault *fault);
/* Bytes of what plan_chain appends. */
size_t plan_chain_size(const struct plan *plan, size_t credential);

/* The password of a row's key; empty without one. */
struct bytes plan_password(const struct plan *plan, size_t credential, const struct roster_row *row);
/* What a file gives, as it is written, and where its hash is kept. */
enum err plan_file(struct secret *out, bool *others, const struct plan *plan, size_t credential,
    const struct roster_row *row, struct secret *file, struct fault *fault);
uint8_t *plan_mark(const struct plan *plan, size_t credential, size_t row);
void mark_make(uint8_t out[static HASH_SIZE], struct bytes content, struct bytes password);

/* A finding at a credential's place in the profile. */
void lint_profile(struct lint *lint, enum rule rule, size_t credential, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A finding at a column of the present row; -1: at the row. */
void lint_row(struct lint *lint, enum rule rule, int column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The fault of ERR_NO as a finding at a column of the present row. */
enum err lint_take(struct lint *lint, int column);
/* Whether the profile may take the present row's field. */
bool lint_field(struct lint *lint, int column);
/* What is said once, at the first of the rows it is true of: a finding a row would drown the others. */
struct remark {
	unsigned long line;
	int column;
	size_t count;
};
void remark_add(struct remark *remark, const struct lint *lint, int column);
void remark_say(const struct remark *remark, struct lint *lint, enum rule rule, const char *sentence);

/* Columns the profile asks for, and columns nobody uses; fills broken. */
void lint_columns(struct lint *lint);
/* Cuts the lots. */
enum err lint_lots(struct lint *lint);
/* Which credentials each lot gets; fills choice. */
enum err lint_choice(struct lint *lint);
/* Types of modules within the lots. */
enum err lint_tacs(struct lint *lint);
/* Every row's value for one slot; fills longest. */
enum err lint_values(struct lint *lint, size_t slot);
/* Every row's files; fills longest, password_max and marks. */
enum err lint_paths(struct lint *lint);

/* The remarks on pre-shared keys. */
struct psk_remarks {
	struct remark upper, wide, plain;
};
/* Whether the present row's PSK can be used. Says where it is wrong, never what stands there. */
bool lint_psk(struct lint *lint, int column, struct psk_remarks *remarks);
void lint_psk_end(struct lint *lint, const struct psk_remarks *remarks);

#endif
