/* Whole files and folders. Every error names the path. These calls block: configuration and start-up only, or
 * in the pool. */
#ifndef SLUICE_IO_FILE_H
#define SLUICE_IO_FILE_H

#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

/* out->max is set to max_bytes; ERR_TOO_LARGE past it, ERR_INVALID for what is no regular file. */
int file_read(const char *path, size_t max_bytes, struct str *out, struct err *err);

/* After a crash the path holds the old bytes or the new ones, never a part: tmp beside it, fsync, rename,
 * fsync of the folder. */
int file_write(const char *path, struct span bytes, mode_t mode, struct err *err);

/* fsync of the folder that holds path: a name that rename gave outlasts a power loss. -1 with errno. */
int file_sync_dir_of(const char *path);

/* All of them, not synced: a disk that takes a part only tells at the next write why. -1 with errno. */
int file_write_fd(int fd, struct span bytes);

/* Adds bytes to the end (one write, fsync); makes the file with mode where it is not there. */
int file_append(const char *path, struct span bytes, mode_t mode, struct err *err);

int file_make_dirs(const char *path, mode_t mode, struct err *err); /* with parents; there already is fine */
bool file_exists(const char *path);

/* An exclusive lock for as long as the descriptor is open. ERR_CONFLICT where another process has it. */
int file_lock(const char *path, int *out_fd, struct err *err);

/* An unlinked file below dir (NULL: /tmp), readable and writable, that nobody else can open. */
int file_temp(const char *dir, int *out_fd, struct err *err);

#endif
