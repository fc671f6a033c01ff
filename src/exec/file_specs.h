/* What an executor is asked about files on the cluster (exec/executor.h). */
#ifndef SLUICE_EXEC_FILE_SPECS_H
#define SLUICE_EXEC_FILE_SPECS_H

#include "base/err.h"
#include "base/span.h"

/* New bytes of the files of running jobs (exec/tick_files.h). */
struct tick_known {
    const char *path; /* "TOKEN/attempt-1.log" */
    uint64_t inode;   /* 0: not told */
    int64_t offset;
};
struct tick_glob {
    const char *token,
        *pattern; /* files below that run's directory, beside those that always are looked for */
};
struct tick_follow {
    const char *const *tokens;
    size_t token_count;
    const struct tick_glob *globs;
    size_t glob_count;
    const struct tick_known *known;
    size_t known_count;
    size_t budget;           /* bytes of all files together */
    const char *const *full; /* tokens of runs of which no file is wanted that is not known */
    size_t full_count;
};

/* --- files --- */
/* Bytes from offset on of <run>/<file>; size is the file's whole length at that moment. ERR_NOT_FOUND: no
 * such file yet. max_bytes at most MAX_LOG_CHUNK_BYTES. */
struct read_spec {
    const char *token, *file;
    int64_t offset; /* < 0: that many bytes before the end */
    size_t max_bytes;
    int64_t first_line, lines; /* lines > 0: by line (from 1; negative: from the end) instead of by offset */
};
typedef void read_done(void *ctx, struct span bytes, int64_t offset, int64_t size, const struct err *err);

/* Lines of <run>/<file> that hold pattern where it is seen (carriage returns folded, no escape sequences):
 * how many there are, then "number:text" of the first `limit` from first_line on, each cut to 4 KiB.
 * ERR_INVALID: a pattern that is none. */
enum { MAX_SEARCH_BYTES = 1024, MAX_SEARCH_LINES = 1000 };
struct search_spec {
    const char *token, *file, *pattern;
    bool is_regex; /* POSIX extended, without back references */
    bool ignores_case;
    int64_t first_line, limit;
};

/* Makes sure <workspace>/code/<project>/<tree> is there and complete; asks first, and sends tar_fd (a tar of
 * bytes length whose BLAKE2b-256 is tree; owned from here on) only where it is not. */
struct stage_spec {
    const char *project, *tree;
    int tar_fd;
    uint64_t bytes;
};

#endif
