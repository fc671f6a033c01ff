/* Of two scheduler jobs of one submission only the first stays. */
#include "unit/svc/fixture_group.h"
#include "unit/svc/loop_clock.h"

#include "svc/reload.h"
#include "svc/submit/launch_task.h"

static void answer(const struct err *err)
{
    assert_true(fake.cancel.is_open);
    fake.cancel.is_open = false;
    fake.cancel.plain(fake.cancel.ctx, err);
}

static void pass(struct fixture *f, int64_t ms)
{
    ahead_ms += ms;
    fixture_turn(f, ms);
}

static void a_cancel_that_failed_is_repeated_with_longer_waits_until_it_is_done(void **state)
{
    struct fixture *f = *state;
    struct err err = { .code = ERR_OFFLINE };
    const struct job *job = fixture_job(f, NULL);
    unsigned sent = 1;
    doubles_cancel(f->gw.launch, job, "6");
    assert_string_equal(fake.cancel.detail, "6");
    assert_string_equal(fake.cancel.token, job->token);
    for (int64_t wait = 2000; sent < 12; wait = wait * 2 < 300000 ? wait * 2 : 300000) {
        answer(&err);
        pass(f, wait - 1000);
        assert_int_equal(fake.cancels, sent);
        pass(f, 1010);
        assert_int_equal(fake.cancels, ++sent);
        assert_string_equal(fake.cancel.detail, "6");
    }
    answer(NULL);
    pass(f, 600000);
    assert_int_equal(fake.cancels, sent);
}

static void one_that_found_no_room_or_no_cluster_is_sent_later(void **state)
{
    struct fixture *f = *state;
    const struct job *job = fixture_job(f, NULL);
    fake.refuses = true;
    doubles_cancel(f->gw.launch, job, "6");
    assert_false(fake.cancel.is_open);
    fake.refuses = false;
    fixture_write(f->clusters,
                  "clusters:\n  - {name: alder, type: slurm, host: me@login.example, enabled: false}\n");
    assert_int_equal(reload(&f->gw), 0);
    pass(f, 2010);
    assert_false(fake.cancel.is_open);
    fixture_write(f->clusters, fixture_clusters);
    assert_int_equal(reload(&f->gw), 0);
    pass(f, 4010);
    assert_string_equal(fake.cancel.detail, "6");
    answer(NULL);
}

static void a_cluster_that_was_never_here_is_waited_for(void **state)
{
    struct fixture *f = *state;
    struct job *job = fixture_job(f, NULL);
    mem_replace_str(&job->cluster, "nowhere");
    doubles_cancel(f->gw.launch, job, "6");
    pass(f, 2010);
    assert_int_equal(fake.cancels, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_cancel_that_failed_is_repeated_with_longer_waits_until_it_is_done),
        TEST(one_that_found_no_room_or_no_cluster_is_sent_later),
        TEST(a_cluster_that_was_never_here_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
