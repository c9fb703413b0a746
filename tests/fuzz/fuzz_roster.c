/* SPDX-License-Identifier: ISC */
/* CSV of devices: whatever is wrong is a finding, and a roster without one gives every row as it stands. */
#include "findings.h"
#include "gapseal/roster.h"

static void check_row(const struct roster *roster, struct roster_reader *reader, size_t i, bool good)
{
	char imei[IMEI_SIZE];
	struct roster_row row;
	struct fault fault = {0};

	FUZZ_WANT(roster_row(&row, reader, i, &fault) == ERR_OK);
	FUZZ_WANT(row.i == i && row.count <= ROSTER_COLUMNS_MAX);
	FUZZ_WANT((roster_imei(roster, i) == 0) == (row.imei[0] == '\0'));
	if (!good)
		return;
	for (size_t field = 0; field < row.count; field++)
		FUZZ_WANT(row.fields[field].size <= ROSTER_FIELD_MAX);
	FUZZ_WANT(imei_parse(imei, bytes_of(row.imei), "row", &fault) == ERR_OK);
	FUZZ_WANT(bytes_is(row.fields[roster_column(roster, "imei")], row.imei));
	FUZZ_WANT(roster_column_name(roster, (int)row.count - 1) != NULL);
	FUZZ_WANT(roster_column_name(roster, (int)row.count) == NULL);
}

static void check_rows(const struct roster *roster, bool good)
{
	struct roster_reader *reader = NULL;
	struct fault fault;

	FUZZ_WANT(roster_reader_new(&reader, roster, &fault) == ERR_OK);
	for (size_t i = 0; i < roster_count(roster); i++)
		check_row(roster, reader, i, good);
	roster_reader_free(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file("devices.csv", bytes_from(data, size));
	struct findings findings = FINDINGS_EMPTY;
	struct roster *roster = NULL;
	struct fault fault = {0};
	enum err err = roster_read(&roster, path, &findings, &fault);

	if (err != ERR_OK)
		fuzz_refused(err, &fault, "file-size");
	check_findings(&findings);
	if (roster != NULL)
		check_rows(roster, findings.errors == 0);
	else
		FUZZ_WANT(err != ERR_OK || findings.errors > 0);
	roster_free(&roster);
	findings_free(&findings);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_files(corpus, "manifests/example/*.csv");
	corpus_files(corpus, "tests/vectors/csv/*.csv");
	corpus_files(corpus, "tests/vectors/lint/csv-*.csv");
	corpus_files(corpus, "tests/vectors/lint/imei-*.csv");
}
