/* SPDX-License-Identifier: ISC */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

/* What goes wrong on a real bench: bytes lost, modems that are silent, restart or are pulled, noise, and
 * answers that say no. */
static const char usual[] =
    "lose 30 on 1 write\n"
    "lose 12 on 2 write\n"
    "lose 4 on 1 list\n"
    "lose-quote 1 on 1 write\n"
    "lose-quote 2 on 2 write\n"
    "ignore on 1 write\n"
    "swallow on 2 write\n"
    "ignore on 2 list\n"
    "ignore on 1 cfun 0\n"
    "ignore on 10+ any\n"
    "garbage 40 on 1 write\n"
    "garbage 40 on 2 list\n"
    "garbage 9 on 1 cgsn 1\n"
    "reset on 1 write\n"
    "reset after on 2 write\n"
    "reset at input 150\n"
    "hangup on 1 write\n"
    "hangup after on 2 write\n"
    "hangup at input 60\n"
    "hangup at input 200\n"
    "swap 490154203237518 on 1 write\n"
    "swap 490154203237518 on 1 list\n"
    "fail 513 on 1 write\n"
    "fail 514 on 1 write\n"
    "fail 515 on 1 write\n"
    "fail 518 on 1 write\n"
    "fail 519 on 1 write\n"
    "fail 527 on 2 write\n"
    "fail 528 on 1 write\n"
    "fail error on 1 write\n"
    "fail error on 1 cfun 0\n"
    "corrupt on 1 write\n"
    "hijack on 1 write\n"
    "hijack on 2 write\n"
    "placeholder\n"
    "imei error\n"
    "imei zeros\n"
    "power-warning\n"
    "room 1\n"
    "boot 400\n"
    "cfun 1\n"
    "urc \"+CEREG: 2\" 1 on 2 list\n";

static enum err parse(struct sim_script **out, struct bytes line, const struct sim_bench_settings *settings,
    size_t number, struct fault *fault)
{
	char where[FAULT_WHERE_MAX];

	snprintf(where, sizeof where, "%.128s:%zu", settings->script_name, number);
	return sim_script_parse(out, line, where, settings->script_folder, fault);
}

enum err bench_faults_read(struct bench_faults *faults, const struct sim_bench_settings *settings,
    struct fault *fault)
{
	struct bytes text = settings->script.size > 0 ? settings->script : bytes_of(usual);
	struct cursor cursor = cursor_of(text);
	struct sim_script *script;
	struct bytes line;
	size_t room = 1;
	enum err err = ERR_OK;

	for (size_t i = 0; i < text.size; i++)
		room += text.data[i] == '\n';
	faults->lines = calloc(room, sizeof *faults->lines);
	if (faults->lines == NULL)
		return fault_memory(fault);
	for (size_t number = 1; err == ERR_OK && take_field(&cursor, '\n', &line); number++) {
		err = parse(&script, line, settings, number, fault);
		sim_script_free(&script);
		if (line.size > 0 && line.data[0] != '#')
			faults->lines[faults->count++] = line;
	}
	return err;
}

void bench_faults_free(struct bench_faults *faults)
{
	free(faults->lines);
	*faults = (struct bench_faults){0};
}

/* SplitMix64 of the three. */
uint64_t bench_draw(uint64_t seed, uint64_t place, uint64_t what)
{
	uint64_t word =
	    (seed * 3 + what) * UINT64_C(0x9e3779b97f4a7c15) + place * UINT64_C(0xd1342543de82ef95);

	word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
	return word ^ (word >> 31);
}

enum err bench_faults_choose(struct sim_script **out, bool *faulty, const struct bench_faults *faults,
    const struct sim_bench_settings *settings, uint64_t place, struct fault *fault)
{
	size_t chosen;

	*faulty = faults->count > 0 && bench_draw(settings->seed, place, 0) % 1000 < settings->fault_rate;
	if (!*faulty)
		return parse(out, (struct bytes){0}, settings, 0, fault);
	chosen = bench_draw(settings->seed, place, 1) % faults->count;
	return parse(out, faults->lines[chosen], settings, chosen + 1, fault);
}
