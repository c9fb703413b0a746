/* SPDX-License-Identifier: ISC */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "gapseal/secret.h"

static struct fault fault;

/* Locking stands here in front of the C library's: it can be made to fail, and what is given back can be
 * looked at in its last moment. */
static struct {
	bool fail;
	unsigned unlocked;
	bool wiped; /* at each munlock so far */
} locks = {.wiped = true};

int mlock(const void *start, size_t size)
{
	if (locks.fail) {
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_mlock, start, size);
}

int munlock(const void *start, size_t size)
{
	const uint8_t *byte = start;

	locks.unlocked++;
	for (size_t i = 0; i < size; i++)
		locks.wiped &= byte[i] == 0;
	return (int)syscall(SYS_munlock, start, size);
}

static void assert_fault(enum err got, const char *code)
{
	assert_int_equal(got, ERR_CANNOT);
	assert_int_equal(fault.err, ERR_CANNOT);
	assert_string_equal(fault.code, code);
}

static void test_capacity(void **state)
{
	struct secret *secret = NULL;

	(void)state;
	assert_int_equal(secret_new(&secret, 8, &fault), ERR_OK);
	assert_int_equal(secret_capacity(secret), 8);
	assert_int_equal(secret_size(secret), 0);
	assert_memory_equal(secret_data(secret), "\0\0\0\0\0\0\0\0", 8);
	assert_true(secret_put(secret, bytes_of("12345")));
	assert_false(secret_put(secret, bytes_of("6789")));
	assert_int_equal(secret_size(secret), 5);
	assert_true(secret_put(secret, bytes_of("678")));
	assert_false(secret_put(secret, bytes_of("9")));
	assert_true(secret_put(secret, bytes_from(NULL, 0)));
	assert_true(bytes_is(secret_bytes(secret), "12345678"));
	secret_resize(secret, 3);
	assert_true(bytes_is(secret_bytes(secret), "123"));
	secret_clear(secret);
	assert_int_equal(secret_size(secret), 0);
	assert_memory_equal(secret_data(secret), "\0\0\0\0\0\0\0\0", 8);
	secret_free(&secret);
	assert_null(secret);
	secret_free(&secret);
	assert_int_equal(secret_new(&secret, 0, &fault), ERR_OK);
	assert_false(secret_put(secret, bytes_of("1")));
	secret_free(&secret);
}

static void test_wiped(void **state)
{
	struct secret *secret = NULL;

	(void)state;
	assert_int_equal(secret_new(&secret, 5000, &fault), ERR_OK);
	memset(secret_data(secret), 0xa5, 5000);
	locks.unlocked = 0;
	secret_free(&secret);
	assert_int_equal(locks.unlocked, 1);
	assert_true(locks.wiped);
}

static void test_lock_failed(void **state)
{
	struct secret *secret = (struct secret *)&fault;

	(void)state;
	locks.fail = true;
	assert_fault(secret_new(&secret, 32, &fault), "secret-lock");
	locks.fail = false;
	assert_null(secret);
}

/* The flags the kernel keeps for the mapping that holds an address. */
static void flags_of(char *out, size_t size, const void *address)
{
	FILE *maps = fopen("/proc/self/smaps", "r");
	unsigned long from, to;
	bool inside = false;
	char line[512];

	assert_non_null(maps);
	out[0] = '\0';
	while (fgets(line, sizeof line, maps) != NULL) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (unsigned long)address >= from && (unsigned long)address < to;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(out, size, "%s", line);
	}
	fclose(maps);
}

static void test_locked_and_not_dumped(void **state)
{
	struct secret *secret = NULL;
	char flags[512];

	(void)state;
	assert_int_equal(secret_new(&secret, 32, &fault), ERR_OK);
	flags_of(flags, sizeof flags, secret_data(secret));
	assert_non_null(strstr(flags, " lo "));
	assert_non_null(strstr(flags, " dd "));
	secret_free(&secret);
}

