/* SPDX-License-Identifier: ISC */
/* The list of the TLS credentials shell: as many lines as it says, or none. */
#include "gapseal/cred.h"
#include "wires.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct listing listing;
	struct at_command command;
	static struct at *at;
	struct fault fault;

	FUZZ_WANT(secret_process(&fault) == ERR_OK);
	if (at == NULL)
		FUZZ_WANT(at_new(&at, &fault) == ERR_OK);
	at_frame(at, AT_FRAME_LINE);
	cred_list(&command);
	at_start(at, &command, 1000);
	at_sent(at, at_output(at).size);
	at_feed(at, bytes_from(data, size));
	if (at_result(at) != AT_OK || !cred_listing(at, &listing))
		return 0;
	FUZZ_WANT(listing.count <= LISTING_MAX && listing.count <= at_cme(at));
	for (size_t i = 0; i < listing.count; i++) {
		FUZZ_WANT(listing_find(&listing, listing.items[i].slot) == &listing.items[i]);
		FUZZ_WANT(listing.items[i].slot.type < CREDENTIAL_TYPES);
	}
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	struct buffer many = BUFFER_EMPTY;

	corpus_wires(corpus, '<', true);
	corpus_text(corpus, "42,PSK_ID,y6BrVzb69n5UsHtWHq6UOV53TFF6fZEKVDaeEmPM+9Q=,0\r\n"
	    "16842753,CA,N/A,-134\r\n3,SERV,y6BrVzb69n5UsHtWHq6UOV53TFF6fZEKVDaeEmPM+9Q=,0\r\n"
	    "3 credentials found.\r\n");
	for (unsigned tag = 0; tag <= LISTING_MAX; tag++)
		buffer_format(&many, "%u,CA,N/A,0\r\n", tag);
	buffer_format(&many, "%u credentials found.\r\n", LISTING_MAX + 1);
	corpus_add(corpus, buffer_bytes(&many));
	buffer_free(&many);
}
