/* SPDX-License-Identifier: ISC */
#include "modem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const struct sim_modem_settings sim_modem_defaults = {
	.firmware = "mfw_nrf91x1_2.0.2",
	.room = SIM_ROOM,
};

bool sim_is_imei(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		if (!isdigit(text.data[i]))
			return false;
	return text.size == SIM_IMEI_SIZE - 1;
}

struct sim_device *sim_present(const struct sim_modem *modem)
{
	return &modem->devices[modem->present];
}

struct sim_store *sim_modem_store(struct sim_modem *modem)
{
	return &sim_present(modem)->store;
}

uint64_t sim_modem_changes(const struct sim_modem *modem)
{
	return modem->changes;
}

/* The three entries every modem leaves the factory with. Root CA and base key are the same in all of
 * them, these are their published digests; the identity key is the device's own. */
static bool add_factory(struct sim_device *device)
{
	static const char root[] = "2c43952ee9e000ff2acc4e2ed0897c0a72ad5fa72c3d934e81741cbd54f05bd1";
	static const char base[] = "b2c46c2ae7c81943a8bd6dd4ed2a50b659a225a098a177bacb575459cd57caef";
	uint8_t digest[HASH_SIZE];
	struct fault fault;

	if (!hex_decode(digest, sizeof digest, bytes_of(root)) ||
	    sim_store_mark(&device->store, UINT32_C(4294967293), 10, digest, &fault) != ERR_OK ||
	    !hex_decode(digest, sizeof digest, bytes_of(base)) ||
	    sim_store_mark(&device->store, UINT32_C(4294967292), 11, digest, &fault) != ERR_OK)
		return false;
	hash_bytes(digest, bytes_of(device->imei));
	return sim_store_mark(&device->store, UINT32_C(4294967294), 6, digest, &fault) == ERR_OK;
}

size_t sim_device(struct sim_modem *modem, const char *imei)
{
	struct sim_device *devices;
	size_t i;

	for (i = 0; i < modem->device_count; i++)
		if (strcmp(modem->devices[i].imei, imei) == 0)
			return i;
	devices = realloc(modem->devices, (i + 1) * sizeof *devices);
	if (devices == NULL)
		return SIZE_MAX;
	modem->devices = devices;
	devices[i] = (struct sim_device){.store = SIM_STORE_EMPTY};
	memcpy(devices[i].imei, imei, SIM_IMEI_SIZE);
	if (sim_has_factory_keys(modem) && !add_factory(&devices[i])) {
		sim_store_free(&devices[i].store);
		return SIZE_MAX;
	}
	modem->device_count++;
	return i;
}

void sim_modem_reset(struct sim_modem *modem)
{
	modem->cmee = 0;
	modem->cfun = modem->settings.cfun;
}

enum err sim_modem_swap(struct sim_modem *modem, const char *imei, struct fault *fault)
{
	size_t device;

	if (!sim_is_imei(bytes_of(imei)))
		return fault_set(fault, ERR_CANNOT, "sim-imei", NULL, "an IMEI has 15 digits");
	device = sim_device(modem, imei);
	if (device == SIZE_MAX)
		return fault_memory(fault);
	modem->present = device;
	sim_modem_reset(modem);
	return ERR_OK;
}

/* The first x.y.z in the text, 0 if there is none. */
static unsigned version_of(const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		unsigned part[3];
		const char *at = c;
		int i = 0;

		if (!isdigit((unsigned char)*c) || (c > text && isdigit((unsigned char)c[-1])))
			continue;
		while (i < 3 && isdigit((unsigned char)*at)) {
			for (part[i] = 0; isdigit((unsigned char)*at) && part[i] < 1000; at++)
				part[i] = part[i] * 10 + (unsigned)(*at - '0');
			if (++i < 3 && *at++ != '.')
				break;
		}
		if (i == 3 && part[0] < 100 && part[1] < 100 && part[2] < 100)
			return part[0] * 10000 + part[1] * 100 + part[2];
	}
	return 0;
}

static enum err check_settings(struct sim_modem *modem, const struct sim_modem_settings *settings,
    struct fault *fault)
{
	struct bytes firmware = bytes_of(settings->firmware);

	if (settings->imei == NULL || !sim_is_imei(bytes_of(settings->imei)))
		return fault_set(fault, ERR_CANNOT, "sim-imei", NULL, "an IMEI has 15 digits");
	if (firmware.size == 0 || !text_is_printable(firmware) ||
	    !text_copy(modem->firmware, sizeof modem->firmware, firmware))
		return fault_set(fault, ERR_CANNOT, "sim-firmware", NULL,
		    "the firmware's name must be 1 to %d printable characters", SIM_FIRMWARE_SIZE - 1);
	memcpy(modem->imei, settings->imei, SIM_IMEI_SIZE);
	modem->settings = *settings;
	modem->settings.imei = modem->imei;
	modem->settings.firmware = modem->firmware;
	modem->version = version_of(modem->firmware);
	if (!sim_knows_cfun(modem, settings->cfun))
		return fault_set(fault, ERR_CANNOT, "sim-cfun", NULL, "this firmware has no CFUN %u",
		    settings->cfun);
	return ERR_OK;
}

enum err sim_modem_new(struct sim_modem **out, const struct sim_modem_settings *settings, struct fault *fault)
{
	struct sim_modem *modem;
	enum err err;

	*out = NULL;
	modem = calloc(1, sizeof *modem);
	if (modem == NULL)
		return fault_memory(fault);
	err = check_settings(modem, settings, fault);
	if (err == ERR_OK)
		err = sim_modem_swap(modem, modem->imei, fault);
	if (err != ERR_OK)
		sim_modem_free(&modem);
	*out = modem;
	return err;
}

void sim_modem_free(struct sim_modem **modem)
{
	if (*modem == NULL)
		return;
	for (size_t i = 0; i < (*modem)->device_count; i++)
		sim_store_free(&(*modem)->devices[i].store);
	free((*modem)->devices);
	free(*modem);
	*modem = NULL;
}
