/* The state directory: ours alone, on a disk whose locks and fsync mean something, and one daemon at a time.
 */
#ifndef SLUICE_STORE_STATE_DIR_H
#define SLUICE_STORE_STATE_DIR_H

#include "base/err.h"

#include <stddef.h>

/* Makes the directory (0700, and its parents) where it is absent; refuses one that belongs to another user or
 * that others can enter (ERR_DENIED), and network or FUSE file systems (ERR_UNSUPPORTED). An overlay is
 * allowed: `warning` (of size bytes) then says what is at stake, else it is empty. */
int state_dir_prepare(const char *dir, char *warning, size_t size, struct err *err);

/* What state_dir_prepare says to a file system's type (statfs(2) f_type). */
int state_dir_check_type(unsigned long type, const char *dir, char *warning, size_t size, struct err *err);

/* Takes <dir>/lock for as long as *fd stays open and writes our pid into it. ERR_CONFLICT: "another sluice
 * (pid N) serves this state directory"; where that one is gone and only its last child still holds the lock,
 * it waits up to 5 s for it. */
int state_dir_lock(const char *dir, int *fd, struct err *err);

/* Makes an empty file of mode 0600 where none is; refuses one that is not a plain file of ours or that others
 * can read. Never opens an existing one: closing it would drop SQLite's locks. */
int state_file_prepare(const char *path, struct err *err);

#endif
