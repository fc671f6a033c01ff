#include "unit/svc/fixture_group.h"

static void count(void *ctx)
{
    ++*(int *)ctx;
}

static void wait_ends_when_the_job_has_come_so_far(void **state)
{
    struct fixture *f = *state;
    int submitted = 0, ended = 0;
    struct job *job = fixture_job(f, NULL);
    wait_start(f->gw.waits, &(struct wait_call){ job->id, WAIT_SUBMITTED, 0, 60000 }, count, &submitted);
    wait_start(f->gw.waits, &(struct wait_call){ job->id, WAIT_TERMINAL, 0, 60000 }, count, &ended);
    fixture_turn(f, 1);
    assert_int_equal(submitted + ended, 0);
    jobs_enter(f->gw.jobs, job, JOB_STATE_PENDING, NULL);
    fixture_turn(f, 1);
    assert_int_equal(submitted, 1);
    assert_int_equal(ended, 0);
    jobs_enter(f->gw.jobs, job, JOB_STATE_CANCELLED, NULL);
    fixture_turn(f, 1);
    assert_int_equal(ended, 1);
}

static void wait_for_what_is_so_already_ends_in_the_next_turn(void **state)
{
    struct fixture *f = *state;
    int ended = 0;
    struct job *job = fixture_job(f, NULL);
    int64_t id = job->id;
    jobs_enter(f->gw.jobs, job, JOB_STATE_CANCELLED, NULL);
    fixture_turn(f, 1);
    wait_start(f->gw.waits, &(struct wait_call){ id, WAIT_TERMINAL, 0, 60000 }, count, &ended);
    assert_int_equal(ended, 0);
    fixture_turn(f, 1);
    assert_int_equal(ended, 1);
}

static void wait_for_a_change_looks_behind_the_given_event(void **state)
{
    struct fixture *f = *state;
    int changed = 0;
    struct job *job = fixture_job(f, NULL);
    wait_start(f->gw.waits, &(struct wait_call){ job->id, WAIT_CHANGE, job->event, 60000 }, count, &changed);
    fixture_turn(f, 1);
    assert_int_equal(changed, 0);
    jobs_change(f->gw.jobs, job, "changed", NULL);
    fixture_turn(f, 1);
    assert_int_equal(changed, 1);
}

static void dropped_wait_is_never_called(void **state)
{
    struct fixture *f = *state;
    int called = 0;
    struct job *job = fixture_job(f, NULL);
    wait_drop(wait_start(f->gw.waits, &(struct wait_call){ job->id, WAIT_TERMINAL, 0, 0 }, count, &called));
    jobs_enter(f->gw.jobs, job, JOB_STATE_CANCELLED, NULL);
    fixture_turn(f, 1);
    assert_int_equal(called, 0);
}

static void time_up_ends_a_wait(void **state)
{
    struct fixture *f = *state;
    int called = 0;
    struct job *job = fixture_job(f, NULL);
    wait_start(f->gw.waits, &(struct wait_call){ job->id, WAIT_TERMINAL, 0, 0 }, count, &called);
    fixture_turn(f, 1);
    assert_int_equal(called, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(wait_ends_when_the_job_has_come_so_far),
        TEST(wait_for_what_is_so_already_ends_in_the_next_turn),
        TEST(wait_for_a_change_looks_behind_the_given_event),
        TEST(dropped_wait_is_never_called),
        TEST(time_up_ends_a_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
