/* What the row parsers share: names that may stand in a command line, and the note of the first reject. */
#ifndef SLUICE_SLURM_ROW_H
#define SLUICE_SLURM_ROW_H

#include "base/err.h"
#include "base/str.h"

enum { ROW_REJECT_BYTES = 160 };

/* Counts a reject; keeps the first reason in note (ROW_REJECT_BYTES), "why: head of the text" with control
 * and non-ASCII bytes as '?'. */
void row_reject(size_t *rejected, char *note, const char *why, struct span text);

/* [A-Za-z0-9_.@+-]+, not starting with '-', at most 128 bytes: stands in a shell command as it is. */
bool row_is_plain_name(struct span name);

/* "squeue", or "<bin_dir>/squeue" quoted for the shell. bin_dir NULL or empty: the bare name. -1 with
 * ERR_INVALID where bin_dir is not absolute or holds a byte outside [A-Za-z0-9_./+-]. */
int row_add_tool(struct str *sh, const char *bin_dir, const char *tool, struct err *err);

#endif
