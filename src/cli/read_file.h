/* Small files of the user, read whole. */
#ifndef SLUICE_CLI_READ_FILE_H
#define SLUICE_CLI_READ_FILE_H

#include "base/err.h"
#include "base/str.h"

/* Appends the file's bytes ("-": stdin). ERR_TOO_LARGE past the string's ceiling; the text names the file. */
int read_file(const char *path, struct str *to, struct err *err);

#endif
