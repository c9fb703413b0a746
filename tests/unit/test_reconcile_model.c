/* SPDX-License-Identifier: ISC */
/* Random histories of three stations against a model that looks at all entries for every question. */
#include "officers.h"

#include "books.h"

#define ROUNDS 150
#define LOGS 3
#define ENTRIES 40
#define DEVICES 6 /* in lots wo-1 (0-3) and wo-2 (4-5) */
#define STRANGE 9 /* serial of a grant nobody gave */

static uint64_t chance_state;

static uint64_t chance(uint64_t limit)
{
	chance_state = chance_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (chance_state >> 33) % limit;
}

/* What the stations wrote, as the model remembers it. */
struct told {
	struct entry entry;
	bool wrong_state;
	bool wrong_lists;
};
static struct told told[LOGS][ENTRIES + 4];
static size_t told_count[LOGS];
static enum rework rework;
static bool again[DEVICES];
static uint64_t max_success;

static void tell(struct book *into, size_t log, struct entry *entry, bool wrong_state, bool wrong_lists)
{
	book_put(into, entry);
	told[log][told_count[log]++] = (struct told){*entry, wrong_state, wrong_lists};
}

static bool is_done(const struct entry *entry, uint64_t index)
{
	return entry->type == ENTRY_END && entry->index == index && strcmp(entry->result, "done") == 0;
}

static bool is_same(const struct entry *entry, uint64_t index)
{
	return entry->type == ENTRY_SAME && entry->index == index;
}

static bool is_begin(const struct entry *entry)
{
	return entry->type == ENTRY_BEGIN && entry->index < DEVICES;
}

static bool is_end(const struct entry *entry)
{
	return entry->type == ENTRY_END && entry->index < DEVICES;
}

/* Is the device void by this log before its n-th entry? */
static bool void_before(size_t log, size_t n, uint64_t index)
{
	bool voided = false;

	for (size_t i = 0; i < n; i++) {
		const struct entry *entry = &told[log][i].entry;

		if (entry->index == index && entry->type == ENTRY_VOID)
			voided = true;
		if (entry->index == index && entry->type == ENTRY_UNVOID)
			voided = false;
	}
	return voided;
}

static bool done_before(size_t log, size_t n, uint64_t index, bool or_same)
{
	for (size_t i = 0; i < n; i++) {
		if (is_done(&told[log][i].entry, index) || (or_same && is_same(&told[log][i].entry, index)))
			return true;
	}
	return false;
}

/* A release that no done has used up. */
static bool released_before(size_t log, size_t n, uint64_t index)
{
	bool released = false;

	for (size_t i = 0; i < n; i++) {
		const struct entry *entry = &told[log][i].entry;

		if (entry->type == ENTRY_RELEASE && entry->index == index)
			released = true;
		if (is_done(entry, index))
			released = false;
	}
	return released;
}

static bool begun_before(size_t log, size_t n, uint64_t index)
{
	for (size_t i = 0; i < n; i++) {
		if (is_begin(&told[log][i].entry) && told[log][i].entry.index == index)
			return true;
	}
	return false;
}

/* Is the entry with that number an open begin before the n-th entry? */
static const struct entry *open_before(size_t log, size_t n, uint64_t begin)
{
	const struct entry *found = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct entry *entry = &told[log][i].entry;

		if (is_begin(entry) && entry->n == begin)
			found = entry;
		if (found != NULL && is_end(entry) && entry->begin == begin && entry->index == found->index)
			return NULL;
	}
	return found;
}

static bool closed_before(size_t log, size_t n, const char *lot)
{
	for (size_t i = 0; i < n; i++) {
		if (told[log][i].entry.type == ENTRY_CLOSEOUT && strcmp(told[log][i].entry.lot, lot) == 0)
			return true;
	}
	return false;
}

static const char *lot_of(uint64_t index)
{
	return index < 4 ? "wo-1" : "wo-2";
}

/* Counts of findings, by the model. */
struct expectation {
	size_t mismatch, duplicate, max_success, refused, index, without, other, differs, twice, after,
	    missing, station, open, open_closed;
};

