/* SPDX-License-Identifier: ISC */
#include "gapseal/bench.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a path leads to now, or the path itself where it leads to nothing. */
static void resolve(char out[static PATH_MAX], const char *sysfs, const char *path)
{
	char device[USB_DEVICE_SIZE];

	if (usb_device_at(device, sysfs, path))
		path = device;
	if (realpath(path, out) == NULL)
		snprintf(out, PATH_MAX, "%s", path);
}

bool bench_holds(const struct bench *bench, const char *path)
{
	char asked[PATH_MAX], held[PATH_MAX];

	resolve(asked, bench->sysfs, path);
	for (unsigned i = 0; i < bench->count; i++) {
		resolve(held, bench->sysfs, bench->ports[i].path);
		if (strcmp(asked, held) == 0)
			return true;
	}
	return false;
}

static bool has_name(const struct bench *bench, const char *name)
{
	for (unsigned i = 0; i < bench->count; i++)
		if (strcmp(bench->ports[i].name, name) == 0)
			return true;
	return false;
}

/* A name given is of the form all names have; one taken from a path only has to fit into entries. */
static enum err take_name(struct bench_port *port, const char *name, const char *path, struct fault *fault)
{
	const char *slash = strrchr(path, '/');

	if (name != NULL && (!text_is_name(bytes_of(name)) || strlen(name) >= NAME_MAX_LENGTH))
		return fault_set(fault, ERR_CANNOT, "name-form", name,
		    "the name of a port is 1 to 39 of a-z 0-9 . -");
	if (name == NULL)
		name = slash != NULL ? slash + 1 : path;
	if (name[0] == '\0' || strlen(name) >= NAME_MAX_LENGTH || !text_is_printable(bytes_of(name)))
		return fault_set(fault, ERR_CANNOT, "name-form", path, "this port needs a name: NAME=PATH");
	snprintf(port->name, sizeof port->name, "%s", name);
	return ERR_OK;
}

enum err bench_add(struct bench *bench, const char *name, const char *path,
    const struct port_settings *settings, struct fault *fault)
{
	struct bench_port port = {.settings = *settings,
	    .provision = bench->provision != NULL ? *bench->provision : provision_defaults};
	enum err err = take_name(&port, name, path, fault);

	if (err != ERR_OK)
		return err;
	if (!text_copy(port.path, sizeof port.path, bytes_of(path)))
		return fault_set(fault, ERR_CANNOT, "name-form", port.name,
		    "the path of a port is at most %d characters", BENCH_PATH_SIZE - 1);
	err = port_check(path, settings, fault);
	if (err != ERR_OK)
		return err;
	if (has_name(bench, port.name))
		return fault_set(fault, ERR_CANNOT, "port-twice", port.name, "two ports have this name");
	if (bench_holds(bench, path))
		return fault_set(fault, ERR_CANNOT, "port-twice", port.name,
		    "another port is the same device");
	if (bench->count == BENCH_MAX)
		return fault_set(fault, ERR_CANNOT, "ports-many", port.name,
		    "one run serves at most %d ports", BENCH_MAX);
	bench->ports[bench->count++] = port;
	return ERR_OK;
}

enum err bench_give(struct bench *bench, const char *given, const struct port_settings *settings,
    struct fault *fault)
{
	const char *equals = strchr(given, '=');
	char *name;
	enum err err;

	if (equals == NULL)
		return bench_add(bench, NULL, given, settings, fault);
	name = strndup(given, (size_t)(equals - given));
	if (name == NULL)
		return fault_memory(fault);
	err = bench_add(bench, name, equals + 1, settings, fault);
	free(name);
	return err;
}
