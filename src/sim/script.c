/* SPDX-License-Identifier: ISC */
#include "script.h"

#include <stdlib.h>

void sim_script_free(struct sim_script **script)
{
	if (*script == NULL)
		return;
	sim_store_free(&(*script)->stock);
	free(*script);
	*script = NULL;
}

const struct sim_setup *sim_script_setup(const struct sim_script *script)
{
	return &script->setup;
}

void sim_modem_setup(struct sim_modem_settings *settings, const struct sim_setup *setup)
{
	if (setup->has_cfun)
		settings->cfun = setup->cfun;
	if (setup->has_room)
		settings->room = setup->room;
	if (setup->imei_answer != SIM_IMEI_TOLD)
		settings->imei_answer = setup->imei_answer;
	settings->placeholder = settings->placeholder || setup->placeholder;
	settings->power_warning = settings->power_warning || setup->power_warning;
}

enum err sim_script_stock(const struct sim_script *script, struct sim_modem *modem, struct fault *fault)
{
	struct sim_store *store = sim_modem_store(modem);
	enum err err = ERR_OK;

	for (size_t i = 0; i < script->stock.count && err == ERR_OK; i++) {
		const struct sim_item *item = &script->stock.items[i];

		if (item->has_content)
			err = sim_store_put(store, item->tag, item->type, buffer_bytes(&item->content),
			    fault);
		else
			err = sim_store_mark(store, item->tag, item->type, item->digest, fault);
	}
	return err;
}

const struct sim_fault *sim_hits_find(const struct sim_hits *hits, enum sim_action action)
{
	for (size_t i = 0; i < hits->count; i++)
		if (hits->faults[i]->action == action)
			return hits->faults[i];
	return NULL;
}

static bool strikes(const struct sim_fault *fault, uint64_t count)
{
	return count == fault->nth || (fault->onwards && count > fault->nth);
}

void sim_script_command(struct sim_script *script, const char *words, struct sim_hits *out)
{
	out->count = 0;
	script->commands++;
	for (size_t i = 0; i < script->count; i++) {
		struct sim_fault *fault = &script->faults[i];

		if (fault->when == SIM_ON_COMMAND && sim_words_match(words, fault->match) &&
		    strikes(fault, ++fault->seen))
			out->faults[out->count++] = fault;
	}
}

uint64_t sim_script_commands(const struct sim_script *script)
{
	return script->commands;
}

static bool is_begun(const struct sim_fault *fault, struct bytes begun)
{
	char words[SIM_WORDS_SIZE];
	struct sim_command command;

	sim_command_parse(&command, begun);
	sim_command_words(words, &command);
	return sim_words_match(words, fault->match);
}

bool sim_script_loses(const struct sim_script *script, struct bytes begun, uint64_t offset, uint64_t quote)
{
	for (size_t i = 0; i < script->count; i++) {
		const struct sim_fault *fault = &script->faults[i];

		if (((fault->action == SIM_LOSE && fault->number == offset) ||
		    (fault->action == SIM_LOSE_QUOTE && fault->number == quote)) &&
		    strikes(fault, fault->seen + 1) && is_begun(fault, begun))
			return true;
	}
	return false;
}

void sim_script_bytes(const struct sim_script *script, enum sim_when when, uint64_t count,
    struct sim_hits *out)
{
	out->count = 0;
	for (size_t i = 0; i < script->count; i++)
		if (script->faults[i].when == when && script->faults[i].nth == count)
			out->faults[out->count++] = &script->faults[i];
}

uint64_t sim_script_next(const struct sim_script *script, enum sim_when when, uint64_t from)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < script->count; i++)
		if (script->faults[i].when == when && script->faults[i].nth >= from &&
		    script->faults[i].nth < next)
			next = script->faults[i].nth;
	return next;
}
