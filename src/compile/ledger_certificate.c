/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "ledger_private.h"

/* One certificate as it stands in a batch's list. */
struct certificate {
	struct bytes serial;
	uint32_t index;
};

static bool take_certificate(struct cursor *cursor, struct certificate *out)
{
	return take_bytes(cursor, LEDGER_SERIAL_SIZE, &out->serial) && take_u32(cursor, &out->index);
}

enum err ledger_put_certificates(struct ledger *ledger, const char *batch, struct bytes certificates,
    struct fault *fault)
{
	struct query query;

	if (certificates.size == 0)
		return ERR_OK;
	query = query_begin(ledger, "INSERT INTO certificates VALUES (?, ?)");
	query_text(&query, batch);
	query_blob(&query, certificates);
	return query_run(&query, fault);
}

enum err ledger_certificates(struct buffer *out, struct ledger *ledger, const char *batch, uint32_t index,
    const char *between, struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT serials FROM certificates WHERE batch = ?");
	struct certificate certificate;
	bool first = true;

	query_text(&query, batch);
	while (query_row(&query)) {
		struct cursor cursor = cursor_of(query_bytes(&query, 0));

		while (take_certificate(&cursor, &certificate)) {
			if (certificate.index != index)
				continue;
			buffer_text(out, first ? "" : between);
			buffer_hex(out, certificate.serial);
			first = false;
		}
	}
	return query_end(&query, fault);
}

/* Serials ascend. */
static bool find_in(uint32_t *index, struct bytes list, const uint8_t *serial)
{
	size_t low = 0, high = list.size / LEDGER_CERTIFICATE_SIZE;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const uint8_t *at = list.data + middle * LEDGER_CERTIFICATE_SIZE;
		int order = memcmp(at, serial, LEDGER_SERIAL_SIZE);
		struct cursor cursor = cursor_of(bytes_from(at + LEDGER_SERIAL_SIZE, sizeof *index));

		if (order == 0)
			return take_u32(&cursor, index);
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

struct wanted {
	uint32_t index;
	uint64_t *imei;
	bool *found;
};

static enum err take_device(void *context, uint64_t imei, uint32_t index, struct fault *fault)
{
	struct wanted *wanted = context;

	(void)fault;
	if (index == wanted->index) {
		*wanted->imei = imei;
		*wanted->found = true;
	}
	return ERR_OK;
}

enum err ledger_find_serial(uint64_t *imei, bool *found, struct ledger *ledger,
    const uint8_t serial[static LEDGER_SERIAL_SIZE], struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT batches.rowid, serials FROM certificates"
	    " JOIN batches ON batches.id = batch ORDER BY batches.rowid");
	struct wanted wanted = {.imei = imei, .found = found};
	enum err err = ERR_OK;

	*found = false;
	while (err == ERR_OK && !*found && query_row(&query))
		if (find_in(&wanted.index, query_bytes(&query, 1), serial))
			err = ledger_devices(ledger, query_number(&query, 0), take_device, &wanted, fault);
	return query_close(&query, err, fault);
}

static bool holds_together(struct bytes list, uint64_t count)
{
	struct cursor cursor = cursor_of(list);
	struct certificate certificate;
	const uint8_t *last = NULL;

	while (take_certificate(&cursor, &certificate)) {
		if (certificate.index >= count ||
		    (last != NULL && memcmp(last, certificate.serial.data, LEDGER_SERIAL_SIZE) >= 0))
			return false;
		last = certificate.serial.data;
	}
	return last != NULL && cursor_left(&cursor) == 0;
}

enum err ledger_check_certificates(struct ledger *ledger, struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT batch, serials, coalesce(count, 0) FROM certificates"
	    " LEFT JOIN batches ON batches.id = batch AND purpose = 0 ORDER BY batch");
	enum err err = ERR_OK;

	while (err == ERR_OK && query_row(&query))
		if (!holds_together(query_bytes(&query, 1), query_number(&query, 2)))
			err = ledger_broken(ledger,
			    "a batch whose certificates do not ascend, are not whole, or are "
			    "of devices that are not there", query_string(&query, 0), fault);
	return query_close(&query, err, fault);
}
