/* SPDX-License-Identifier: ISC */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gapseal/file.h"

#define STATE_HEAD "gapseal-sim/state/v1\n"

const struct sim_bench_settings sim_bench_defaults = {
	.script_name = "",
	.script_folder = ".",
	.leave_ms = 20,
	.gap_ms = 50,
	.patience_ms = 120000,
	.seed = 1,
};

bool bench_next_imei(struct sim_bench *bench, char out[static SIM_IMEI_SIZE], uint64_t *place)
{
	struct bytes line;

	if (bench->settings.devices > 0 && bench->next == bench->settings.devices)
		return false;
	if (!take_field(&bench->imeis, '\n', &line) || !text_copy(out, SIM_IMEI_SIZE, line))
		return false;
	*place = bench->next++;
	return true;
}

enum err bench_store(struct sim_bench *bench, struct bytes text, struct fault *fault)
{
	const size_t head = strlen(STATE_HEAD);

	if (bench->state < 0)
		return ERR_OK;
	return file_append(bench->state, bytes_from(text.data + head, text.size - head),
	    bench->settings.state, fault);
}

static enum err check_imeis(const struct sim_bench_settings *settings, struct fault *fault)
{
	struct cursor cursor = cursor_of(settings->imeis);
	char where[FAULT_WHERE_MAX], imei[SIM_IMEI_SIZE];
	struct bytes line;
	uint64_t number = 0;

	while (take_field(&cursor, '\n', &line)) {
		number++;
		if (line.size == SIM_IMEI_SIZE - 1 && text_copy(imei, sizeof imei, line) &&
		    strspn(imei, "0123456789") == line.size)
			continue;
		snprintf(where, sizeof where, "%" PRIu64, number);
		return fault_set(fault, ERR_CANNOT, "sim-imei", where,
		    "an IMEI has 15 digits, on a line of its own");
	}
	return ERR_OK;
}

static enum err open_state(struct sim_bench *bench, struct fault *fault)
{
	if (bench->settings.state == NULL)
		return ERR_OK;
	bench->state = open(bench->settings.state, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (bench->state < 0)
		return fault_system(fault, bench->settings.state, "open");
	return file_append(bench->state, bytes_of(STATE_HEAD), bench->settings.state, fault);
}

static enum err open_seats(struct sim_bench *bench, struct fault *fault)
{
	const unsigned count = bench->settings.modems;
	enum err err = ERR_OK;

	if (count == 0 || count > SIM_BENCH_MODEMS)
		return fault_set(fault, ERR_CANNOT, "sim-modems", NULL, "1 to %d modems", SIM_BENCH_MODEMS);
	if (mkdir(bench->settings.links, 0777) != 0 && errno != EEXIST)
		return fault_system(fault, bench->settings.links, "make the folder");
	bench->seats = calloc(count, sizeof *bench->seats);
	bench->files = calloc(1 + (size_t)count * PTY_FILES, sizeof *bench->files);
	if (bench->seats == NULL || bench->files == NULL)
		return fault_memory(fault);
	for (unsigned i = 0; i < count && err == ERR_OK; i++)
		err = bench_seat_open(&bench->seats[i], bench, i, fault);
	return err;
}

enum err sim_bench_new(struct sim_bench **out, const struct sim_bench_settings *settings, struct fault *fault)
{
	struct sim_bench *bench;
	enum err err;

	*out = NULL;
	bench = calloc(1, sizeof *bench);
	if (bench == NULL)
		return fault_memory(fault);
	bench->settings = *settings;
	bench->pty_settings = (struct sim_pty_settings){.baud = settings->baud, .stop = -1};
	bench->imeis = cursor_of(settings->imeis);
	bench->state = -1;
	err = check_imeis(settings, fault);
	if (err == ERR_OK)
		err = bench_faults_read(&bench->faults, settings, fault);
	if (err == ERR_OK)
		err = open_state(bench, fault);
	if (err == ERR_OK)
		err = open_seats(bench, fault);
	if (err != ERR_OK)
		sim_bench_free(&bench);
	*out = bench;
	return err;
}

void sim_bench_free(struct sim_bench **bench)
{
	if (*bench == NULL)
		return;
	for (unsigned i = 0; (*bench)->seats != NULL && i < (*bench)->settings.modems; i++)
		bench_seat_close(&(*bench)->seats[i]);
	if ((*bench)->state >= 0)
		close((*bench)->state); /* what file_append wrote is written */
	bench_faults_free(&(*bench)->faults);
	free((*bench)->seats);
	free((*bench)->files);
	free(*bench);
	*bench = NULL;
}

static enum err turn(struct sim_bench *bench, bool *over, struct fault *fault)
{
	enum err err = ERR_OK;

	*over = true;
	for (unsigned i = 0; i < bench->settings.modems && err == ERR_OK; i++) {
		err = bench_seat_turn(&bench->seats[i], bench, fault);
		*over = *over && bench->seats[i].over;
	}
	return err;
}

static enum err wait_turn(struct sim_bench *bench, int stop, struct fault *fault)
{
	const unsigned count = bench->settings.modems;
	uint64_t until = UINT64_MAX;

	bench->files[0] = (struct pollfd){.fd = stop, .events = POLLIN};
	for (unsigned i = 0; i < count; i++) {
		uint64_t at = bench_seat_wait(&bench->seats[i], bench->files + 1 + (size_t)i * PTY_FILES);

		if (at < until)
			until = at;
	}
	return pty_wait(bench->files, 1 + (size_t)count * PTY_FILES, until, fault);
}

enum err sim_bench_run(struct sim_bench *bench, int stop, struct fault *fault)
{
	bool over = false;
	enum err err;

	bench->started = sim_pty_now();
	do
		err = turn(bench, &over, fault);
	while (err == ERR_OK && !over && (err = wait_turn(bench, stop, fault)) == ERR_OK &&
	    bench->files[0].revents == 0);
	for (unsigned i = 0; i < bench->settings.modems && err == ERR_OK; i++)
		err = bench_seat_end(&bench->seats[i], bench, fault);
	bench->ended = sim_pty_now();
	return err;
}

static void report_count(struct buffer *out, const struct bench_count *count)
{
	buffer_format(out, "\"devices\":%" PRIu64 ",\"presentations\":%" PRIu64 ",\"commands\":%" PRIu64
	    ",\"faults\":%" PRIu64 ",\"served\":%" PRIu64 ",\"served_us\":%" PRIu64 ",\"bytes\":%" PRIu64,
	    count->devices, count->presentations, count->commands, count->faults, count->served,
	    count->served_us, count->bytes);
}

void sim_bench_report(const struct sim_bench *bench, struct buffer *out)
{
	struct bench_count sum = {0};

	for (unsigned i = 0; i < bench->settings.modems; i++) {
		const struct bench_count *count = &bench->seats[i].count;

		sum.devices += count->devices;
		sum.presentations += count->presentations;
		sum.commands += count->commands;
		sum.faults += count->faults;
		sum.served += count->served;
		sum.served_us += count->served_us;
		sum.bytes += count->bytes;
	}
	buffer_format(out, "{\"schema\":\"gapseal-sim/bench/v1\",\"milliseconds\":%" PRIu64 ",",
	    (bench->ended - bench->started) / 1000);
	report_count(out, &sum);
	buffer_text(out, ",\"modems\":[");
	for (unsigned i = 0; i < bench->settings.modems; i++) {
		buffer_format(out, "%s{\"link\":\"m%02u\",", i > 0 ? "," : "", i + 1);
		report_count(out, &bench->seats[i].count);
		buffer_text(out, "}");
	}
	buffer_text(out, "]}\n");
}