static void expect_begin(struct expectation *out, size_t log, size_t i)
{
	const struct entry *entry = &told[log][i].entry;
	bool allowed = !void_before(log, i, entry->index);

	if (allowed && done_before(log, i, entry->index, true))
		allowed = (rework == REWORK_LOCAL && released_before(log, i, entry->index)) ||
		    (rework == REWORK_PERMIT && entry->grant == 8 && again[entry->index]);
	out->refused += !allowed;
}

static void expect_end(struct expectation *out, size_t log, size_t i)
{
	const struct entry *entry = &told[log][i].entry, *begin = open_before(log, i, entry->begin);

	out->without += begin == NULL;
	out->other += begin != NULL && begin->index != entry->index;
}

static void expect_entry(struct expectation *out, size_t log, size_t i)
{
	const struct told *at = &told[log][i];
	const struct entry *entry = &at->entry;

	if (entry->type == ENTRY_CLOSEOUT) {
		out->twice += closed_before(log, i, entry->lot);
		out->differs += !closed_before(log, i, entry->lot) && at->wrong_lists;
		return;
	}
	if (entry->index >= DEVICES) {
		out->index++;
		return;
	}
	if (entry->type == ENTRY_BEGIN)
		expect_begin(out, log, i);
	if (entry->type == ENTRY_END)
		expect_end(out, log, i);
	if (entry->type == ENTRY_BEGIN || entry->type == ENTRY_END || entry->type == ENTRY_SAME)
		out->after += closed_before(log, i, lot_of(entry->index));
	out->mismatch += at->wrong_state;
}

/* Tallied: one a log. */
static void expect_grants(struct expectation *out, size_t log)
{
	bool strange = false, known = false;

	for (size_t i = 0; i < told_count[log]; i++) {
		const struct entry *entry = &told[log][i].entry;

		if (entry->index < DEVICES && (is_begin(entry) || is_end(entry) ||
		    entry->type == ENTRY_SAME)) {
			strange = strange || entry->grant == STRANGE;
			known = known || entry->grant != STRANGE;
		}
	}
	out->missing += strange;
	out->station += known && log == 2; /* line3 is in no grant */
}

/* Whether the dones of an index, taken together, were permitted. */
static bool is_duplicate(uint64_t index)
{
	size_t unreleased = 0, dones = 0, by_serial[STRANGE + 1] = {0};

	for (size_t log = 0; log < LOGS; log++) {
		for (size_t i = 0; i < told_count[log]; i++) {
			if (!is_done(&told[log][i].entry, index))
				continue;
			dones++;
			by_serial[told[log][i].entry.grant]++;
			unreleased += !(released_before(log, i, index) && done_before(log, i, index, true));
		}
	}
	if (rework == REWORK_LOCAL)
		return unreleased > 1;
	if (rework == REWORK_NEVER)
		return dones > 1;
	/* grant 8 may do it once after grant 7, if it says again; a grant nobody knows permits nothing */
	return dones > 1 && !(by_serial[PERMIT] == 1 && by_serial[8] == 1 && by_serial[STRANGE] == 0 &&
	    again[index]);
}

static size_t done_under(uint64_t serial)
{
	size_t count = 0;

	for (uint64_t index = 0; index < DEVICES; index++) {
		bool found = false;

		for (size_t log = 0; log < LOGS; log++) {
			for (size_t i = 0; i < told_count[log]; i++) {
				const struct entry *entry = &told[log][i].entry;

				found = found || (is_done(entry, index) && entry->grant == serial);
			}
		}
		count += found;
	}
	return count;
}

static bool has_open(size_t log, uint64_t index, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < told_count[log]; i++) {
		const struct entry *entry = &told[log][i].entry;

		*count += is_begin(entry) && entry->index == index &&
		    open_before(log, told_count[log], entry->n) != NULL;
	}
	return *count > 0;
}

static enum audit_class expect_class(uint64_t index)
{
	bool mismatch = false, voided = false, done = false, same = false, open = false, begun = false;

