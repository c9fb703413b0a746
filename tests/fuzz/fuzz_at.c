/* SPDX-License-Identifier: ISC */
/*
 * What a device answers: lines and final results, in each frame. However the bytes are cut into reads, the
 * answer is the same one.
 */
#include "gapseal/at.h"
#include "wires.h"

#define FRAMES 3

static struct at *machine(void)
{
	static struct at *at;
	struct fault fault;

	FUZZ_WANT(secret_process(&fault) == ERR_OK);
	if (at == NULL)
		FUZZ_WANT(at_new(&at, &fault) == ERR_OK);
	return at;
}

static void put_answer(struct buffer *out, const struct at *at)
{
	struct bytes line;

	buffer_format(out, "%d %u %d\n", at_result(at), at_cme(at), at_unknown(at));
	for (size_t i = 0; at_line(at, i, &line); i++) {
		for (size_t k = 0; k < line.size; k++)
			FUZZ_WANT(line.data[k] != '\0' && line.data[k] != '\r' && line.data[k] != '\n');
		buffer_put(out, line);
		buffer_byte(out, '\n');
	}
}

static void converse(struct buffer *out, unsigned frame, const char *prefix, struct bytes said, size_t piece)
{
	struct at_command command = {.visible = "AT%CMNG=1", .prefix = prefix};
	struct at *at = machine();

	at_frame(at, (enum at_frame)frame);
	at_start(at, &command, 1000);
	at_sent(at, at_output(at).size);
	for (size_t i = 0; i < said.size; i += piece)
		at_feed(at, bytes_from(said.data + i, said.size - i < piece ? said.size - i : piece));
	FUZZ_WANT((at_result(at) == AT_BUSY) == (at_due(at) == 1000));
	at_tick(at, 1000);
	FUZZ_WANT(at_result(at) != AT_BUSY);
	put_answer(out, at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const prefixes[] = {"%CMNG:", "", NULL};

	for (unsigned i = 0; i < FRAMES; i++) {
		struct buffer whole = BUFFER_EMPTY, pieces = BUFFER_EMPTY;

		converse(&whole, i, prefixes[i], bytes_from(data, size), size + 1);
		converse(&pieces, i, prefixes[i], bytes_from(data, size), 1 + size % 7);
		FUZZ_WANT(bytes_equal(buffer_bytes(&whole), buffer_bytes(&pieces)));
		buffer_free(&whole);
		buffer_free(&pieces);
	}
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_wires(corpus, '<', true);
	corpus_text(corpus, "\r\n+CME ERROR: 513\r\n");
	corpus_text(corpus, "AT%CMNG=1\r\r\n%CMNG: 1,2\r\nReady\r\n\r\nERROR\r\n");
	corpus_text(corpus, "\033[1;31mAT: command not found\r\n\033[m\033[1;32muart:~$ \033[m");
}
