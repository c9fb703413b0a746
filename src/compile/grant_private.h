/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_GRANT_PRIVATE_H
#define GAPSEAL_GRANT_PRIVATE_H

#include "gapseal/file.h"
#include "gapseal/unseal.h"

/* The parts of making a grant: grant_make.c what all grants have, office_grant.c one of lots,
 * office_extract.c one of a single record with the record beside it. */

#define GRANT_STATIONS_MAX 64

struct grant_job {
	struct own_batch batch;
	struct secret *seed;
	uint8_t plan[HASH_SIZE];
	struct recipient recipients[GRANT_STATIONS_MAX];
	struct grant_fields grant;
	struct buffer keys;              /* keys.age */
	struct buffer text;              /* grant.json */
};
#define GRANT_JOB_EMPTY ((struct grant_job){.batch = OWN_BATCH_EMPTY})

/* What of a request can be refused before anything is opened. */
enum err grant_request_check(const struct grant_request *request, struct fault *fault);
/* The batch as an auditor would look at it, known to this office's ledger, and its seed. */
enum err grant_job_open(struct grant_job *job, const struct office *office, const struct trust *trust,
    struct secret *identity, const char *batch, struct fault *fault);
/* All of the grant but what is granted: devices is how many that are. */
enum err grant_job_fill(struct grant_job *job, const struct trust *trust,
    const struct grant_request *request, uint64_t devices, struct fault *fault);
/* The document with the hash of the keys, read back by the reader every station uses. */
enum err grant_job_write(struct grant_job *job, struct fault *fault);
/* Puts keys.age and grant.json into a folder. */
enum err grant_job_put(const struct grant_job *job, int folder, struct fault *fault);
/* Tells the ledger, which takes the serial and refuses an overlap. To be done before a folder appears: a
 * crash in between leaves a serial without a folder, which is a gap; the other order could leave two grants
 * of one serial. */
enum err grant_job_record(struct grant_job *job, int64_t now, struct fault *fault);
/* The folder gets its name. */
enum err grant_job_commit(const struct grant_job *job, struct folder_draft *draft, struct fault *fault);
void grant_job_end(struct grant_job *job);

#endif