	for (size_t log = 0; log < LOGS; log++) {
		size_t count = told_count[log], opens;

		voided = voided || void_before(log, count, index);
		done = done || done_before(log, count, index, false);
		same = same || done_before(log, count, index, true);
		open = open || has_open(log, index, &opens);
		begun = begun || begun_before(log, count, index);
		for (size_t i = 0; i < count; i++) {
			const struct entry *entry = &told[log][i].entry;

			mismatch = mismatch || (told[log][i].wrong_state && entry->index == index);
			begun = begun || (is_end(entry) && entry->index == index);
		}
	}
	if (mismatch || is_duplicate(index))
		return mismatch ? CLASS_MISMATCH : CLASS_DUPLICATE;
	if (voided || done)
		return voided ? CLASS_VOID : CLASS_DONE;
	if (same || open)
		return same ? CLASS_SAME : CLASS_UNRESOLVED;
	return begun ? CLASS_FAILED : CLASS_UNUSED;
}

static void expect_devices(struct expectation *out)
{
	for (uint64_t index = 0; index < DEVICES; index++) {
		enum audit_class class_ = expect_class(index);
		bool closed = false;

		for (size_t log = 0; log < LOGS; log++)
			closed = closed || closed_before(log, told_count[log], lot_of(index));
		out->duplicate += is_duplicate(index);
		for (size_t log = 0; log < LOGS && class_ != CLASS_VOID; log++) {
			size_t opens;

			has_open(log, index, &opens);
			*(class_ == CLASS_UNRESOLVED && closed ? &out->open_closed : &out->open) += opens;
		}
		check_class(index, class_);
	}
}

static void check_count(size_t expected, const char *code, enum audit_severity severity)
{
	size_t found = count_code(code, severity);

	if (found != expected)
		fail_msg("%s: expected %zu, found %zu:%s", code, expected, found, all_findings());
}

static void check_history(void)
{
	struct expectation out = {0};

	for (size_t log = 0; log < LOGS; log++) {
		for (size_t i = 0; i < told_count[log]; i++)
			expect_entry(&out, log, i);
		expect_grants(&out, log);
	}
	expect_devices(&out);
	out.max_success = done_under(8) > max_success;
	check_count(out.mismatch, "mismatch", AUDIT_ERROR);
	check_count(out.duplicate, "duplicate", AUDIT_ERROR);
	check_count(out.max_success, "max-success", AUDIT_ERROR);
	check_count(out.refused, "begin-refused", AUDIT_ERROR);
	check_count(out.index, "entry-index", AUDIT_ERROR);
	check_count(out.without, "end-without-begin", AUDIT_ERROR);
	check_count(out.other, "end-other-device", AUDIT_ERROR);
	check_count(out.differs, "closeout-differs", AUDIT_ERROR);
	check_count(out.twice, "closeout-twice", AUDIT_ERROR);
	check_count(out.after, "after-closeout", AUDIT_ERROR);
	check_count(out.missing, "grant-missing", AUDIT_ERROR);
	check_count(out.station, "grant-other-station", AUDIT_ERROR);
	check_count(out.open, "unresolved", AUDIT_WARNING);
	check_count(out.open_closed, "unresolved", AUDIT_ERROR);
	assert_int_equal(audit_findings(audit), out.mismatch + out.duplicate + out.max_success + out.refused +
	    out.index + out.without + out.other + out.differs + out.twice + out.after + out.missing +
	    out.station + out.open + out.open_closed);
}

static uint64_t any_grant(void)
{
	return chance(12) == 0 ? STRANGE : PERMIT + chance(2);
}

/* Mostly the last begin of this index that is open, sometimes anything. */
static uint64_t any_begin(size_t log, uint64_t index, uint64_t n)
{
	for (size_t i = told_count[log]; i > 0 && chance(6) != 0; i--) {
		const struct entry *entry = &told[log][i - 1].entry;

		if (is_begin(entry) && entry->index == index && open_before(log, told_count[log],
		    entry->n) != NULL)
			return entry->n;
	}
	return chance(n);
}

