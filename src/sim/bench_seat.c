/* SPDX-License-Identifier: ISC */
#include "bench.h"

#include <stdio.h>
#include <limits.h>
#include <string.h>

#define MICROSECONDS 1000u /* in a millisecond */

static bool is_there(const struct bench_seat *seat)
{
	return seat->runner.modem != NULL;
}

enum err bench_seat_open(struct bench_seat *seat, const struct sim_bench *bench, unsigned number,
    struct fault *fault)
{
	char link[PATH_MAX];
	int size = snprintf(link, sizeof link, "%s/m%02u", bench->settings.links, number + 1);

	if (size < 0 || (size_t)size >= sizeof link)
		return fault_set(fault, ERR_CANNOT, "sim-link", bench->settings.links,
		    "the path is too long");
	return sim_pty_open(&seat->pty, link, fault);
}

static void dismiss(struct bench_seat *seat)
{
	sim_host_free(&seat->runner.host);
	sim_modem_free(&seat->runner.modem);
	sim_script_free(&seat->script);
	pty_runner_free(&seat->runner);
}

void bench_seat_close(struct bench_seat *seat)
{
	dismiss(seat);
	buffer_free(&seat->kept);
	sim_pty_close(&seat->pty);
}

/* The one that comes back, without its fault, or the next of the list; *found: there is one. */
static enum err choose(struct bench_seat *seat, struct sim_bench *bench, bool *found, struct fault *fault)
{
	uint64_t place = 0;

	seat->faulty = false;
	*found = true;
	if (seat->kept.size > 0)
		return sim_script_parse(&seat->script, (struct bytes){0}, "", ".", fault);
	*found = bench_next_imei(bench, seat->imei, &place);
	if (!*found)
		return ERR_OK;
	seat->count.devices++;
	return bench_faults_choose(&seat->script, &seat->faulty, &bench->faults, &bench->settings, place,
	    fault);
}

static enum err furnish(struct bench_seat *seat, struct fault *fault)
{
	bool known;
	enum err err;

	if (seat->kept.size == 0)
		return sim_script_stock(seat->script, seat->runner.modem, fault);
	err = sim_modem_load(seat->runner.modem, buffer_bytes(&seat->kept), &known, seat->imei, fault);
	buffer_free(&seat->kept);
	return err;
}

/* Powers a modem up on the line, which may have stayed up all the time: then it is deaf for the gap. */
static enum err power_up(struct bench_seat *seat, const struct sim_bench *bench, struct fault *fault)
{
	const struct sim_setup *setup = sim_script_setup(seat->script);
	struct sim_modem_settings modem = bench->settings.modem;
	struct sim_host_settings host = bench->settings.host;
	uint64_t now = sim_pty_now();
	enum err err;

	modem.imei = seat->imei;
	sim_modem_setup(&modem, setup);
	sim_host_setup(&host, setup);
	if (bench->settings.adapter)
		host.boot_ms += bench->settings.gap_ms;
	seat->runner = (struct pty_runner){.pty = seat->pty, .settings = &bench->pty_settings,
	    .fault = fault};
	pty_runner_start(&seat->runner);
	err = sim_modem_new(&seat->runner.modem, &modem, fault);
	if (err == ERR_OK)
		err = furnish(seat, fault);
	if (err == ERR_OK && seat->pty->master < 0)
		err = pty_up(seat->pty, fault);
	if (err == ERR_OK)
		err = sim_host_new(&seat->runner.host, &host, seat->runner.modem, seat->script, now, fault);
	seat->closed = seat->pty->closed;
	seat->judged = false;
	seat->begun = 0;
	seat->change = now + (uint64_t)bench->settings.patience_ms * MICROSECONDS;
	return err;
}

static enum err appear(struct bench_seat *seat, struct sim_bench *bench, struct fault *fault)
{
	bool found;
	enum err err = choose(seat, bench, &found, fault);

	if (err != ERR_OK)
		return err;
	if (!found) {
		seat->over = true;
		seat->change = UINT64_MAX;
		return ERR_OK;
	}
	seat->count.presentations++;
	seat->count.faults += seat->faulty;
	return power_up(seat, bench, fault);
}

/* Its stores go to the file, or are kept if it comes back. */
static enum err take_stores(struct bench_seat *seat, struct sim_bench *bench, struct fault *fault)
{
	enum err err;

	sim_modem_save(seat->runner.modem, &seat->kept);
	err = buffer_check(&seat->kept, fault);
	if (err != ERR_OK || seat->faulty)
		return err;
	err = bench_store(bench, buffer_bytes(&seat->kept), fault);
	buffer_free(&seat->kept);
	return err;
}

static enum err leave(struct bench_seat *seat, struct sim_bench *bench, struct fault *fault)
{
	enum err err = take_stores(seat, bench, fault);

	seat->count.commands += sim_script_commands(seat->script);
	dismiss(seat);
	seat->change = sim_pty_now();
	if (!bench->settings.adapter || seat->pty->master < 0) {
		if (seat->pty->master >= 0)
			pty_down(seat->pty);
		seat->change += (uint64_t)bench->settings.gap_ms * MICROSECONDS;
	}
	return err;
}

/* The station closes the line when it has a verdict; opening and closing without a word is no verdict. */
static void watch(struct bench_seat *seat, const struct sim_bench *bench)
{
	uint64_t now = sim_pty_now();

	if (seat->begun == 0 && sim_script_commands(seat->script) > 0)
		seat->begun = now;
	if (seat->pty->master < 0) {
		seat->change = now;
	} else if (!seat->judged && seat->pty->closed != seat->closed && seat->begun > 0) {
		seat->judged = true;
		seat->change = now + (uint64_t)bench->settings.leave_ms * MICROSECONDS;
		seat->count.served++;
		seat->count.served_us += now - seat->begun;
		seat->count.bytes += seat->runner.carried;
	}
}

enum err bench_seat_turn(struct bench_seat *seat, struct sim_bench *bench, struct fault *fault)
{
	enum err err = ERR_OK;

	if (is_there(seat)) {
		seat->runner.fault = fault;
		err = pty_runner_turn(&seat->runner);
		watch(seat, bench);
	}
	if (err != ERR_OK || sim_pty_now() < seat->change)
		return err;
	if (is_there(seat))
		err = leave(seat, bench, fault);
	if (err == ERR_OK && sim_pty_now() >= seat->change)
		err = appear(seat, bench, fault);
	return err;
}

uint64_t bench_seat_wait(const struct bench_seat *seat, struct pollfd files[static PTY_FILES])
{
	uint64_t until;

	if (is_there(seat)) {
		until = pty_runner_wait(&seat->runner, files);
		return until < seat->change ? until : seat->change;
	}
	for (int i = 0; i < PTY_FILES; i++)
		files[i] = (struct pollfd){.fd = -1};
	return seat->change;
}

enum err bench_seat_end(struct bench_seat *seat, struct sim_bench *bench, struct fault *fault)
{
	enum err err = ERR_OK;

	seat->faulty = false;
	if (is_there(seat))
		err = leave(seat, bench, fault);
	if (err == ERR_OK && seat->kept.size > 0)
		err = bench_store(bench, buffer_bytes(&seat->kept), fault);
	buffer_free(&seat->kept);
	return err;
}
