/* A person at a cluster's login, and the doctor's visit, over a fake executor.
 * Covers: svc/cluster/connect, svc/cluster/doctor. */
#include "unit/svc/fixture_group.h"

#include "svc/cluster/connect.h"
#include "svc/cluster/doctor.h"
#include "text/json_in.h"

struct seen {
    int calls;
    bool ok;
    enum err_code code;
    char text[4096];
};

static void keep(void *ctx, const struct answer *answer)
{
    struct seen *seen = ctx;
    seen->calls++;
    seen->ok = answer->ok;
    seen->code = answer->err.code;
    struct span text = answer->ok ? answer->body : span_of(answer->err.text);
    snprintf(seen->text, sizeof(seen->text), "%.*s", SPAN_FMT(text));
}

static int begin(struct fixture *f, const char *body, struct seen *seen)
{
    auto_doc struct doc *doc = NULL;
    struct err err = { 0 };
    *seen = (struct seen){ 0 };
    assert_int_equal(json_parse(span_of(body), &doc, &err), 0);
    return connect_start(f->gw.connect, "alder", doc, keep, seen, &err);
}

static void wait_echo(struct fixture *f)
{
    while (!fake.echo.is_open)
        fixture_turn(f, 1);
}

static void echo_ends(enum err_code code)
{
    struct err err = { .code = code, .text = "no way in" };
    fake.echo.is_open = false;
    fake.echo.check(fake.echo.ctx, NULL, code == ERR_NONE ? NULL : &err);
}

static void wait_answer(struct fixture *f, struct seen *seen)
{
    while (!seen->calls)
        fixture_turn(f, 1);
    assert_int_equal(seen->calls, 1);
}

static void has(const struct seen *seen, const char *what)
{
    if (!strstr(seen->text, what))
        fail_msg("\"%s\" is not in %s", what, seen->text);
}

static void a_key_alone_connects(void **state)
{
    struct fixture *f = *state;
    struct seen seen;
    assert_int_equal(begin(f, "{}", &seen), 0);
    assert_int_equal(seen.calls, 0);
    wait_echo(f);
    assert_int_equal(fake.reconnects, 1);
    fake.status.state = LINK_UP;
    echo_ends(ERR_NONE);
    assert_int_equal(seen.calls, 1);
    has(&seen, "\"state\":\"up\"");
    has(&seen, "\"prompts\":[]");
    assert_int_equal(fake.logins, 0);
}

static void prompts_are_passed_on_and_answered(void **state)
{
    struct fixture *f = *state;
    struct seen seen;
    assert_int_equal(begin(f, "{}", &seen), 0);
    wait_echo(f);
    fake.status.state = LINK_NEEDS_LOGIN;
    echo_ends(ERR_AUTH);
    assert_int_equal(fake.logins, 1);
    fake.status.state = LINK_CONNECTING;
    fixture_turn(f, 1);
    assert_int_equal(seen.calls, 0);
    fake.status.prompt = "Code: ";
    wait_answer(f, &seen);
    has(&seen, "\"prompts\":[{\"text\":\"Code: \",\"echo\":false}]");
    assert_int_equal(begin(f, "{\"answers\":[\"123\"]}", &seen), 0);
    while (!fake.answer[0])
        fixture_turn(f, 1);
    assert_string_equal(fake.answer, "123");
    fake.status.state = LINK_UP;
    wait_answer(f, &seen);
    has(&seen, "\"state\":\"up\"");
}

static void a_refusal_tells_its_words(void **state)
{
    struct fixture *f = *state;
    struct seen seen;
    assert_int_equal(begin(f, "{}", &seen), 0);
    wait_echo(f);
    fake.status.state = LINK_REFUSED;
    fake.status.error = "the key is not known";
    echo_ends(ERR_AUTH);
    assert_true(seen.ok);
    has(&seen, "\"state\":\"refused\"");
    has(&seen, "the key is not known");
}

static void an_answer_that_nothing_asked_for_is_a_conflict(void **state)
{
    struct fixture *f = *state;
    struct seen seen;
    assert_int_equal(begin(f, "{\"answers\":[\"1\"]}", &seen), 0);
    wait_answer(f, &seen);
    assert_int_equal(seen.code, ERR_CONFLICT);
    assert_int_equal(begin(f, "{\"answers\":\"1\"}", &seen), -1);
    assert_int_equal(begin(f, "{\"answers\":[1]}", &seen), -1);
    assert_int_equal(connect_start(f->gw.connect, "nowhere", NULL, keep, &seen, NULL), -1);
}

static void an_end_of_the_gateway_answers_who_waits(void **state)
{
    struct fixture *f = *state;
    struct seen one, two;
    assert_int_equal(begin(f, "{}", &one), 0);
    wait_echo(f);
    fake.status.state = LINK_CONNECTING;
    assert_int_equal(begin(f, "{}", &two), 0);
    fixture_turn(f, 1);
    fixture_restart(f);
    assert_int_equal(one.calls, 1);
    assert_int_equal(two.calls, 1);
    assert_int_equal(two.code, ERR_CANCELLED);
}

static void the_doctor_tells_what_cannot_be_reached(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    struct err err = { 0 };
    struct run_result none = { .end = RUN_NOT_SENT };
    assert_int_equal(doctor_check(&f->gw, "alder", keep, &seen, &err), 0);
    assert_int_equal(doctor_check(&f->gw, "nowhere", keep, &seen, &err), -1);
    wait_echo(f);
    /* the fake keeps one call of many: the others are answered by the same function */
    unsigned echoes = (unsigned)fleet_find(f->gw.fleet, "alder")->config->ssh.max_channels;
    for (unsigned i = 0; i < echoes; i++)
        echo_ends(ERR_OFFLINE);
    assert_true(fake.checkup.is_open);
    err_set(&err, ERR_OFFLINE, "no route to host");
    fake.checkup.is_open = false;
    fake.checkup.check(fake.checkup.ctx, &none, &err);
    assert_true(seen.ok);
    has(&seen, "\"result\":\"error\"");
    has(&seen, "no route to host");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_alone_connects),
        TEST(prompts_are_passed_on_and_answered),
        TEST(a_refusal_tells_its_words),
        TEST(an_answer_that_nothing_asked_for_is_a_conflict),
        TEST(an_end_of_the_gateway_answers_who_waits),
        TEST(the_doctor_tells_what_cannot_be_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
