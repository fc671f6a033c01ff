/* Who asks at once shares a look at the folder, but never one that began before the question. git is real,
 * behind a program of its name that counts and can be made to wait. */
#include "unit/svc/slow_git.h"

#include <fcntl.h>

enum { AT_ONCE = 8 };

static const char *tree_of(struct fixture *f, const struct seen *seen)
{
    if (!seen->answer.ok)
        fail_msg("%s", seen->text);
    return jobs_find(f->gw.jobs, seen->answer.job_id)->code;
}

static void all_who_wait_share_the_next_look_and_see_what_was_saved(void **state)
{
    struct fixture *f = *state;
    struct seen first = { 0 }, later = { 0 }, *others = mem_zalloc(AT_ONCE * sizeof(*others));
    put(f, "bin/hold", "");
    ask(f, SUBMIT_REAL, with_secret, NULL, &first);
    wait_for_look(f);
    put(f, "p/saved.py", "print('just saved')\n");
    for (size_t i = 0; i < AT_ONCE; i++)
        ask(f, SUBMIT_REAL, with_secret, NULL, &others[i]);
    fixture_turn(f, 1);
    assert_int_equal(looks(f), 1);
    release(f);
    wait_for(f, &first, 1);
    for (size_t i = 0; i < AT_ONCE; i++) {
        wait_for(f, &others[i], 1);
        assert_string_equal(tree_of(f, &others[i]), tree_of(f, &others[0]));
        assert_int_equal(others[i].calls, 1);
    }
    assert_int_equal(looks(f), 2);
    assert_non_null(strstr(jobs_find(f->gw.jobs, others[0].answer.job_id)->commit, "\"dirty\":true"));
    ask_and_wait(f, SUBMIT_REAL, with_secret, &later);
    assert_int_equal(looks(f), 3);
    free(others);
}

/* Another rule about the code is another look. */
static void other_rules_are_another_look_at_once(void **state)
{
    struct fixture *f = *state;
    struct seen first = { 0 }, second = { 0 };
    put(f, "bin/hold", "");
    ask(f, SUBMIT_REAL, with_secret, NULL, &first);
    wait_for_look(f);
    put(f, "p/.mlops-config.yaml",
        "train_script: train.py\nresources: {gpus: 0, time: 10m}\n"
        "code: {exclude: [train.py]}\n");
    ask(f, SUBMIT_REAL, "{\"project\":\"p\"}", NULL, &second);
    while (looks(f) < 2)
        fixture_turn(f, 1);
    release(f);
    wait_for(f, &first, 1);
    wait_for(f, &second, 1);
    assert_string_not_equal(tree_of(f, &first), tree_of(f, &second));
}

static void an_error_of_the_next_look_is_told_to_all_who_wait(void **state)
{
    struct fixture *f = *state;
    struct seen first = { 0 }, second = { 0 }, third = { 0 };
    put(f, "bin/hold", "");
    ask(f, SUBMIT_REAL, with_secret, NULL, &first);
    wait_for_look(f);
    ask(f, SUBMIT_REAL, with_secret, NULL, &second);
    ask(f, SUBMIT_REAL, with_secret, NULL, &third);
    fixture_turn(f, 1);
    put(f, "p/.git/index", "rubbish");
    release(f);
    wait_for(f, &second, 1);
    wait_for(f, &third, 1);
    assert_false(second.answer.ok || third.answer.ok);
    assert_non_null(strstr(third.text, "git: "));
}

static void an_end_with_looks_that_wait_answers_all(void **state)
{
    struct fixture *f = *state;
    struct seen first = { 0 }, second = { 0 };
    put(f, "bin/hold", "");
    ask(f, SUBMIT_REAL, with_secret, NULL, &first);
    wait_for_look(f);
    ask(f, SUBMIT_REAL, with_secret, NULL, &second);
    fixture_turn(f, 1);
    fixture_restart(f);
    assert_int_equal(first.calls + second.calls, 2);
    assert_false(first.answer.ok || second.answer.ok);
}

int main(void)
{
#define SLOW(name) cmocka_unit_test_setup_teardown(name, begin_slow, end_slow)
    const struct CMUnitTest tests[] = {
        SLOW(all_who_wait_share_the_next_look_and_see_what_was_saved),
        SLOW(other_rules_are_another_look_at_once),
        SLOW(an_error_of_the_next_look_is_told_to_all_who_wait),
        SLOW(an_end_with_looks_that_wait_answers_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
