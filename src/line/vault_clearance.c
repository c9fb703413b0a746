/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <string.h>

/* One label read for two boards that are in hand at once: at least one of them bears another. */
static bool unit_at_other_port(const struct vault *vault, const struct vault_port *port)
{
	for (unsigned i = 0; i < vault->settings.ports; i++) {
		const struct vault_port *other = &vault->ports[i];

		if (other != port && other->stage != STAGE_IDLE && strcmp(other->unit, port->unit) == 0)
			return true;
	}
	return false;
}

static const char *imei_label_reason(const struct vault_port *port, const char *label)
{
	if (label[0] == '\0')
		return "label-missing";
	return strcmp(label, port->imei) == 0 ? NULL : "label-differs";
}

/* The unit may have been given with the port already; a scan must then say the same. */
static const char *unit_label_reason(const struct vault *vault, struct vault_port *port, const char *label)
{
	if (port->unit[0] == '\0')
		memcpy(port->unit, label, sizeof port->unit);
	else if (label[0] != '\0' && strcmp(label, port->unit) != 0)
		return "unit-differs";
	if (port->unit[0] == '\0')
		return "unit-missing";
	return unit_at_other_port(vault, port) ? "unit-differs" : NULL;
}

static const char *label_reason(const struct vault *vault, struct vault_port *port, const char *label)
{
	switch ((enum label)vault_manifest(vault, port->batch)->policy.label) {
	case LABEL_IMEI:
		return imei_label_reason(port, label);
	case LABEL_UNIT:
		return unit_label_reason(vault, port, label);
	case LABEL_OFF:
		break;
	}
	return NULL;
}

/* Label and modem are held against each other before the modem is even listed: nothing was opened yet. */
enum err vault_decide_clearance(struct vault *vault, unsigned number, const struct message *message,
    struct fault *fault)
{
	struct vault_port *port = &vault->ports[number];
	const char *reason = label_reason(vault, port, message->label);

	if (message->reason[0] != '\0')
		reason = message->reason;
	if (reason != NULL)
		return vault_refuse(vault, number, RESULT_REFUSED, reason, fault);
	port->stage = STAGE_LISTING;
	port->answer = ANSWER_LIST;
	return ERR_OK;
}
