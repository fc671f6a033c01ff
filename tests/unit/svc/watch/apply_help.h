/* A job that Slurm has, rows about it, and ticks that bring them. */
#ifndef SLUICE_TEST_APPLY_HELP_H
#define SLUICE_TEST_APPLY_HELP_H

#include "unit/svc/fixture_group.h"

#include "svc/watch/apply.h"

#define LIVE(word)                                                                                         \
    {                                                                                                      \
        .source = SEEN_QUEUE, .sched_id = { "7", 1 }, .task = -1, .raw_state = { word, sizeof(word) - 1 }, \
        .submitted_s = SEEN_ABSENT, .eligible_s = SEEN_ABSENT, .started_s = SEEN_ABSENT,                   \
        .ended_s = SEEN_ABSENT, .exit_code = SEEN_ABSENT, .signal = SEEN_ABSENT,                           \
        .max_rss_bytes = SEEN_ABSENT, .cpu_s = SEEN_ABSENT,                                                \
    }

static inline struct seen_job row_of(const struct job *job, enum seen_source source, enum job_state state)
{
    struct seen_job row = LIVE("");
    row.token = span_of(job->token);
    row.source = source;
    row.state = state;
    row.raw_state = span_of(job_state_word(state));
    return row;
}

static inline struct job *submitted(struct fixture *f, const char *array)
{
    struct job *job = fixture_job(f, array);
    job->phase = PHASE_SUBMITTED;
    job->confirmed = true;
    mem_replace_str(&job->sched_id, "7");
    mem_replace_str(&job->source, "receipt");
    jobs_enter(f->gw.jobs, job, JOB_STATE_PENDING, NULL);
    fixture_turn(f, 0);
    return job;
}

/* A good tick with these rows; accounting answered. */
static inline void see(struct fixture *f, const struct seen_job *rows, size_t count)
{
    struct tick_report report = { .queue_ok = true,
                                  .accounting_ok = true,
                                  .accounting_asked = true,
                                  .jobs = rows,
                                  .job_count = count,
                                  .clock_s = SEEN_ABSENT };
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, 30000);
}

static inline struct job *stored(struct fixture *f, int64_t id)
{
    struct job *job = NULL;
    assert_int_equal(job_store_get(f->gw.store, id, &job, NULL), 0);
    return job;
}

#endif
