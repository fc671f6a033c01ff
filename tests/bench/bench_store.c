/* The store with 100,000 ended jobs: how long a list, an insert and a start take. Prints microseconds.
 * Arguments: [JOBS [ROUNDS]]. */
#include "support/store_help.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double now_us(void)
{
    return (double)clock_mono_us(&clock_real);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *what, double *times, size_t count)
{
    qsort(times, count, sizeof(*times), compare);
    printf("%-44s p50 %9.1f us   p99 %9.1f us\n", what, times[count / 2], times[count * 99 / 100]);
}

static void fill(struct store *store, int jobs, int group)
{
    static const enum job_state ends[] = { JOB_STATE_COMPLETED, JOB_STATE_COMPLETED, JOB_STATE_COMPLETED,
                                           JOB_STATE_FAILED, JOB_STATE_CANCELLED };
    double start = now_us();
    for (int i = 0; i < jobs; i++) {
        store_help_insert(store, i, ends[i % 5]);
        if (i % group == group - 1 && store_flush(store, NULL) < 0)
            exit(1);
    }
    (void)store_flush(store, NULL);
    printf("insert, commits of %-3d                        %.0f jobs/s\n", group,
           jobs / (now_us() - start) * 1e6);
}

static void bench_list(struct store *store, const char *what, struct job_query query, int rounds)
{
    double *times = mem_alloc((size_t)rounds * sizeof(*times));
    auto_str struct str items = STR_MAX(16 << 20);
    struct job_page page;
    query.limit = query.limit ? query.limit : 50;
    for (int i = 0; i < rounds; i++) {
        double start = now_us();
        str_cut(&items, 0);
        if (job_store_list(store, &query, &items, &page, NULL) < 0)
            exit(1);
        times[i] = now_us() - start;
    }
    report(what, times, (size_t)rounds);
    free(times);
}

static int count_one(void *ctx, struct job *job_taken, struct err *err)
{
    (void)err;
    ++*(int *)ctx;
    job_free(job_taken);
    return 0;
}

static void bench_start(struct store_help *h, int rounds)
{
    double *times = mem_alloc((size_t)rounds * sizeof(*times));
    int active = 0;
    for (int i = 0; i < rounds; i++) {
        store_close(h->store);
        h->store = NULL;
        double start = now_us();
        store_help_reopen(h);
        if (job_store_active(h->store, count_one, &active, NULL) < 0)
            exit(1);
        times[i] = now_us() - start;
    }
    report("open and read the active jobs", times, (size_t)rounds);
    free(times);
}

static void bench_update(struct store *store, int rounds)
{
    double start = now_us();
    for (int i = 0; i < rounds; i++) {
        auto_job struct job *job = NULL;
        if (job_store_get(store, 1 + i * 7 % 1000, &job, NULL) < 0)
            exit(1);
        job->state = i % 2 ? JOB_STATE_RUNNING : JOB_STATE_COMPLETED;
        if (job_store_update(store, job, "state", NULL, NULL) < 0 ||
            (i % 64 == 63 && store_flush(store, NULL) < 0))
            exit(1);
    }
    (void)store_flush(store, NULL);
    printf("read and update, commits of 64                 %.0f jobs/s\n", rounds / (now_us() - start) * 1e6);
}

int main(int argc, char **argv)
{
    int jobs = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 100000;
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1000;
    struct store_help h;
    store_help_init(&h);
    fill(h.store, jobs / 100, 1);
    fill(h.store, jobs - jobs / 100, 64);
    bench_start(&h, 20);
    bench_list(h.store, "list of 50, newest", (struct job_query){ 0 }, rounds);
    bench_list(h.store, "list of 50, newest, with total", (struct job_query){ .want_total = true }, rounds);
    bench_list(h.store, "list of 50, from the middle", (struct job_query){ .cursor = jobs / 2 }, rounds);
    bench_list(h.store, "list of 50, failed on alder",
               (struct job_query){ .states = job_states_failed(), .cluster = "alder" }, rounds);
    bench_list(h.store, "list, active (none)", (struct job_query){ .states = job_states_in(false) }, rounds);
    bench_list(h.store, "list, text that no name has (whole walk)", (struct job_query){ .text = "nothing" },
               rounds / 50 + 1);
    bench_list(h.store, "list of 50, cluster, with total",
               (struct job_query){ .cluster = "alder", .want_total = true }, rounds / 50 + 1);
    bench_update(h.store, rounds * 10);
    store_help_end(&h);
    return 0;
}
