/* SPDX-License-Identifier: ISC */
#include "gapseal.h"
#include "gapseal/medium.h"

struct pack_options {
	struct medium_request request;
	struct texts trusts, stations, batches, held, grants;
	bool json;
};

static int print_slip(const struct delivery *delivery, const struct pack_options *options)
{
	struct buffer out = BUFFER_EMPTY;
	int code;

	if (options->json)
		delivery_json(&out, delivery);
	else
		delivery_text(&out, delivery, options->request.out);
	code = command_print(&out);
	buffer_free(&out);
	return code;
}

static void say_doubts(const struct delivery *delivery)
{
	if (delivery->rehearsal)
		command_say("REHEARSAL: a batch on this medium never counts as production");
	if (delivery->other_names > 0)
		command_say("WARNING: %llu names of others at the top of the medium were left alone",
		    (unsigned long long)delivery->other_names);
}

static int do_pack(const struct pack_options *options)
{
	struct medium *medium = NULL;
	struct progress progress;
	struct fault fault;
	int code;
	enum err err = medium_open(&medium, &options->request, &fault);

	progress_begin(&progress, "bytes");
	command_catch(true);
	if (err == ERR_OK)
		err = medium_write(medium, progress_show, &progress, &fault);
	command_catch(false);
	if (err == ERR_OK) {
		say_doubts(medium_delivery(medium));
		code = print_slip(medium_delivery(medium), options);
	} else {
		code = command_fault(&fault, options->json);
	}
	medium_free(&medium);
	return code;
}

static void fill(struct pack_options *options)
{
	struct medium_request *request = &options->request;

	request->trusts = options->trusts.items;
	request->trust_count = options->trusts.count;
	request->stations = options->stations.items;
	request->station_count = options->stations.count;
	request->batches = options->batches.items;
	request->batch_count = options->batches.count;
	request->held = options->held.items;
	request->held_count = options->held.count;
	request->grants = options->grants.items;
	request->grant_count = options->grants.count;
	request->now = utc_now();
}

static int start(const struct command *command, struct pack_options *options)
{
	if (options->request.out == NULL || options->stations.count == 0)
		return command_missing(command, options->request.out == NULL ? "out" : "station");
	if (options->trusts.count == 0 && options->request.office == NULL)
		return command_missing(command, "trust");
	fill(options);
	return do_pack(options);
}

int pack(const struct command *command, int argc, char **argv)
{
	struct pack_options given = {0};
	struct medium_request *request = &given.request;
	const struct command_option options[] = {
		{"office", OPTION_TEXT, &request->office, "OFFICE",
		    "office folder, whose trust files all go along"},
		{"trust", OPTION_TEXTS, &given.trusts, "FILE", "version of trust to carry; repeat"},
		{"pin", OPTION_TEXT, &request->pin, "HEX", "fingerprint one of the trust files must have"},
		{"station", OPTION_TEXTS, &given.stations, "NAME", "station the medium is for; repeat"},
		{"batch", OPTION_TEXTS, &given.batches, "DIR", "batch or extract to carry; repeat"},
		{"held", OPTION_TEXTS, &given.held, "DIR",
		    "batch or extract whose records the stations hold already: not copied; repeat"},
		{"grant", OPTION_TEXTS, &given.grants, "GDIR",
		    "grant folder to carry; an extract brings its own; repeat"},
		{"out", OPTION_TEXT, &request->out, "MEDIUM", "folder of the medium, empty or not there"},
		{"force", OPTION_FLAG, &request->force, NULL,
		    "replace an earlier delivery; what others put at the top is left alone"},
		{"json", OPTION_FLAG, &given.json, NULL, "the delivery slip in JSON"},
	};
	const size_t count = sizeof options / sizeof options[0];
	struct operands operands;
	struct fault fault;
	int code;

	if (command_options(command, options, count, argc, argv, 0, 0, &operands, &code)) {
		if (request->office != NULL && command_defaults(options, count, &office_options,
		    request->office, OFFICE_CONF, &fault) != ERR_OK)
			code = command_fault(&fault, given.json);
		else
			code = start(command, &given);
	}
	texts_free(&given.trusts);
	texts_free(&given.stations);
	texts_free(&given.batches);
	texts_free(&given.held);
	texts_free(&given.grants);
	return code;
}
