/* SPDX-License-Identifier: ISC */
#include "gapseal_seed.h"

#include <fcntl.h>
#include <stdio.h>

#include "gapseal/file.h"

#define MASTER_FILE_MAX 65536
#define FD_MAX 1024

static enum err from_shares(struct secret **out, const struct texts *fds, struct fault *fault)
{
	struct secret *shares[SEED_SHARES_MAX] = {NULL};
	enum err err = ERR_OK;
	uint64_t fd;

	for (size_t i = 0; i < fds->count && i < SEED_SHARES_MAX && err == ERR_OK; i++) {
		if (decimal_parse(bytes_of(fds->items[i]), FD_MAX, &fd))
			err = seed_read_fd(&shares[i], (int)fd, fault);
		else
			err = fault_set(fault, ERR_CANNOT, "usage", "--seed-share-fd", "not a descriptor");
	}
	if (err == ERR_OK)
		err = seed_combine(out, shares, fds->count, fault);
	for (size_t i = 0; i < SEED_SHARES_MAX; i++)
		secret_free(&shares[i]);
	return err;
}

static enum err open_identity(struct secret **out, const char *path, uint64_t fd, struct fault *fault)
{
	struct office office = OFFICE_EMPTY;
	struct secret *passphrase = NULL;
	enum err err = office_open(&office, path, fault);

	if (err == ERR_OK && office_identity_sealed(&office))
		err = passphrase_get(&passphrase, fd, "Passphrase of the office identity: ", false, fault);
	if (err == ERR_OK)
		err = office_identity(out, &office, passphrase, fault);
	secret_free(&passphrase);
	office_close(&office);
	return err;
}

static enum err from_master(struct seed *out, const struct seed_options *options, const char *office,
    struct fault *fault)
{
	struct secret *identity = NULL;
	struct buffer file = BUFFER_EMPTY;
	enum err err;

	if (office == NULL)
		return fault_set(fault, ERR_CANNOT, "office-needed", "--master",
		    "a master file is opened by the identity of an office: --office must name it");
	err = file_read(&file, AT_FDCWD, options->master, MASTER_FILE_MAX, fault);
	if (err == ERR_OK)
		err = open_identity(&identity, office, options->passphrase_fd, fault);
	if (err == ERR_OK)
		err = master_read(&out->seed, out->plan, out->manifest, buffer_bytes(&file), identity,
		    options->master, fault);
	out->recorded = err == ERR_OK;
	secret_free(&identity);
	buffer_free(&file);
	return err;
}

enum err seed_get(struct seed *out, const struct seed_options *options, const char *office,
    struct fault *fault)
{
	int ways = (options->shares.count > 0) + (options->fd != NO_FD) + (options->master != NULL);

	*out = (struct seed){0};
	if (ways > 1)
		return fault_set(fault, ERR_CANNOT, "usage", NULL,
		    "the seed comes from shares, from --seed-fd or from --master, not from several of them");
	if (options->shares.count > 0)
		return from_shares(&out->seed, &options->shares, fault);
	if (options->master != NULL)
		return from_master(out, options, office, fault);
	if (options->fd == NO_FD)
		return ERR_OK;
	if (options->fd > FD_MAX)
		return fault_set(fault, ERR_CANNOT, "usage", "--seed-fd", "not a descriptor");
	return seed_read_fd(&out->seed, (int)options->fd, fault);
}

void seed_free(struct seed *seed)
{
	secret_free(&seed->seed);
}

int keygen_share(const struct command *command, int argc, char **argv)
{
	const char *out = NULL;
	bool force = false;
	const struct command_option options[] = {
		{"out", OPTION_TEXT, &out, "FILE", "file to make"},
		{"force", OPTION_FLAG, &force, NULL, "replace an existing file"},
	};
	struct operands operands;
	struct secret *share = NULL;
	struct fault fault;
	enum err err;
	int code;

	if (!command_options(command, options, 2, argc, argv, 0, 0, &operands, &code))
		return code;
	if (out == NULL)
		return command_missing(command, "out");
	err = seed_share_new(&share, &fault);
	if (err == ERR_OK)
		err = secret_write_file(AT_FDCWD, out, secret_bytes(share), force, &fault);
	secret_free(&share);
	if (err != ERR_OK)
		return command_fault(&fault, false);
	printf("%s (secret) made; whoever has every share and the plan has every key of the batch\n", out);
	return ERR_OK;
}
