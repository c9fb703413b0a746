/* SPDX-License-Identifier: ISC */
/* What a modem answers to each question, taken apart: a listing is whole, or none. */
#include "gapseal/cmng.h"
#include "wires.h"

#define END "\r\nOK\r\n"

static void check_listing(const struct listing *listing)
{
	FUZZ_WANT(listing->count <= LISTING_MAX);
	for (size_t i = 0; i < listing->count; i++) {
		/* the first of its slot: so none stands twice */
		FUZZ_WANT(listing_find(listing, listing->items[i].slot) == &listing->items[i]);
		if (!listing->items[i].has_digest)
			FUZZ_WANT(fuzz_empty(listing->items[i].digest, HASH_SIZE));
	}
}

static const struct at *answer(void (*ask)(struct at_command *out), struct bytes said)
{
	static struct at *at;
	struct at_command command;
	struct fault fault;

	FUZZ_WANT(secret_process(&fault) == ERR_OK);
	if (at == NULL)
		FUZZ_WANT(at_new(&at, &fault) == ERR_OK);
	ask(&command);
	at_start(at, &command, 1000);
	at_sent(at, at_output(at).size);
	at_feed(at, said);
	at_feed(at, bytes_of(END));
	return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes said = bytes_from(data, size), imei;
	static struct listing listing;
	char firmware[FIRMWARE_SIZE];
	unsigned mode;

	if (cmng_listing(answer(cmng_list, said), &listing))
		check_listing(&listing);
	if (cmng_imei(answer(cmng_ask_imei, said), &imei))
		FUZZ_WANT(imei.size < size && (imei.size == 0 || memchr(imei.data, '\n', imei.size) == NULL));
	cmng_firmware(firmware, answer(cmng_ask_firmware, said));
	FUZZ_WANT(text_is_printable(bytes_of(firmware)) && strpbrk(firmware, "\"\\") == NULL);
	(void)cmng_firmware_is_test(firmware);
	if (cmng_mode(answer(cmng_ask_mode, said), &mode))
		(void)cmng_mode_is_active(mode);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	struct buffer many = BUFFER_EMPTY;

	corpus_wires(corpus, '<', true);
	corpus_text(corpus, "%CMNG: 42,4,"
	    "\"CBA06B5736FAF67E54B07B561EAE94395E774C517A7D910A54369E1263CCFBD4\"\r\n"
	    "%CMNG: 42,3\r\n%XTIME: 1\r\n%CMNG: 4294967292,11,"
	    "\"b2c46c2ae7c81943a8bd6dd4ed2a50b659a225a098a177bacb575459cd57caef\"\r\n");
	corpus_text(corpus, "+CGSN: \"352656100367872\"\r\n+CFUN: 4\r\n+CGSN: \"\"\r\n");
	for (unsigned tag = 0; tag <= LISTING_MAX; tag++)
		buffer_format(&many, "%%CMNG: %u,0\r\n", tag);
	corpus_add(corpus, buffer_bytes(&many));
	buffer_free(&many);
}
