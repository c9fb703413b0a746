/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PLAN_BENCH_H
#define GAPSEAL_PLAN_BENCH_H

/* A plan made of texts: what the tests of plan and of its hash share. */
#include "testing.h"

#include "specimen.h"

#include "gapseal/plan.h"
#include "scratch.h"

#define A "001014000000083"
#define B "001014000000158"
#define C "001014000000224"
#define PAIR "credential p { tag = 41 type = psk }\n" \
	"credential i { tag = 41 type = identity template = \"{imei}\" }\n"
#define COLUMNS "credential p { tag = 41 type = psk from = column }\n" \
	"credential i { tag = 41 type = identity }\n"
#define KEY_1 "00112233445566778899aabbccddeeff"
#define KEY_2 "00112233445566778899aabbccddeef0"

static struct profile profile;
static struct roster *roster;
static struct plan *plan;
static struct findings findings;

static inline void forget(void)
{
	plan_free(&plan);
	roster_free(&roster);
	profile_free(&profile);
	findings_free(&findings);
}

static inline enum err make(const char *conf, const char *csv, const struct plan_request *request)
{
	forget();
	put("a.conf", conf);
	put("a.csv", csv);
	assert_int_equal(profile_read(&profile, in_home("a.conf"), &findings, &fault), ERR_OK);
	assert_int_equal(roster_read(&roster, in_home("a.csv"), &findings, &fault), ERR_OK);
	return plan_make(&plan, &profile, roster, request, &findings, &fault);
}

static inline void good(const char *conf, const char *csv, size_t lot_size)
{
	const struct plan_request request = {.org = "acme", .batch = "b1", .lot_size = lot_size};

	assert_int_equal(make(conf, csv, &request), ERR_OK);
	if (plan == NULL)
		fail_msg("%s: %s", findings.items[0].where, findings.items[0].text);
}

/* The plan is refused, and this is among the reasons. */
static inline void refused(const char *code)
{
	assert_null(plan);
	for (size_t i = 0; i < findings.count; i++)
		if (strcmp(findings.items[i].code, code) == 0)
			return;
	fail_msg("%s was not found", code);
}

static inline void put_specimen(const char *name, const char *from)
{
	char *text = specimen(from);

	put(name, text);
	free(text);
}

static inline int plan_tear_down(void **state)
{
	forget();
	return tear_down(state);
}

#define PLAN_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, plan_tear_down)

#endif
