/* Words of sbatch that nobody knows. Covers: svc/submit/reconcile, svc/submit/launch_refuse. */
#include "unit/svc/fixture_group.h"

#include "store/job_store.h"
#include "svc/submit/launch_task.h"

static void wake(struct fixture *f, const struct job *job, int64_t after_ms)
{
    fixture_turn(f, after_ms);
    launch_job(f->gw.launch, job->id);
    fixture_turn(f, 1);
}

static void answer_look(struct fixture *f, const struct look_result *result)
{
    assert_true(fake.look.is_open);
    fake.look.is_open = false;
    fake.look.look(fake.look.ctx, result);
    fixture_turn(f, 0);
}

static struct job *unknown_words(struct fixture *f)
{
    struct job *job = fixture_job(f, NULL);
    struct submit_result said = { .end = SUBMIT_UNKNOWN };
    launch_job(f->gw.launch, job->id);
    fixture_turn(f, 1);
    err_set(&said.err, ERR_CORRUPT, "the moon is full");
    fake.submit.is_open = false;
    fake.submit.submit(fake.submit.ctx, &said);
    fixture_turn(f, 0);
    return job;
}

/* Seen with a deadline that no row knew: sent again every T_settle, for ever, and called a lost answer. */
static void words_said_twice_without_a_job_are_a_refusal(void **state)
{
    struct fixture *f = *state;
    struct job *job = unknown_words(f);
    int64_t id = job->id;
    auto_job struct job *stored = NULL;
    wake(f, job, 1000);
    answer_look(f, &(struct look_result){ .end = LOOK_ABSENT, .repeated = "the moon is full" });
    assert_int_equal(job->phase, PHASE_UNKNOWN); /* one look proves nothing */
    wake(f, job, 12000);
    answer_look(f, &(struct look_result){ .end = LOOK_ABSENT, .repeated = "the moon is full" });
    assert_int_equal(fake.submits, 1);
    assert_null(jobs_find(f->gw.jobs, id));
    assert_int_equal(job_store_get(f->gw.store, id, &stored, NULL), 0);
    assert_int_equal(stored->state, JOB_STATE_SUBMIT_FAILED);
    assert_non_null(strstr(stored->why, "the moon is full"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(words_said_twice_without_a_job_are_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
