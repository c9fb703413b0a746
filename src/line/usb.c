/* SPDX-License-Identifier: ISC */
#include "gapseal/usb.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/bytes.h"

#define PREFIX "usb:"
#define DEVICES "/dev/"

bool usb_is_place(const char *text)
{
	return strncmp(text, PREFIX, strlen(PREFIX)) == 0;
}

static bool skip_number(const char **at, uint8_t *out)
{
	const size_t digits = strspn(*at, "0123456789");
	uint64_t value;

	if (!decimal_parse(bytes_from(*at, digits), UINT8_MAX, &value))
		return false;
	*at += digits;
	*out = (uint8_t)value;
	return true;
}

/* "1-2.3" or "1-2.3:1.0", the kernel's names of a USB device and of an interface of it. */
static bool parse(struct usb_place *out, const char *text)
{
	const char *at = text;
	uint8_t number;

	*out = (struct usb_place){0};
	if (!skip_number(&at, &number) || *at++ != '-' || !skip_number(&at, &number))
		return false;
	while (*at == '.') {
		at++;
		if (!skip_number(&at, &number))
			return false;
	}
	if (!text_copy(out->chain, sizeof out->chain, bytes_from(text, (size_t)(at - text))))
		return false;
	out->whole = *at == '\0';
	return out->whole || (*at++ == ':' && skip_number(&at, &out->configuration) && *at++ == '.' &&
	    skip_number(&at, &out->interface) && *at == '\0');
}

bool usb_parse(struct usb_place *out, const char *text)
{
	return usb_is_place(text) && parse(out, text + strlen(PREFIX));
}

/* class/tty/NAME is a link into the device tree: ".../usb1/1-2/1-2.3/1-2.3:1.0/ttyUSB0/tty/ttyUSB0". The
 * last part that names an interface is the line's. */
bool usb_place_of(struct usb_place *out, const char *sysfs, const char *device)
{
	char link[PATH_MAX], target[PATH_MAX], *rest = target, *part;
	struct usb_place place;
	bool found = false;
	ssize_t size;

	if (strncmp(device, DEVICES, strlen(DEVICES)) != 0 || (size_t)snprintf(link, sizeof link,
	    "%s/class/tty/%s", sysfs, device + strlen(DEVICES)) >= sizeof link)
		return false;
	size = readlink(link, target, sizeof target - 1);
	if (size < 0)
		return false;
	target[size] = '\0';
	while ((part = strsep(&rest, "/")) != NULL)
		if (parse(&place, part) && !place.whole) {
			*out = place;
			found = true;
		}
	return found;
}

static bool is_there(const struct usb_place *place, const struct usb_place *asked)
{
	return strcmp(place->chain, asked->chain) == 0 && (asked->whole ||
	    (place->configuration == asked->configuration && place->interface == asked->interface));
}

/* A device offers its lines in the order of its interfaces; of two lines of one interface the first. */
static bool comes_before(const struct usb_place *place, const char *device, const struct usb_place *best,
    const char *best_device)
{
	if (place->interface != best->interface)
		return place->interface < best->interface;
	return strverscmp(device, best_device) < 0;
}

bool usb_device_at(char out[static USB_DEVICE_SIZE], const char *sysfs, const char *text)
{
	char path[PATH_MAX], device[USB_DEVICE_SIZE];
	struct usb_place asked, place, best = {0};
	struct dirent *entry;
	bool found = false;
	DIR *stream;

	if (!usb_parse(&asked, text) || (size_t)snprintf(path, sizeof path, "%s/class/tty",
	    sysfs) >= sizeof path)
		return false;
	stream = opendir(path);
	if (stream == NULL)
		return false;
	while ((entry = readdir(stream)) != NULL) {
		if ((size_t)snprintf(device, sizeof device, DEVICES "%s", entry->d_name) >= sizeof device ||
		    !usb_place_of(&place, sysfs, device) || !is_there(&place, &asked))
			continue;
		if (found && !comes_before(&place, device, &best, out))
			continue;
		found = text_copy(out, USB_DEVICE_SIZE, bytes_of(device));
		best = place;
	}
	closedir(stream);
	return found;
}
