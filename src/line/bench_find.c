/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/bench.h"

#define FTDI 0x0403
#define PROLIFIC 0x067b
#define SILICON_LABS 0x10c4
#define SEGGER 0x1366
#define NORDIC 0x1915
#define WCH 0x1a86

#define ANY_PRODUCT 0
#define NO_NRF91 "a kit without an nRF91"

/* What a device is by vendor, product and the start of its serial number; the first row that fits holds. The
 * product of a debug probe goes by its firmware and says nothing. */
static const struct rule {
	unsigned vendor, product;
	const char *serial;
	const char *left_out; /* why; NULL: it is taken */
	/* each interface is a port; otherwise the first is the AT port, the rest logs */
	bool every;
} rules[] = {
	{FTDI, ANY_PRODUCT, "", NULL, true},
	{PROLIFIC, ANY_PRODUCT, "", NULL, true},
	{SILICON_LABS, ANY_PRODUCT, "", NULL, true},
	{WCH, ANY_PRODUCT, "", NULL, true},
	{SEGGER, ANY_PRODUCT, "0009601", NO_NRF91, false}, /* nRF5340 DK */
	{SEGGER, ANY_PRODUCT, "0010500", NO_NRF91, false}, /* nRF5340 DK */
	{SEGGER, ANY_PRODUCT, "0010507", NO_NRF91, false}, /* nRF7002 DK */
	{SEGGER, ANY_PRODUCT, "0010577", NO_NRF91, false}, /* nRF54L15 DK */
	{SEGGER, ANY_PRODUCT, "0009600", NULL, false},     /* nRF9160 DK */
	{SEGGER, ANY_PRODUCT, "00105", NULL, false},       /* nRF9131 EK, 9151 DK, 9161 DK, Thingy:91 X */
	{SEGGER, ANY_PRODUCT, "", "a debug probe of no known kit", false},
	{NORDIC, 0x520f, "", "in its bootloader", false},
	{NORDIC, ANY_PRODUCT, "THINGY91", NULL, false},    /* Thingy:91 and :91 X */
	{NORDIC, ANY_PRODUCT, "PCA20035", NULL, false},    /* Thingy:91 */
	{NORDIC, ANY_PRODUCT, "00105", NULL, false},       /* Thingy:91 X */
	{NORDIC, ANY_PRODUCT, "", NO_NRF91, false},
};
static const struct rule foreign = {.left_out = "neither an nRF91 kit nor a known serial adapter"};

/* A run of the search. */
struct search {
	struct bench *bench;
	const struct port_settings *settings;
	void (*say)(void *context, const char *line);
	void *context;
};

static const struct rule *rule_for(const struct port_device *device)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (rules[i].vendor == device->vendor &&
		    (rules[i].product == ANY_PRODUCT || rules[i].product == device->product) &&
		    strncmp(device->serial, rules[i].serial, strlen(rules[i].serial)) == 0)
			return &rules[i];
	return &foreign;
}

static void leave_out(const struct search *search, const struct port_device *device, const char *name,
    const char *why)
{
	char line[FAULT_TEXT_MAX];

	if (search->say == NULL)
		return;
	snprintf(line, sizeof line, "%s: %s, left out: %s", name, device->path, why);
	search->say(search->context, line);
}

static void name_place(char name[static NAME_SIZE], char path[static BENCH_PATH_SIZE],
    const struct usb_place *place, bool every)
{
	snprintf(name, NAME_SIZE, "usb-%s", place->chain);
	snprintf(path, BENCH_PATH_SIZE, "usb:%s", place->chain);
	if (!every)
		return;
	if (place->interface > 0)
		snprintf(name, NAME_SIZE, "usb-%s-if%u", place->chain, place->interface);
	snprintf(path, BENCH_PATH_SIZE, "usb:%s:%u.%u", place->chain, place->configuration, place->interface);
}

static enum err consider(const struct search *search, const struct port_device *device, struct fault *fault)
{
	const struct rule *rule = rule_for(device);
	char name[NAME_SIZE], path[BENCH_PATH_SIZE], first[USB_DEVICE_SIZE];
	struct usb_place place;

	if (!usb_place_of(&place, search->bench->sysfs, device->path) ||
	    bench_holds(search->bench, device->path))
		return ERR_OK;
	name_place(name, path, &place, rule->every);
	if (rule->left_out != NULL) {
		leave_out(search, device, name, rule->left_out);
		return ERR_OK;
	}
	if (!usb_device_at(first, search->bench->sysfs, path) || strcmp(first, device->path) != 0) {
		if (rule->every)
			leave_out(search, device, name, "another line of the same interface comes first");
		return ERR_OK;
	}
	return bench_add(search->bench, name, path, search->settings, fault);
}

static int by_name(const void *a, const void *b)
{
	const struct bench_port *left = a, *right = b;

	return strverscmp(left->name, right->name);
}

enum err bench_find(struct bench *bench, const struct port_settings *settings,
    void (*say)(void *context, const char *line), void *context, struct fault *fault)
{
	const struct search search = {bench, settings, say, context};
	const unsigned before = bench->count;
	struct port_device *devices;
	size_t count;
	enum err err = port_devices(&devices, &count, fault);

	for (size_t i = 0; err == ERR_OK && i < count; i++)
		err = consider(&search, &devices[i], fault);
	free(devices);
	qsort(bench->ports + before, bench->count - before, sizeof *bench->ports, by_name);
	if (err == ERR_OK && bench->count == 0)
		return fault_set(fault, ERR_CANNOT, "ports-none", "",
		    "no nRF91 kit and no known serial adapter is plugged in");
	return err;
}