/* A size beyond the memory ends the program. */
static void test_resize_too_far(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		struct secret *secret = NULL;

		signal(SIGABRT, SIG_DFL);
		if (secret_new(&secret, 8, &fault) == ERR_OK)
			secret_resize(secret, 9);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void test_memory(void **state)
{
	uint8_t a[32] = {0}, b[32] = {0};

	(void)state;
	assert_true(secret_equal(a, b, sizeof a));
	secret_random(a, sizeof a);
	secret_random(b, sizeof b);
	assert_false(secret_equal(a, b, sizeof a));
	memcpy(b, a, sizeof b);
	assert_true(secret_equal(a, b, sizeof a));
	b[31] ^= 1;
	assert_false(secret_equal(a, b, sizeof a));
	assert_true(secret_equal(a, b, 31));
	secret_wipe(a, sizeof a);
	memset(b, 0, sizeof b);
	assert_memory_equal(a, b, sizeof a);
}

static char folder_path[256];
static int folder = -1;

static int folder_make(void **state)
{
	const char *base = getenv("TMPDIR");

	(void)state;
	snprintf(folder_path, sizeof folder_path, "%s/gapseal-secret-XXXXXX", base != NULL ? base : "/tmp");
	if (mkdtemp(folder_path) == NULL)
		return -1;
	folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder < 0 ? -1 : 0;
}

static int folder_remove(void **state)
{
	(void)state;
	unlinkat(folder, "key", 0);
	unlinkat(folder, "link", 0);
	close(folder);
	return rmdir(folder_path);
}

static void test_file(void **state)
{
	struct secret *secret = NULL;
	struct stat status;
	mode_t mask = umask(0);

	(void)state;
	assert_int_equal(secret_write_file(folder, "key", bytes_of("the key"), false, &fault), ERR_OK);
	umask(mask);
	assert_int_equal(fstatat(folder, "key", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(secret_read_file(&secret, folder, "key", 7, &fault), ERR_OK);
	assert_true(bytes_is(secret_bytes(secret), "the key"));
	secret_free(&secret);
	assert_fault(secret_read_file(&secret, folder, "key", 6, &fault), "file-size");
	assert_null(secret);
	assert_fault(secret_write_file(folder, "key", bytes_of("other"), false, &fault), "file-exists");
	assert_int_equal(secret_write_file(folder, "key", bytes_of("other"), true, &fault), ERR_OK);
	assert_int_equal(secret_read_file(&secret, folder, "key", 7, &fault), ERR_OK);
	assert_true(bytes_is(secret_bytes(secret), "other"));
	secret_free(&secret);
	assert_fault(secret_read_file(&secret, folder, "none", 7, &fault), "file-open");
	assert_int_equal(symlinkat("key", folder, "link"), 0);
	assert_fault(secret_read_file(&secret, folder, "link", 7, &fault), "file-kind");
	assert_null(secret);
}

static void test_file_mode(void **state)
{
	static const mode_t refused[] = {0640, 0620, 0610, 0604, 0602, 0601, 0660, 0644, 0777};
	struct secret *secret = NULL;

	(void)state;
	assert_int_equal(secret_write_file(folder, "key", bytes_of("k"), false, &fault), ERR_OK);
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		assert_int_equal(fchmodat(folder, "key", refused[i], 0), 0);
		assert_fault(secret_read_file(&secret, folder, "key", 8, &fault), "file-mode");
		assert_non_null(strstr(fault.text, "chmod 600"));
		assert_string_equal(fault.where, "key");
		assert_null(secret);
	}
	assert_int_equal(fchmodat(folder, "key", 0400, 0), 0);
	assert_int_equal(secret_read_file(&secret, folder, "key", 8, &fault), ERR_OK);
	secret_free(&secret);
}

/* A descriptor from which text can be read. */
static int pipe_of(const char *text)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
	close(ends[1]);
	return ends[0];
}

static void assert_line(int fd, const char *expected)
{
	struct secret *secret = NULL;

	assert_int_equal(secret_read_fd(&secret, fd, &fault), ERR_OK);
	assert_true(bytes_is(secret_bytes(secret), expected));
	secret_free(&secret);
}

static void refuse_line(int fd, const char *code)
{
	struct secret *secret = NULL;

	assert_fault(secret_read_fd(&secret, fd, &fault), code);
	assert_null(secret);
}

static void test_read_fd(void **state)
{
	char text[PASSPHRASE_MAX + 3];
	int fd = pipe_of("one\ntwo \x03words\n\nlast");

	(void)state;
	assert_line(fd, "one");
	assert_line(fd, "two \x03words");
	refuse_line(fd, "passphrase-empty");
	assert_line(fd, "last");
	refuse_line(fd, "passphrase-empty");
	close(fd);
	refuse_line(fd, "passphrase-read");
	memset(text, 'p', sizeof text);
	text[PASSPHRASE_MAX] = '\n';
	text[PASSPHRASE_MAX + 1] = '\0';
	fd = pipe_of(text);
	text[PASSPHRASE_MAX] = '\0';
	assert_line(fd, text);
	close(fd);
	text[PASSPHRASE_MAX] = 'p';
	fd = pipe_of(text);
	refuse_line(fd, "passphrase-read");
	close(fd);
}

/* In a child with a terminal: 0 if the passphrase came as typed, 100 + something if not; and the terminal's
 * echo must be back. */
static int ask(const char *expected, bool confirm)
{
	struct secret *secret = NULL;
	struct termios settings;
	enum err err = secret_ask(&secret, "Passphrase: ", confirm, &fault);
	int result = 100;

	if (err == ERR_OK && bytes_is(secret_bytes(secret), expected))
		result = 0;
	else if (err != ERR_OK && strcmp(fault.code, "passphrase-differs") == 0)
		result = 101;
	else if (err != ERR_OK && strcmp(fault.code, "passphrase-read") == 0)
		result = 102;
	else if (err != ERR_OK && strcmp(fault.code, "passphrase-empty") == 0)
		result = 103;
	if ((err == ERR_OK) != (secret != NULL))
		result = 104;
	if (tcgetattr(0, &settings) != 0 || (settings.c_lflag & (ECHO | ISIG)) != (ECHO | ISIG))
		result = 105;
	secret_free(&secret);
	return result;
}

static int ask_with(const char *first, const char *second)
{
	struct terminal terminal;
	size_t place = 0;
	int result;

	if (!terminal_fork(&terminal))
		_exit(ask("pass word", second != NULL));
	assert_true(terminal_expect(&terminal, &place, "Passphrase: "));
	terminal_type(&terminal, first);
	if (second != NULL) {
		assert_true(terminal_expect(&terminal, &place, "again: "));
		terminal_type(&terminal, second);
	}
	result = terminal_wait(&terminal);
	assert_null(memmem(terminal.shown, terminal.size, "pass word", 9));
	return result;
}

static void test_ask(void **state)
{
	(void)state;
	assert_int_equal(ask_with("pass word\n", NULL), 0);
	assert_int_equal(ask_with("pass word\n", "pass word\n"), 0);
	assert_int_equal(ask_with("pass word\n", "pass worD\n"), 101);
	assert_int_equal(ask_with("pass word\n", "pass wor\n"), 101);
	assert_int_equal(ask_with("pass word\n", "pass word2\n"), 101);
	assert_int_equal(ask_with("pass\x03", NULL), 102); /* the interrupt key */
	assert_int_equal(ask_with("\x1c", NULL), 102);     /* the quit key */
	assert_int_equal(ask_with("pass word\n", "\x03"), 102);
	assert_int_equal(ask_with("\n", NULL), 103);
	assert_int_equal(ask_with("pass wurd\x7f\x7f\x7forD\x7f""d\n", NULL), 0); /* erasing works */
}

/* A signal in the middle does its work when the terminal speaks again. */
static void test_ask_signal(void **state)
{
	struct terminal terminal;
	struct termios settings;
	size_t place = 0;

	(void)state;
	if (!terminal_fork(&terminal))
		_exit(ask("pass word", false));
	assert_true(terminal_expect(&terminal, &place, "Passphrase: "));
	assert_int_equal(tcgetattr(terminal.master, &settings), 0);
	assert_int_equal(settings.c_lflag & ECHO, 0);
	assert_int_equal(kill(terminal.child, SIGTERM), 0);
	terminal_type(&terminal, "pass word\n");
	assert_true(terminal_expect(&terminal, &place, "\n"));
	assert_int_equal(tcgetattr(terminal.master, &settings), 0);
	assert_int_not_equal(settings.c_lflag & ECHO, 0);
	assert_int_equal(terminal_wait(&terminal), 128 + SIGTERM);
}

/* In a child, so that what is done to the process is gone afterwards. */
static int in_child(int (*work)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(work());
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int ask_nobody(void)
{
	struct secret *secret = NULL;

	if (setsid() < 0)
		return 1;
	return secret_ask(&secret, "", false, &fault) == ERR_CANNOT && strcmp(fault.code,
	    "no-terminal") == 0 ? 0 : 2;
}

static int harden(void)
{
	struct rlimit limit;

	if (secret_process(&fault) != ERR_OK)
		return 1;
	if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur != 0 || limit.rlim_max != 0)
		return 2;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 3;
	return umask(0) == 077 ? 0 : 4;
}

static void test_no_terminal(void **state)
{
	(void)state;
	assert_int_equal(in_child(ask_nobody), 0);
}

static void test_process(void **state)
{
	(void)state;
	assert_int_equal(in_child(harden), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capacity),
		cmocka_unit_test(test_wiped),
		cmocka_unit_test(test_lock_failed),
		cmocka_unit_test(test_locked_and_not_dumped),
		cmocka_unit_test(test_resize_too_far),
		cmocka_unit_test(test_memory),
		cmocka_unit_test_setup_teardown(test_file, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_file_mode, folder_make, folder_remove),
		cmocka_unit_test(test_read_fd),
		cmocka_unit_test(test_ask),
		cmocka_unit_test(test_ask_signal),
		cmocka_unit_test(test_no_terminal),
		cmocka_unit_test(test_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
