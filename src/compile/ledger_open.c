/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "ledger_private.h"

#define VERSION 3
#define APPLICATION 1735614828 /* "gsal": no other program's database is taken for a ledger */
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

_Static_assert(PURPOSE_PRODUCTION == 0, "the index of numbers says so");

/* The blobs stand last: SQLite reads a row from its beginning. numbers has every number of a series that was
 * ever taken, and for which batch; abandoned is how many before its own a batch's manifest says were never
 * shipped. */
static const char schema[] =
    "BEGIN;"
    "PRAGMA application_id = " TEXT(APPLICATION) ";"
    "PRAGMA user_version = " TEXT(VERSION) ";"
    "CREATE TABLE meta (org TEXT NOT NULL) STRICT;"
    "CREATE TABLE batches (id TEXT PRIMARY KEY NOT NULL, purpose INTEGER NOT NULL, series TEXT NOT NULL,"
    " seq INTEGER NOT NULL, manifest BLOB NOT NULL UNIQUE, plan BLOB NOT NULL, issued TEXT NOT NULL,"
    " count INTEGER NOT NULL, abandoned INTEGER NOT NULL, slots TEXT NOT NULL, imeis BLOB NOT NULL,"
    " indices BLOB NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX batch_numbers ON batches (series, seq) WHERE purpose = 0;"
    "CREATE TABLE numbers (series TEXT NOT NULL, seq INTEGER NOT NULL, batch TEXT NOT NULL,"
    " PRIMARY KEY (series, seq)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE lots (batch TEXT NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,"
    " name TEXT NOT NULL, PRIMARY KEY (batch, first)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE supersedes (batch TEXT NOT NULL, manifest BLOB NOT NULL, whole INTEGER NOT NULL,"
    " reason TEXT NOT NULL, indices BLOB NOT NULL, PRIMARY KEY (batch, manifest)) STRICT;"
    "CREATE INDEX superseded ON supersedes (manifest);"
    "CREATE TABLE grants (serial INTEGER PRIMARY KEY NOT NULL, batch TEXT NOT NULL, document BLOB NOT NULL,"
    " not_before TEXT NOT NULL, not_after TEXT NOT NULL) STRICT;"
    "CREATE TABLE grant_lots (serial INTEGER NOT NULL, lot TEXT NOT NULL,"
    " PRIMARY KEY (serial, lot)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE grant_records (serial INTEGER PRIMARY KEY NOT NULL, indices BLOB NOT NULL) STRICT;"
    "CREATE TABLE grant_stations (serial INTEGER NOT NULL, station TEXT NOT NULL,"
    " PRIMARY KEY (serial, station)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE grant_replaces (serial INTEGER NOT NULL, replaced INTEGER NOT NULL,"
    " PRIMARY KEY (serial, replaced)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE heads (station TEXT PRIMARY KEY NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL) STRICT;"
    "CREATE TABLE closeouts (station TEXT NOT NULL, entry INTEGER NOT NULL, manifest BLOB NOT NULL,"
    " lot TEXT NOT NULL, serial INTEGER NOT NULL, done INTEGER NOT NULL, failed INTEGER NOT NULL,"
    " void INTEGER NOT NULL, unused INTEGER NOT NULL, PRIMARY KEY (station, entry)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE accepted (manifest BLOB PRIMARY KEY NOT NULL, document BLOB NOT NULL,"
    " trust INTEGER NOT NULL, time TEXT NOT NULL, done BLOB NOT NULL) STRICT;"
    "COMMIT;";

/* The empty file gets its tables in one transaction. */
static enum err fill(const char *path, struct fault *fault)
{
	struct ledger *ledger;
	enum err err = ledger_connect(&ledger, path, fault);

	if (err != ERR_OK)
		return err;
	err = ledger_run(ledger, schema, fault);
	ledger_free(&ledger);
	return err;
}

