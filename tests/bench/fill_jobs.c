/* Fills a state directory for the benches in Python: ENDED jobs that are over, then ACTIVE ones that run on
 * the clusters c0 ... c<CLUSTERS-1> in turn, each under the scheduler id 1000 + its number.
 *
 * Usage: fill_jobs STATE_DIR ENDED ACTIVE CLUSTERS */
#include "support/store_help.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum { GROUP = 500 };

static void insert(struct store *store, struct job *job)
{
    struct err err = { 0 };
    if (job_store_insert(store, job, NULL, &err) < 0) {
        fprintf(stderr, "fill_jobs: %s\n", err.text);
        exit(1);
    }
}

static void add_active(struct store *store, int n, int clusters)
{
    auto_job struct job *job = store_help_job(n);
    auto_str struct str text = STR_MAX(4096);
    str_addf(&text, "c%d", n % clusters);
    mem_replace_str(&job->cluster, str_text(&text));
    str_cut(&text, 0);
    str_addf(&text, "%d", 1000 + n);
    mem_replace_str(&job->sched_id, str_text(&text));
    str_cut(&text, 0);
    str_addf(&text, "/home/ada/sluice/runs/%s", job->token);
    mem_replace_str(&job->run_dir, str_text(&text));
    job->state = JOB_STATE_RUNNING;
    job->phase = PHASE_SUBMITTED;
    job->confirmed = true;
    job->submitted_at_us = job->created_at_us;
    insert(store, job);
}

static void add_ended(struct store *store, int n)
{
    static const enum job_state ends[] = { JOB_STATE_COMPLETED, JOB_STATE_COMPLETED, JOB_STATE_COMPLETED,
                                           JOB_STATE_FAILED, JOB_STATE_CANCELLED };
    (void)store_help_insert(store, n, ends[n % 5]);
}

int main(int argc, char **argv)
{
    struct err err = { 0 };
    struct store *store = NULL;
    if (argc != 5)
        return 2;
    int ended = (int)strtol(argv[2], NULL, 10), active = (int)strtol(argv[3], NULL, 10);
    int clusters = (int)strtol(argv[4], NULL, 10);
    if (store_open(argv[1], &clock_real, &store, &err) < 0) {
        fprintf(stderr, "fill_jobs: %s\n", err.text);
        return 1;
    }
    for (int n = 0; n < ended + active; n++) {
        if (n < ended)
            add_ended(store, n);
        else
            add_active(store, n, clusters);
        if (n % GROUP == GROUP - 1 && store_flush(store, NULL) < 0)
            return 1;
    }
    store_close(store);
    return 0;
}
