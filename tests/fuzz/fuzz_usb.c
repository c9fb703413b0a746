/* SPDX-License-Identifier: ISC */
/* Places on USB and addresses of ports, as a person writes them. */
#include <stdio.h>

#include "fuzz.h"
#include "gapseal/port.h"
#include "gapseal/usb.h"

static void try_place(const char *text)
{
	struct usb_place place = {0};
	char again[USB_CHAIN_SIZE + 16];

	if (!usb_parse(&place, text))
		return;
	FUZZ_WANT(usb_is_place(text));
	FUZZ_WANT(strlen(place.chain) < sizeof place.chain);
	FUZZ_WANT(strspn(place.chain, "0123456789-.") == strlen(place.chain));
	if (place.whole)
		snprintf(again, sizeof again, "usb:%s", place.chain);
	else
		snprintf(again, sizeof again, "usb:%s:%u.%u", place.chain, place.configuration,
		    place.interface);
	FUZZ_WANT(strcmp(text, again) == 0);
}

static void try_path(const char *text, bool remote)
{
	const struct port_settings settings = {.baud = 115200, .remote = remote};
	struct fault fault = {0};
	enum err err = port_check(text, &settings, &fault);

	if (err != ERR_OK)
		fuzz_refused(err, &fault, remote ? "port-address" : "port-address port-remote");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[512];

	if (!text_copy(text, sizeof text, bytes_from(data, size)))
		return 0;
	try_place(text);
	try_path(text, false);
	try_path(text, true);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	static const char *const seeds[] = {"usb:1-2.3", "usb:1-2.3:1.2", "usb:255-0.10.255:2.13",
		"usb:111-111.111.111.111.111", "tcp:127.0.0.1:9090", "tcp:[::1]:4001", "tcp:192.0.2.1:65535",
		"/dev/ttyUSB0", "tcp:[fe80::1%eth0]:1", "tcp:127.0.0.1:0"};

	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		corpus_text(corpus, seeds[i]);
}
