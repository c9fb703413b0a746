/* SPDX-License-Identifier: ISC */
#include "provision_line.h"

/*
 * What goes over the wire in each dialect, byte by byte, from the first AT to the finish:
 * tests/vectors/transcripts has one file a dialect. `test_transcripts --write FOLDER` writes them anew, for a
 * person to read what changed.
 */
#define LABEL "352656100367872"

static const char certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBtjCCAVugAwIBAgITBmyf1XSXNmY/Owua2eiedgPySjAKBggqhkjOPQQDAjA5\n"
    "-----END CERTIFICATE-----\n";
static const char key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgOK==\n"
    "-----END PRIVATE KEY-----\n";

static const struct {
	const char *name;
	enum sim_dialect dialect;
	enum sim_terminator terminator;
	const char *script;
} wires[] = {
	{"at", SIM_DIALECT_AT, SIM_TERMINATOR_CR, "cfun 1\nstore 42,4 \"old\"\n"},
	{"at-crlf", SIM_DIALECT_AT, SIM_TERMINATOR_CRLF, "echo\n"},
	{"slm", SIM_DIALECT_SLM, SIM_TERMINATOR_CRLF, "store 42,4 \"old\"\nurc \"%XTIME: 1\" on 1 list\n"},
	{"shell", SIM_DIALECT_SHELL, SIM_TERMINATOR_CR, "store 42,4 \"old\"\n"},
	{"cred", SIM_DIALECT_CRED, SIM_TERMINATOR_CR, "store 42,4 \"old\"\n"},
};
#define WIRES (sizeof wires / sizeof wires[0])

/* One direction's bytes, a line of the transcript up to each line end. What is not printable is escaped. */
static void record(struct buffer *out, char direction, struct bytes bytes)
{
	bool fresh = true;

	for (size_t i = 0; i < bytes.size; i++) {
		uint8_t byte = bytes.data[i];

		if (fresh)
			buffer_format(out, "%c ", direction);
		fresh = byte == '\n' || (byte == '\r' && (i + 1 == bytes.size || bytes.data[i + 1] != '\n'));
		if (byte == '\n' || byte == '\r')
			buffer_text(out, byte == '\n' ? "\\n" : "\\r");
		else if (byte < 0x20 || byte > 0x7e || byte == '\\')
			buffer_format(out, "\\x%02x", byte);
		else
			buffer_byte(out, byte);
		if (fresh)
			buffer_byte(out, '\n');
	}
	if (!fresh)
		buffer_byte(out, '\n');
}

/* Whole commands there, whole answers back. */
static void turn(struct line *line, struct buffer *out)
{
	const uint64_t now = line->bench.now / 1000;
	struct bytes sent = provision_output(line->provision), said;

	if (sent.size == 0) {
		line_turn(line);
		return;
	}
	record(out, '>', sent);
	bench_feed(&line->bench, sent);
	provision_sent(line->provision, sent.size, now);
	said = sim_host_output(line->bench.host);
	record(out, '<', said);
	provision_feed(line->provision, said, now);
	sim_host_sent(line->bench.host, said.size);
}

static void await(struct line *line, struct buffer *out, enum message_kind kind)
{
	while (!provision_take(line->provision, &line->message)) {
		assert_true(line->bench.now < 60u * 1000000u);
		turn(line, out);
	}
	assert_int_equal(line->message.kind, kind);
	assert_string_equal(line->message.reason, "");
}

static void add_steps(struct line *line)
{
	bool modem = line->bench.host_settings.dialect != SIM_DIALECT_CRED;

	line_add(line, STEP_DELETE, 42, 4, "");
	line_add(line, STEP_WRITE, 42, 4, "it's\\n0a device");
	if (modem)
		line_add(line, STEP_WRITE, 42, 3, "000102030405060708090a0b0c0d0e0f");
	line_add(line, STEP_WRITE, 16842753, 0, certificate);
	line_add(line, STEP_WRITE, 16842753, 2, key);
}

static void converse(struct buffer *out, size_t wire)
{
	struct line line = line_of(wires[wire].dialect);

	line.bench.host_settings.terminator = wires[wire].terminator;
	line.bench.modem_settings.firmware = "mfw_nrf9160_1.3.5"; /* which takes any certificate */
	line.settings.line_limit = 1024;
	line.bench.host_settings.line_limit = 1024;
	line_start(&line, wires[wire].script);
	provision_label(line.provision, LABEL);
	record(out, '<', sim_host_output(line.bench.host));
	sim_host_sent(line.bench.host, sim_host_output(line.bench.host).size);
	await(&line, out, MESSAGE_DEVICE);
	assert_string_equal(line.message.imei, LABEL);
	line_give(&line, MESSAGE_LIST, FINISH_NONE);
	await(&line, out, MESSAGE_LISTING);
	add_steps(&line);
	line_give(&line, MESSAGE_STEPS, FINISH_CFUN0);
	await(&line, out, MESSAGE_OUTCOME);
	line_listed(&line, 16842753, 2, key, wires[wire].dialect == SIM_DIALECT_CRED);
	line_end(&line);
	assert_false(out->failed);
}

static void read_golden(struct buffer *out, const char *name)
{
	char path[128], part[4096];
	size_t size;
	FILE *file;

	snprintf(path, sizeof path, "transcripts/%s.txt", name);
	file = fopen(vector_path(path), "rb");
	assert_non_null(file);
	while ((size = fread(part, 1, sizeof part, file)) > 0)
		buffer_put(out, bytes_from(part, size));
	assert_int_equal(fclose(file), 0);
}

static void every_wire_is_as_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < WIRES; i++) {
		struct buffer now = BUFFER_EMPTY, golden = BUFFER_EMPTY;
		struct cursor left, right;
		struct bytes a, b;
		unsigned number = 0;

		converse(&now, i);
		read_golden(&golden, wires[i].name);
		left = cursor_of(buffer_bytes(&golden));
		right = cursor_of(buffer_bytes(&now));
		while (take_line(&left, &a) && take_line(&right, &b)) {
			number++;
			if (!bytes_equal(a, b))
				fail_msg("%s.txt:%u: was %.*s\nis %.*s", wires[i].name, number, (int)a.size, a.data,
				    (int)b.size, b.data);
		}
		assert_true(bytes_equal(buffer_bytes(&now), buffer_bytes(&golden)));
		buffer_free(&now);
		buffer_free(&golden);
	}
}

static int write_golden(const char *folder)
{
	for (size_t i = 0; i < WIRES; i++) {
		struct buffer now = BUFFER_EMPTY;
		char path[256];
		FILE *file;
		bool written;

		converse(&now, i);
		snprintf(path, sizeof path, "%s/%s.txt", folder, wires[i].name);
		file = fopen(path, "wb");
		written = file != NULL && fwrite(now.data, 1, now.size, file) == now.size;
		buffer_free(&now);
		if (file == NULL || fclose(file) != 0 || !written) {
			perror(path);
			return 2;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_wire_is_as_it_was),
	};

	if (argc == 3 && strcmp(argv[1], "--write") == 0)
		return write_golden(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
