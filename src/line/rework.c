/* SPDX-License-Identifier: ISC */
#include "rework_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vault_private.h"

/* Why a device is not decided about: refused, or in no need of it. */
struct objection {
	const char *code;
	const char *text;
	bool refuses;
};

void rework_free(struct rework_list *rework)
{
	free(rework->wishes);
	free(rework->devices);
	*rework = REWORK_EMPTY;
}

enum err rework_new_wish(struct rework_wish **out, struct rework_list *rework, struct fault *fault)
{
	struct rework_wish *wishes;

	if (rework->wish_count == REWORK_MAX)
		return fault_set(fault, ERR_CANNOT, "rework-many", NULL,
		    "at most %d devices can be decided about at once", REWORK_MAX);
	wishes = reallocarray(rework->wishes, rework->wish_count + 1, sizeof *wishes);
	if (wishes == NULL)
		return fault_memory(fault);
	rework->wishes = wishes;
	*out = &wishes[rework->wish_count++];
	**out = (struct rework_wish){.code = ""};
	return ERR_OK;
}

enum err rework_fill(struct rework_wish *wish, struct bytes imei, struct bytes unit, struct fault *fault)
{
	enum err err = ERR_OK;

	if (imei.size > 0)
		err = imei_parse(wish->imei, imei, NULL, fault);
	if (err != ERR_OK)
		return err;
	if ((imei.size == 0 && unit.size == 0) || !text_is_printable(unit) ||
	    !text_copy(wish->unit, sizeof wish->unit, unit))
		return fault_set(fault, ERR_NO, "unit-form", NULL, "a unit is 1 to %d printable characters",
		    UNIT_SIZE - 1);
	return ERR_OK;
}

void rework_blame(struct rework_wish *wish, const struct fault *fault)
{
	wish->code = fault->code;
	snprintf(wish->text, sizeof wish->text, "%s", fault->text);
}

enum err rework_add(struct rework_list *rework, const char *imei, const char *unit, struct fault *fault)
{
	struct rework_wish *wish;
	enum err err;

	err = rework_new_wish(&wish, rework, fault);
	return err == ERR_OK ? rework_fill(wish, bytes_of(imei), bytes_of(unit), fault) : err;
}

/* Attempts are a station's own affair, a second done is the batch's. */
static const struct objection *object_release(const struct manifest_policy *policy,
    const struct progress_device *device)
{
	static const struct objection is_void = {"void", "it is void; take that back first", true};
	static const struct objection is_open = {
		"device-open", "its last presentation has no end yet; present it again", true
	};
	static const struct objection forbidden = {
		"rework-policy", "it is done, and its batch lets no station release it", true
	};
	static const struct objection not_needed = {
		"not-needed", "it is not done and has attempts left, or was released already", false
	};
	bool done = (device->flags & PROGRESS_DONE) != 0;

	if ((device->flags & PROGRESS_VOID) != 0)
		return &is_void;
	if ((device->flags & PROGRESS_OPEN) != 0)
		return &is_open;
	if (done && policy->rework == REWORK_NEVER)
		return &forbidden;
	if (device->attempts >= policy->attempts)
		return NULL;
	if (done && policy->rework != REWORK_LOCAL)
		return &forbidden;
	return done && (device->flags & PROGRESS_RELEASED) == 0 ? NULL : &not_needed;
}

static const struct objection *object(const struct vault *vault, const struct rework_device *device,
    enum entry_type type)
{
	static const struct objection closed = {"lot-closed", "its lot is closed", true};
	static const struct objection already = {"already-void", "it is void already", false};
	static const struct objection never = {"not-void", "it is not void", false};
	const struct vault_batch *batch = &vault->batches[device->number];
	struct progress_device state;
	bool is_void;

	if (vault_closed(vault, device->number, device->lot_number))
		return &closed;
	progress_device(&state, vault->progress, manifest_hash(batch->manifest), device->index);
	is_void = (state.flags & PROGRESS_VOID) != 0;
	if (type == ENTRY_RELEASE)
		return object_release(&manifest_get(batch->manifest)->policy, &state);
	if (type == ENTRY_VOID)
		return is_void ? &already : NULL;
	return is_void ? NULL : &never;
}

static enum err enter(struct rework_device *device, const struct rework_list *rework, struct vault *vault,
    const struct rework_request *request, struct fault *fault)
{
	struct entry entry = {.type = request->type, .index = device->index, .manifest.present = true};
	enum err err;

	memcpy(entry.manifest.hash, manifest_hash(vault->batches[device->number].manifest), HASH_SIZE);
	snprintf(entry.operator_, sizeof entry.operator_, "%s", request->operator_);
	snprintf(entry.text, sizeof entry.text, "%s", request->text);
	memcpy(entry.unit, rework->wishes[device->wish].unit, sizeof entry.unit);
	err = logbook_append(vault->logbook, &entry, fault);
	device->entry = entry.n;
	return err;
}

/* Under the lock: what others entered since is known. */
static enum err enter_all(size_t *refused, struct rework_list *rework, struct vault *vault,
    const struct rework_request *request, struct fault *fault)
{
	for (size_t i = 0; i < rework->device_count; i++) {
		struct rework_device *device = &rework->devices[i];
		const struct objection *objection = object(vault, device, request->type);
		enum err err = ERR_OK;

		device->code = objection != NULL ? objection->code : "";
		device->text = objection != NULL ? objection->text : "";
		if (objection == NULL)
			err = enter(device, rework, vault, request, fault);
		else
			*refused += objection->refuses;
		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

enum err rework_decide(struct rework_list *rework, struct vault *vault, const struct rework_request *request,
    struct fault *fault)
{
	size_t refused = 0;
	enum err err;

	for (size_t i = 0; i < rework->wish_count; i++)
		refused += rework->wishes[i].code[0] != '\0';
	err = logbook_lock(vault->logbook, fault);
	if (err != ERR_OK)
		return err;
	err = enter_all(&refused, rework, vault, request, fault);
	if (err == ERR_OK && refused > 0)
		err = fault_set(fault, ERR_NO, "nothing-changed", NULL, "%zu refused, so nothing was changed",
		    refused);
	if (err == ERR_OK)
		return logbook_commit(vault->logbook, fault);
	logbook_unlock(vault->logbook);
	return err;
}