static enum err create_in(int folder, const char *office, struct fault *fault)
{
	char path[LEDGER_PATH_MAX];
	char *part;
	enum err err = folder_part_name(&part, LEDGER_NAME, office, fault);

	if (err != ERR_OK)
		return err;
	if (snprintf(path, sizeof path, "%s/%s", office, part) >= (int)sizeof path)
		err = fault_set(fault, ERR_CANNOT, "ledger-open", office,
		    "the name of the folder is too long");
	else
		err = file_write(folder, part, bytes_from(NULL, 0), 0600, false, fault);
	if (err == ERR_OK)
		err = fill(path, fault);
	if (err == ERR_OK)
		err = folder_rename(folder, part, LEDGER_NAME, LEDGER_NAME, fault);
	if (err != ERR_OK)
		unlinkat(folder, part, 0); /* may not be there; the fault is already told */
	else
		err = folder_sync(folder, office, fault);
	free(part);
	return err;
}

enum err ledger_create(const char *office, struct fault *fault)
{
	int folder;
	enum err err = folder_open(&folder, AT_FDCWD, office, fault);

	if (err != ERR_OK)
		return err;
	err = create_in(folder, office, fault);
	close(folder);
	return err;
}

static enum err check_form(struct ledger *ledger, struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT application_id, user_version"
	    " FROM pragma_application_id, pragma_user_version");
	bool ours = query_row(&query) && query_number(&query, 0) == APPLICATION;
	uint64_t version = ours ? query_number(&query, 1) : 0;
	enum err err = query_end(&query, fault);

	if (err != ERR_OK)
		return err;
	if (!ours)
		return ledger_refuse_form(ledger, fault);
	if (version != VERSION)
		return fault_set(fault, ERR_CANNOT, "ledger-form", ledger_path(ledger),
		    "the ledger is of version %" PRIu64 ", this program knows version %d: use the gapseal "
		    "that works with it", version, VERSION);
	return ERR_OK;
}

static enum err set_org(struct ledger *ledger, const char *org, struct fault *fault)
{
	struct query query = query_begin(ledger, "INSERT INTO meta VALUES (?)");

	query_text(&query, org);
	return query_run(&query, fault);
}

/* The first org stays. */
static enum err check_org(struct ledger *ledger, const char *org, struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT org FROM meta");
	bool set = query_row(&query), same = set && strcmp(query_string(&query, 0), org) == 0;
	enum err err = query_end(&query, fault);

	if (err == ERR_OK && !set)
		return set_org(ledger, org, fault);
	if (err == ERR_OK && !same)
		return fault_set(fault, ERR_NO, "ledger-org", ledger_path(ledger),
		    "the ledger belongs to another organisation than %s", org);
	return err;
}

static enum err check(struct ledger *ledger, const char *org, struct fault *fault)
{
	enum err err = ledger_begin(ledger, fault);

	if (err != ERR_OK)
		return err;
	return ledger_finish(ledger, check_org(ledger, org, fault), fault);
}

enum err ledger_open_file(struct ledger **out, const char *path, struct fault *fault)
{
	enum err err = ledger_connect(out, path, fault);

	if (err != ERR_OK)
		return err;
	err = check_form(*out, fault);
	if (err != ERR_OK)
		ledger_free(out);
	return err;
}

enum err ledger_open(struct ledger **out, const char *office, const char *org, struct fault *fault)
{
	char path[LEDGER_PATH_MAX];
	enum err err;

	*out = NULL;
	if (snprintf(path, sizeof path, "%s/" LEDGER_NAME, office) >= (int)sizeof path)
		return fault_set(fault, ERR_CANNOT, "ledger-open", office,
		    "the name of the folder is too long");
	err = ledger_open_file(out, path, fault);
	if (err != ERR_OK || org == NULL)
		return err;
	err = check(*out, org, fault);
	if (err != ERR_OK)
		ledger_free(out);
	return err;
}
