/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_EXPORT_H
#define GAPSEAL_EXPORT_H

#include "gapseal/checkpoint.h"
#include "gapseal/home.h"

/* export: the station's log for the auditor: an export entry, then a folder with copies of entries.jsonl and
 * checkpoint that belong together. The folder appears whole or not at all; "file-exists" if the path is
 * taken. The checkpoint of the copy is in *checkpoint. */
enum err home_export(struct checkpoint *checkpoint, struct home *home, const char *path, struct fault *fault);

#endif