static void tell_closeout(struct book *into, size_t log)
{
	struct entry entry = {.type = ENTRY_CLOSEOUT, .grant = PERMIT, .manifest.present = true};
	uint64_t first = chance(2) * 4, count = first == 0 ? 4 : 2, lists[4][4];
	size_t counts[4] = {0}, n = told_count[log];
	bool wrong = chance(4) == 0;

	for (uint64_t index = first; index < first + count; index++) {
		size_t list = void_before(log, n, index) ? 3 : done_before(log, n, index, true) ? 0 :
		    begun_before(log, n, index) ? 1 : 2;

		if (wrong && index == first)
			list = (list + 1 + chance(3)) % 4;
		lists[list][counts[list]++] = index;
	}
	memcpy(entry.manifest.hash, run.hash, HASH_SIZE);
	snprintf(entry.lot, sizeof entry.lot, "%s", lot_of(first));
	close_list(&entry.done, entry.done_sha256, lists[0], counts[0]);
	close_list(&entry.failed, entry.failed_sha256, lists[1], counts[1]);
	close_list(&entry.unused, entry.unused_sha256, lists[2], counts[2]);
	close_list(&entry.void_, entry.void_sha256, lists[3], counts[3]);
	tell(into, log, &entry, false, wrong);
}

static void tell_verdict(struct book *into, size_t log, uint64_t index, bool end)
{
	static const char *const results[] = {"done", "done", "failed", "unknown"};
	uint64_t grant = any_grant();
	struct entry entry;
	bool wrong;

	if (end)
		end_entry(&entry, &run, index, grant, any_begin(log, index, into->tree.size),
		    results[chance(4)]);
	else
		same_entry(&entry, &run, index, grant);
	wrong = entry.reason[0] == '\0' && index < DEVICES && chance(15) == 0;
	entry.state.hash[7] ^= wrong;
	tell(into, log, &entry, wrong, false);
}

static void tell_something(struct book *into, size_t log)
{
	uint64_t what = chance(40), index = chance(40) == 0 ? DEVICES : chance(DEVICES);
	struct entry entry;

	if (what == 0) {
		tell_closeout(into, log);
	} else if (what < 18) {
		device_entry(&entry, ENTRY_BEGIN, &run, index, any_grant());
		tell(into, log, &entry, false, false);
	} else if (what < 32) {
		tell_verdict(into, log, index, true);
	} else if (what < 34) {
		tell_verdict(into, log, index, false);
	} else {
		static const enum entry_type marks[] = {ENTRY_VOID, ENTRY_UNVOID, ENTRY_UNVOID,
		    ENTRY_RELEASE};

		entry = (struct entry){.type = marks[chance(4)], .index = index, .manifest.present = true};
		memcpy(entry.manifest.hash, run.hash, HASH_SIZE);
		tell(into, log, &entry, false, false);
	}
}

/* Gives the hash of grant 8, which the stations have yet to take in. */
static void make_world(uint8_t second[static HASH_SIZE])
{
	static const enum rework reworks[] = {REWORK_LOCAL, REWORK_NEVER, REWORK_PERMIT};
	struct grant_fields fields;

	put_plain_trust();
	run_begin(&run, "b1");
	run_lot(&run, "wo-1", 4);
	run_lot(&run, "wo-2", 2);
	run.fields.policy.rework = rework = reworks[chance(3)];
	run_put(&run);
	permit_begin(&fields, &run, PERMIT);
	permit_put(permit, &fields);
	permit_begin(&fields, &run, 8);
	fields.max_success = max_success = 1 + chance(DEVICES);
	for (uint64_t index = 0; index < DEVICES; index++) {
		again[index] = chance(2) == 0;
		if (again[index])
			*(uint64_t *)list_grow(&fields.again, sizeof index) = index;
	}
	permit_put(second, &fields);
}

static void test_histories(void **state)
{
	static const char *const names[] = {"line1", "line2", "line3"};
	static const uint8_t numbers[] = {1, 2, 5};

	for (uint64_t round = 0; round < ROUNDS; round++) {
		uint8_t second[HASH_SIZE];

		chance_state = round * 7919 + 17;
		make_world(second);
		for (size_t log = 0; log < LOGS; log++) {
			struct book into;
			char folder[16];

			told_count[log] = 0;
			book_begin(&into, names[log], numbers[log], &run, PERMIT, permit);
			book_ingest(&into, &run, 8, second, 1);
			for (size_t i = chance(ENTRIES); i > 0; i--)
				tell_something(&into, log);
			snprintf(folder, sizeof folder, "log-%zu", log);
			book_close(&into, folder);
		}
		judge_given();
		check_history();
		run_free(&run);
		audit_tear_down(state);
		audit_set_up(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AUDIT_TEST(test_histories),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
