/* SPDX-License-Identifier: ISC */
/* Files in libconfuse syntax: our look at them before libconfuse reads, and what it then gives. */
#include "../../src/core/config_scan.h"
#include "fuzz.h"
#include "gapseal/config.h"

#define NAME "input.conf"
#define CODES "config-form config-option config-value config-section file-size"

static const struct config_option top[] = {{"title", CONFIG_TEXT}, {"port", CONFIG_TEXTS},
	{"timeout", CONFIG_NUMBER}};
static const struct config_option policy[] = {{"existing", CONFIG_TEXT}, {"attempts", CONFIG_NUMBER},
	{"log_imei", CONFIG_BOOLEAN}, {"families", CONFIG_TEXTS}};
static const struct config_option credential[] = {{"tag", CONFIG_NUMBER}, {"type", CONFIG_TEXT},
	{"from", CONFIG_TEXT}, {"bytes", CONFIG_NUMBER}, {"template", CONFIG_TEXT}, {"files", CONFIG_TEXTS},
	{"column", CONFIG_TEXT}, {"cn", CONFIG_TEXT}, {"days", CONFIG_NUMBER}, {"chain", CONFIG_BOOLEAN},
	{"line_ending", CONFIG_TEXT}};
#define OPTIONS(array) .options = (array), .count = sizeof(array) / sizeof *(array)
static const struct config_section sections[] = {
	{.name = NULL, OPTIONS(top)},
	{.name = "policy", OPTIONS(policy)},
	{.name = "credential", .titled = true, OPTIONS(credential)},
};

/* Nothing but printable ASCII and TAB. */
static bool is_clean(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text != '\t' && !text_is_printable(bytes_from(text, 1)))
			return false;
	}
	return true;
}

/* Values are clean and stand on a line of the file. */
static void check_option(const struct config *config, struct config_place place, const char *option,
    unsigned lines)
{
	const char *text;
	unsigned line = 1;
	uint64_t number;
	bool boolean;

	if (config_text(config, place, option, &text, &line))
		FUZZ_WANT(is_clean(text));
	if (config_number(config, place, option, &number, &line))
		FUZZ_WANT(number <= INTEGER_MAX);
	(void)config_boolean(config, place, option, &boolean, &line);
	for (size_t i = 0; config_texts(config, place, option, i, &text, &line); i++)
		FUZZ_WANT(is_clean(text));
	FUZZ_WANT(line >= 1 && line <= lines);
}

static void check_values(const struct config *config, unsigned lines)
{
	for (size_t s = 0; s < sizeof sections / sizeof *sections; s++) {
		struct config_place place = {sections[s].name == NULL ? "" : sections[s].name, 0};
		const char *title;
		unsigned line;

		for (; config_has(config, place, &title, &line); place.i++) {
			FUZZ_WANT(is_clean(title) && line <= lines);
			for (size_t i = 0; i < sections[s].count; i++)
				check_option(config, place, sections[s].options[i].name, lines);
		}
	}
}

/* Looking twice changes nothing more. */
static void check_scan(struct bytes text)
{
	struct buffer scanned = BUFFER_EMPTY, again = BUFFER_EMPTY;
	struct fault fault = {0};

	buffer_put(&scanned, text);
	if (config_scan(&scanned, NAME, &fault) == ERR_OK) {
		buffer_put(&again, buffer_bytes(&scanned));
		FUZZ_WANT(config_scan(&again, NAME, &fault) == ERR_OK);
		FUZZ_WANT(bytes_equal(buffer_bytes(&again), buffer_bytes(&scanned)));
	}
	buffer_free(&scanned);
	buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config = NULL;
	struct fault fault = {0};
	unsigned lines = 1;
	enum err err;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	check_scan(bytes_from(data, size));
	fuzz_file(NAME, bytes_from(data, size));
	err = config_read(&config, fuzz_folder(), NAME, sections, sizeof sections / sizeof *sections, &fault);
	if (err != ERR_OK) {
		FUZZ_WANT(config == NULL);
		fuzz_refused(err, &fault, CODES);
		return 0;
	}
	check_values(config, lines);
	config_free(&config);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_files(corpus, "manifests/example/*.conf");
	corpus_files(corpus, "tests/vectors/lint/profile-*.conf");
	corpus_text(corpus, "title = \"a\" \"\" = b\npolicy { '' = 1 }\ncredential \"\" { }\n");
	corpus_text(corpus, "# one\n// two\n/* three\n */ title = \"Spring run\" // four\r\n"
	    "policy { attempts = 3  log_imei = true families = any }\n"
	    "port = {\"a=/dev/ttyUSB0\", b}\ntimeout = 9007199254740991\n"
	    "credential ca { tag = 42  files = {\"root.pem\", \"spare.pem\"} }\n");
}
