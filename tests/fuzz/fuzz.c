/* SPDX-License-Identifier: ISC */
#include "fuzz.h"

#include <ctype.h>
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "gapseal/file.h"

_Noreturn void fuzz_broken(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: broken: %s\n", file, line, condition);
	abort();
}

struct bytes fuzz_rest(struct cursor *input)
{
	struct bytes rest = {0};

	FUZZ_WANT(take_bytes(input, cursor_left(input), &rest));
	return rest;
}

struct bytes fuzz_part(struct cursor *input)
{
	struct bytes part;
	uint16_t size;

	if (take_u16(input, &size) && take_bytes(input, size, &part))
		return part;
	return fuzz_rest(input);
}

/* Is it one of the words, and formed as codes are? */
static bool is_code(const char *code, const char *codes)
{
	struct cursor cursor = cursor_of(bytes_of(codes));
	struct bytes word;

	while (take_field(&cursor, ' ', &word)) {
		if (bytes_is(word, code))
			return true;
	}
	return false;
}

void fuzz_refused(enum err err, const struct fault *fault, const char *codes)
{
	FUZZ_WANT(err != ERR_OK && fault->err == err);
	FUZZ_WANT(fault->code != NULL);
	if (!is_code(fault->code, codes)) {
		fprintf(stderr, "%s: %s: %s\n", fault->where, fault->code, fault->text);
		fuzz_broken(__FILE__, __LINE__, "the code is one of those promised");
	}
	FUZZ_WANT(fault->text[0] != '\0' && text_is_printable(bytes_of(fault->text)));
	FUZZ_WANT(text_is_printable(bytes_of(fault->where)));
}

/* Letters and digits, at least one of each: a piece of a key, not of a sentence. */
static bool is_telltale(const uint8_t *at)
{
	size_t letters = 0, digits = 0;

	for (size_t i = 0; i < FUZZ_TELLTALE; i++) {
		letters += isalpha(at[i]) != 0;
		digits += isdigit(at[i]) != 0;
	}
	return letters > 0 && digits > 0 && letters + digits == FUZZ_TELLTALE;
}

/* Not by memmem: libFuzzer would learn the sentence from it and put it into inputs. */
static bool tells(const char *sentence, const uint8_t *at)
{
	for (; strnlen(sentence, FUZZ_TELLTALE) == FUZZ_TELLTALE; sentence++) {
		size_t same = 0;

		while (same < FUZZ_TELLTALE && (uint8_t)sentence[same] == at[same])
			same++;
		if (same == FUZZ_TELLTALE)
			return true;
	}
	return false;
}

void fuzz_quiet(const struct fault *fault, struct bytes secret)
{
	for (size_t i = 0; i + FUZZ_TELLTALE <= secret.size; i++) {
		const uint8_t *at = secret.data + i;

		if (is_telltale(at))
			FUZZ_WANT(!tells(fault->text, at) && !tells(fault->where, at));
	}
}

bool fuzz_empty(const void *value, size_t size)
{
	const uint8_t *bytes = value;

	return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

static char folder_path[256];
static pid_t folder_owner;

static int remove_one(const char *name, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(name);
}

/* Only by whom it was made: what a child leaves is its parent's to remove. */
static void folder_remove(void)
{
	if (getpid() == folder_owner && nftw(folder_path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		perror(folder_path);
}

int fuzz_folder(void)
{
	static int folder = -1;
	const char *base = getenv("TMPDIR");
	struct fault fault;

	if (folder != -1)
		return folder;
	snprintf(folder_path, sizeof folder_path, "%s/gapseal-fuzz-XXXXXX", base != NULL ? base : "/tmp");
	FUZZ_WANT(mkdtemp(folder_path) != NULL);
	FUZZ_WANT(folder_open(&folder, AT_FDCWD, folder_path, &fault) == ERR_OK);
	folder_owner = getpid();
	FUZZ_WANT(atexit(folder_remove) == 0);
	return folder;
}

void fuzz_make_folder(const char *name)
{
	FUZZ_WANT(mkdirat(fuzz_folder(), name, 0700) == 0 || file_exists(fuzz_folder(), name));
}

const char *fuzz_file(const char *name, struct bytes content)
{
	static char path[sizeof folder_path + 64];
	int file = openat(fuzz_folder(), name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct fault fault;

	FUZZ_WANT(file >= 0 && file_append(file, content, name, &fault) == ERR_OK);
	FUZZ_WANT(close(file) == 0);
	snprintf(path, sizeof path, "%s/%s", folder_path, name);
	return path;
}
