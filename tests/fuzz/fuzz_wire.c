/* SPDX-License-Identifier: ISC */
/*
 * A credential on its way to a modem: what a shell makes of a command in its quotes is the command itself,
 * and nothing breaks out of its place. The first part is the content, the rest a password.
 */
#include "../../src/line/at_wire.h"
#include "../../src/sim/editor.h"
#include "fuzz.h"

#define CTRL_U 0x15

static struct secret *room(size_t i)
{
	static struct secret *rooms[2];
	struct fault fault;

	FUZZ_WANT(secret_process(&fault) == ERR_OK);
	if (rooms[i] == NULL)
		FUZZ_WANT(secret_new(&rooms[i], 8 * FUZZ_INPUT_MAX, &fault) == ERR_OK);
	secret_clear(rooms[i]);
	return rooms[i];
}

/* As the shell hears a line: a key that clears, words, and the key that ends it. */
static void check_shell(struct bytes line, struct bytes command)
{
	struct cursor cursor = cursor_of(line);
	struct buffer word = BUFFER_EMPTY;
	uint8_t first, open;

	FUZZ_WANT(take_u8(&cursor, &first) && first == CTRL_U);
	FUZZ_WANT(line.data[line.size - 1] == '\r');
	FUZZ_WANT(memchr(cursor.at, '\n', cursor_left(&cursor)) == NULL);
	FUZZ_WANT(memchr(cursor.at, '\r', cursor_left(&cursor)) == line.data + line.size - 1);
	FUZZ_WANT(shell_word(&cursor, &word, &open) && bytes_is(buffer_bytes(&word), "at"));
	buffer_clear(&word);
	FUZZ_WANT(shell_word(&cursor, &word, &open) && open == 0);
	FUZZ_WANT(bytes_equal(buffer_bytes(&word), command));
	FUZZ_WANT(!shell_word(&cursor, &word, &open));
	buffer_free(&word);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor input = cursor_of(bytes_from(data, size));
	struct at_command command = {.visible = "AT%CMNG=0,42,3,"};
	struct secret *host = room(0), *shell = room(1);
	struct bytes sent;
	bool sendable;

	command.hidden = fuzz_part(&input);
	command.password = fuzz_rest(&input);
	sendable = at_wire_put(host, &command, AT_FRAME_HOST, AT_CR);
	FUZZ_WANT(at_wire_put(shell, &command, AT_FRAME_SHELL, AT_CR) == sendable);
	if (!sendable)
		return 0;
	sent = secret_bytes(host);
	check_shell(secret_bytes(shell), bytes_from(sent.data, sent.size - 1));
	FUZZ_WANT(at_size(AT_FRAME_SHELL, &command) == secret_size(shell) - 1);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	struct buffer pem = corpus_file("tests/vectors/x509/p256.key");

	corpus_pair(corpus, buffer_bytes(&pem), bytes_of("swordfish"));
	corpus_pair(corpus, bytes_of("it's\\n0a device \\x41\\052 \\\\"), bytes_of(""));
	corpus_pair(corpus, bytes_of("crlf\r\nends' 'here"), bytes_of("pass'word"));
	buffer_free(&pem);
}
