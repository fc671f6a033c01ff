/* What must not stay beside a job that is over is taken away, however busy the gateway is. */
#include "unit/svc/fixture_group.h"
#include "unit/svc/loop_clock.h"

#include "store/event_store.h"
#include "svc/watch/closing.h"

/* Both clocks go on, and an event is committed. */
static void pass(struct fixture *f, int64_t ms)
{
    ahead_ms += ms;
    assert_int_equal(event_store_add(f->gw.store, "clusters", "k", NULL, NULL, NULL), 0);
    fixture_turn(f, ms);
}

/* A job that is over and had secrets. */
static void end_job_with_secrets(struct fixture *f, char token[TOKEN_CHARS + 1])
{
    struct job *job = fixture_job(f, NULL);
    snprintf(token, TOKEN_CHARS + 1, "%s", job->token);
    assert_int_equal(spool_put_secrets(f->state, token, SPAN_LIT("A='b'\n"), NULL), 0);
    closing_expect(f->gw.closing, token);
    jobs_enter(f->gw.jobs, job, JOB_STATE_CANCELLED, NULL);
    fixture_turn(f, 1);
}

static bool has_mark(const struct fixture *f, const char *token)
{
    auto_str struct str path = STR_MAX(300);
    str_addf(&path, "%s/secrets/%s.sent", f->state, token);
    return access(str_text(&path), F_OK) == 0;
}

static void answer_close(const struct err *err)
{
    assert_true(fake.close.is_open);
    fake.close.is_open = false;
    fake.close.plain(fake.close.ctx, err);
}

static void steady_events_do_not_put_it_off(void **state)
{
    struct fixture *f = *state;
    char token[TOKEN_CHARS + 1];
    end_job_with_secrets(f, token);
    for (int i = 0; i < 4; i++)
        pass(f, 300);
    assert_int_equal(fake.closes, 1);
    assert_string_equal(fake.closed, token);
    assert_false(has_mark(f, token));
}

static void an_event_brings_the_next_look_forward(void **state)
{
    struct fixture *f = *state;
    char first[TOKEN_CHARS + 1], second[TOKEN_CHARS + 1];
    fleet_find(f->gw.fleet, "alder")->unreachable = true;
    end_job_with_secrets(f, first);
    pass(f, 600); /* nobody there: the next look by itself is a minute away */
    fleet_find(f->gw.fleet, "alder")->unreachable = false;
    end_job_with_secrets(f, second);
    pass(f, 600);
    assert_int_equal(fake.closes, 2);
}

static void what_is_on_its_way_is_not_sent_twice_and_a_failure_is_not_hammered(void **state)
{
    struct fixture *f = *state;
    char token[TOKEN_CHARS + 1];
    struct err err = { .code = ERR_TIMEOUT };
    fake.keeps_closes = true;
    end_job_with_secrets(f, token);
    for (int i = 0; i < 4; i++)
        pass(f, 600);
    assert_int_equal(fake.closes, 1);
    answer_close(&err);
    for (int i = 0; i < 4; i++)
        pass(f, 600);
    assert_int_equal(fake.closes, 1);
    assert_true(has_mark(f, token));
    pass(f, 60000);
    assert_int_equal(fake.closes, 2);
    answer_close(NULL);
    assert_false(has_mark(f, token));
}

static void what_found_no_room_is_sent_at_the_next_look(void **state)
{
    struct fixture *f = *state;
    char token[TOKEN_CHARS + 1];
    fake.refuses = true;
    end_job_with_secrets(f, token);
    pass(f, 600);
    assert_int_equal(fake.closes, 1);
    assert_true(has_mark(f, token));
    fake.refuses = false;
    for (int i = 0; i < 2; i++)
        pass(f, 600);
    assert_int_equal(fake.closes, 2);
    assert_false(has_mark(f, token));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steady_events_do_not_put_it_off),
        TEST(an_event_brings_the_next_look_forward),
        TEST(what_is_on_its_way_is_not_sent_twice_and_a_failure_is_not_hammered),
        TEST(what_found_no_room_is_sent_at_the_next_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
