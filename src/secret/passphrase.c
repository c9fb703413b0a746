/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "gapseal/secret.h"

static enum err read_fault(struct fault *fault, const char *rule)
{
	return fault_set(fault, ERR_CANNOT, "passphrase-read", NULL, "%s", rule);
}

/* Byte by byte: what follows the line belongs to whoever reads next. cancel[] are bytes that give up
 * (those of a terminal's interrupt and quit keys). */
static enum err line_read(struct secret *out, int fd, struct bytes cancel, struct fault *fault)
{
	uint8_t byte = 0;
	ssize_t got;
	enum err err = ERR_OK;

	while (err == ERR_OK && (got = read(fd, &byte, 1)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			err = fault_errno(fault, "passphrase-read", NULL, "the passphrase cannot be read");
		else if (byte == '\n')
			break;
		else if (cancel.size != 0 && memchr(cancel.data, byte, cancel.size) != NULL)
			err = read_fault(fault, "cancelled");
		else if (!secret_put(out, bytes_from(&byte, 1)))
			err = read_fault(fault, "the passphrase is longer than 1024 bytes");
	}
	secret_wipe(&byte, sizeof byte);
	if (err == ERR_OK && secret_size(out) == 0)
		err = fault_set(fault, ERR_CANNOT, "passphrase-empty", NULL, "the passphrase is empty");
	return err;
}

static enum err line_new(struct secret **out, int fd, struct bytes cancel, struct fault *fault)
{
	enum err err = secret_new(out, PASSPHRASE_MAX, fault);

	if (err != ERR_OK)
		return err;
	if ((err = line_read(*out, fd, cancel, fault)) != ERR_OK)
		secret_free(out);
	return err;
}

enum err secret_read_fd(struct secret **out, int fd, struct fault *fault)
{
	return line_new(out, fd, bytes_from(NULL, 0), fault);
}

static bool write_text(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t put = write(fd, text, left);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		text += put;
		left -= (size_t)put;
	}
	return true;
}

/* Echo off, and no signals from keys: a program that a key kills here would leave the terminal mute.
 * Instead these keys end the line, as LF does, and their byte is seen by line_read. */
static void make_mute(struct termios *mute, const struct termios *usual)
{
	*mute = *usual;
	mute->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ISIG);
	mute->c_lflag |= ICANON;
	mute->c_iflag |= ICRNL;
	mute->c_cc[VEOL] = usual->c_cc[VINTR];
	mute->c_cc[VEOL2] = usual->c_cc[VQUIT];
}

static enum err ask_muted(struct secret **out, int tty, const char *prompt, struct fault *fault)
{
	struct termios usual, mute;
	uint8_t cancel[2];
	enum err err;

	if (tcgetattr(tty, &usual) != 0)
		return fault_system(fault, "/dev/tty", "look at the terminal's settings");
	make_mute(&mute, &usual);
	cancel[0] = usual.c_cc[VINTR];
	cancel[1] = usual.c_cc[VQUIT];
	if (tcsetattr(tty, TCSAFLUSH, &mute) != 0)
		return fault_system(fault, "/dev/tty", "switch the terminal's echo off");
	if (write_text(tty, prompt))
		err = line_new(out, tty, bytes_from(cancel, sizeof cancel), fault);
	else
		err = fault_system(fault, "/dev/tty", "write to the terminal");
	if ((tcsetattr(tty, TCSAFLUSH, &usual) != 0 || !write_text(tty, "\n")) && err == ERR_OK) {
		err = fault_system(fault, "/dev/tty", "switch the terminal's echo on again");
		secret_free(out);
	}
	return err;
}

static enum err ask_once(struct secret **out, int tty, const char *prompt, struct fault *fault)
{
	sigset_t held, before;
	enum err err;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGQUIT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	sigaddset(&held, SIGTSTP);
	if ((errno = pthread_sigmask(SIG_BLOCK, &held, &before)) != 0)
		return fault_system(fault, NULL, "hold signals back");
	err = ask_muted(out, tty, prompt, fault);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

static enum err ask_again(struct secret *first, int tty, struct fault *fault)
{
	struct secret *second = NULL;
	enum err err = ask_once(&second, tty, "The same again: ", fault);

	if (err != ERR_OK)
		return err;
	if (secret_size(first) != secret_size(second) ||
	    !secret_equal(secret_data(first), secret_data(second), secret_size(first)))
		err = fault_set(fault, ERR_CANNOT, "passphrase-differs", NULL, "the two passphrases differ");
	secret_free(&second);
	return err;
}

enum err secret_ask(struct secret **out, const char *prompt, bool confirm, struct fault *fault)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	enum err err;

	*out = NULL;
	if (tty < 0)
		return fault_set(fault, ERR_CANNOT, "no-terminal", NULL,
		    "no terminal to ask for the passphrase on: use --passphrase-fd");
	err = ask_once(out, tty, prompt, fault);
	if (err == ERR_OK && confirm && (err = ask_again(*out, tty, fault)) != ERR_OK)
		secret_free(out);
	close(tty);
	return err;
}
