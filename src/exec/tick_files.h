/* The part of a tick that brings new bytes of logs and metric files: one `stat` for all of them, one `tail`
 * for each that changed, as much as the budget allows, shared fairly.
 *
 * The cluster finds the files itself (attempts and array tasks come and go): attempt-*.log and metrics*.jsonl
 * or .csv in the run directory of each token. A file that was replaced (another inode) or cut (shorter than
 * what is known) starts anew. A log that is far behind jumps to its last TICK_KEEP_BYTES once its beginning
 * is known; metric files are never skipped. */
#ifndef SLUICE_EXEC_TICK_FILES_H
#define SLUICE_EXEC_TICK_FILES_H

#include "exec/executor.h"
#include "text/frame.h"

enum {
    TICK_SKIP_BYTES = 32 * 1024 * 1024,
    TICK_KEEP_BYTES = 4 * 1024 * 1024,
    MAX_TICK_FILES = 3000 /* told about in one tick; the others follow in the next */
};

/* Adds the sections to a program that stands in the workspace. Nothing where there is no token. */
int tick_files_program(struct str *sh, const struct tick_follow *follow, struct err *err);

/* "TOKEN/metrics.csv", "TOKEN/code/logs/x.csv": a path that may be asked about. */
bool tick_files_is_path(const char *path);

struct tick_files { /* owned copies: a second program may follow in the same tick */
    struct seen_file *files;
    size_t count, cap;
    bool cut; /* there was more than the budget */
    struct str bytes;
};
/* out must be zeroed. Sections that are not whole are left out: the bytes come again. */
void tick_files_read(const struct frame *frame, struct tick_files *out);
void tick_files_clear(struct tick_files *files);
#define auto_tick_files __attribute__((cleanup(tick_files_clear)))
void tick_files_report(const struct tick_files *files, struct tick_report *report);

#endif
