/* The supervisor's files and process names: what must be on disk before anybody may rely on it.
 * All paths are relative to the run directory, which is the working directory. libc only. */
#ifndef SLUICE_EXEC_SUPERVISOR_FILE_H
#define SLUICE_EXEC_SUPERVISOR_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A process, told from every later one of the same number. */
struct proc_id {
    pid_t pid;
    unsigned long long start; /* field 22 of /proc/PID/stat, clock ticks since boot */
    char boot[64];
};

/* -1 where there is no such process. */
int proc_id_of(pid_t pid, struct proc_id *out);

/* Field 22 of a stat line (after the last ')': a name may hold anything). -1 on other text. */
int stat_start(const char *line, unsigned long long *start);

/* Makes the claim. 0 it is ours, 1 somebody has it, -1 the directory cannot be written. */
int claim_take(const struct proc_id *self);

/* tmp, fsync, rename, fsync of the directory. 0 or -1. */
int durable_write(const char *name, const char *text, size_t len);

/* The number after `key=` in a file of key=value words and lines; 0 where there is none. -1 where the file
 * cannot be read (errno). */
int spec_number(const char *file, const char *key, int64_t *out);

/* Sends sig (0: none) to every child of this process; gives how many there are, the dead not counted, or -1
 * where they cannot be listed. */
int children_signal(int sig);

#endif
