/* A store in a folder of its own, and jobs to put into it. */
#ifndef SLUICE_TESTS_STORE_HELP_H
#define SLUICE_TESTS_STORE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/event_store.h"
#include "store/job_store.h"
#include "store/misc_store.h"

struct store_help {
    char dir[64]; /* removed by store_help_end */
    struct clock_fake clock;
    struct store *store;
};

void store_help_dir(struct store_help *help);  /* the folder and the clock only */
void store_help_init(struct store_help *help); /* and the store, open */
void store_help_reopen(struct store_help *help);
void store_help_end(struct store_help *help);

/* A job as a submission makes one; `n` varies name, cluster and user. Caller frees. */
struct job *store_help_job(int n);
/* Inserts store_help_job(n) in `state` and gives its id. Not flushed. */
int64_t store_help_insert(struct store *store, int n, enum job_state state);
void store_help_path(const struct store_help *help, const char *name, char *path, size_t size);

#endif
