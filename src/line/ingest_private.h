/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_INGEST_PRIVATE_H
#define GAPSEAL_INGEST_PRIVATE_H

#include "gapseal/grant.h"
#include "gapseal/ingest.h"
#include "gapseal/logbook.h"
#include "gapseal/progress.h"

/* The parts of ingest: ingest.c the order of things, ingest_find.c what lies on a medium, ingest_trust.c,
 * ingest_batch.c (an extract is one record of a batch) and ingest_grant.c one thing taken, ingest_copy.c
 * bytes into the home, ingest_sign.c signatures that come later, ingest_tree.c tree.bin, ingest_log.c the
 * entries, ingest_records.c record roots, ingest_medium.c whether a medium is whole. */

struct ingest {
	struct home *home;
	struct ingest_report *report;
	struct signer *signer;
	struct chain *chain;           /* in memory only as long as it is stored and logged, too */
	struct logbook *logbook;
	struct progress *accepted;     /* of ingest entries alone */
	uint64_t trust_logged;         /* the latest version the log has */
	int trust, batches, grants;    /* folders of the home; batches is locked against another ingest */
	bool fatal;                    /* the last fault was one after which nothing else can be taken */
};

enum ingest_kind { INGEST_TRUST, INGEST_BATCH, INGEST_GRANT };
struct ingest_item { /* something found */
	enum ingest_kind kind;
	const char *root;          /* as the caller named it */
	char *inside;              /* folder below root, "" for root itself */
	char *name;                /* of a trust file below root/inside; "" if root is the file */
	bool extract;              /* a batch of which it is one record */
	bool found;                /* by a search, not named by the caller, or in what was named */
};
struct ingest_items {
	struct ingest_item *items;
	size_t count;
};

/* ingest_find.c: appends what a path holds. Links inside it are not followed. */
enum err ingest_find(struct ingest_items *items, struct ingest *ingest, const char *path,
    struct fault *fault);
void ingest_items_free(struct ingest_items *items);
#define INGEST_DEPTH_MAX 2
bool ingest_is_trust_name(const char *name);
/* ingest_medium.c: "medium-incomplete" if the office never finished this medium; and "medium-missing" if its
 * SHA256SUMS lists something to take that is not among the items from first on. */
enum err ingest_check_whole(int medium, const char *where, struct fault *fault);
enum err ingest_check_listed(const struct ingest_items *items, size_t first, int medium, const char *where,
    struct fault *fault);
/* The folder of a batch or grant, opened once; or that of a trust file. */
enum err ingest_item_open(int *folder, const struct ingest_item *item, struct fault *fault);
/* "<root>/<inside>", for places. */
void ingest_item_place(char *out, size_t size, const struct ingest_item *item);

/* One thing taken, or said to be held. */
enum err ingest_take_trust(struct ingest *ingest, const struct document *document, struct fault *fault);
enum err ingest_take_batch(struct ingest *ingest, int medium, const char *where, struct fault *fault);
enum err ingest_take_grant(struct ingest *ingest, int medium, const char *where, bool found,
    struct fault *fault);
/* "trust-needed" if there is nothing to verify by. */
enum err ingest_demand_trust(const struct ingest *ingest, const char *where, struct fault *fault);
/* Reads a document of a medium; its place begins with where. */
enum err ingest_load(struct document *out, const struct ingest *ingest, int medium, const char *name,
    const char *where, struct fault *fault);

/* ingest_log.c */
enum err ingest_log_open(struct ingest *ingest, struct fault *fault);
enum err ingest_log_trust(struct ingest *ingest, const struct trust *trust, struct fault *fault);
/* grant NULL: the batch itself. */
enum err ingest_log_accepted(struct ingest *ingest, const struct manifest *manifest,
    const struct grant *grant, struct fault *fault);
void ingest_say(const struct ingest *ingest, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ingest_copy.c: copies a records file of exactly size bytes, durable; "records-missing", "records-size" as
 * records_verify. */
enum err ingest_copy_file(int from, int to, const char *name, uint64_t size, const char *where,
    struct fault *fault);
/* Copies a small file whole. */
enum err ingest_copy_small(int from, int to, const char *name, size_t limit, struct fault *fault);
/* Gives a held folder a name that the next sweep removes; the caller frees it with free(3). */
enum err ingest_set_aside(char **aside, int folder, const char *name, struct fault *fault);
/* Removes what interrupted or damaged copies have left; only under the lock. */
enum err ingest_sweep(int folder, const char *where, struct fault *fault);

/* ingest_sign.c: signatures that come after their document was taken in. approve asks the newest trust of a
 * document of its kind. */
typedef enum err ingest_approve(const struct document *document, const struct trust *newest,
    struct fault *fault);
/* Whether the newest trust approves what is held together with the signatures it lacks; fine if it lacks
 * none. One held of a key that trust has dropped stands in the way. */
enum err ingest_check_added(const struct ingest *ingest, const struct document *held,
    const struct document *brought, ingest_approve *approve, struct fault *fault);
/* Puts the signatures that the document in a folder lacks beside it, each whole and durable; *added becomes
 * the greatest count put into one folder. Only after ingest_check_added, of the same document. */
enum err ingest_add_signatures(size_t *added, int parent, const char *folder, const char *name,
    const struct document *brought, struct fault *fault);
void ingest_say_added(const struct ingest *ingest, const char *what, const char *name, size_t added);
/* Whether what is held may lack its entry, an ingest having been interrupted before it: there is none at all
 * (accepted is 0), or it is of an older version of trust, a signature has made a difference since, and the
 * newest approves. */
bool ingest_is_unlogged(const struct ingest *ingest, const struct document *held, uint64_t accepted,
    ingest_approve *approve);

/* ingest_tree.c: records_verify of a batch folder; the same pass makes its tree.bin, whole and durable or
 * not at all. */
enum err ingest_tree(int folder, const struct manifest_fields *fields, const char *where,
    struct fault *fault);

/* ingest_records.c: every root in keys must belong to the record of its index in a verified copy, of the
 * batch or of that record. "grant-batch" if there is none. */
struct grant_keys;
enum err ingest_check_records(const struct grant_keys *keys, int batches,
    const struct manifest_fields *fields, const char *where, struct fault *fault);

#endif
