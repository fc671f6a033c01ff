/* Code that is used in place: the job leaves before git has answered, its submitter is answered after that.
 * Covers: svc/submit/submit_look, svc/submit/submit_job.
 */
#include "unit/svc/slow_git.h"

#include "store/db.h"
#include "store/event_store.h"
#include "store/inside.h"
#include "support/fault_vfs.h"
#include "support/valgrind.h"

static struct fault_plan plan = { .good_writes = -1 };

static const char in_place[] = "{\"project\":\"p\",\"code\":{\"mode\":\"in_place\"},"
                               "\"environment\":{\"TOKEN\":\"x\"}}";

static int end_look(void **state)
{
    plan = (struct fault_plan){ .good_writes = -1 };
    return end_slow(state);
}

static int keep_data(void *ctx, const struct event_row *row, struct err *err)
{
    (void)err;
    if (strcmp(row->kind, "code") == 0)
        str_add(ctx, row->data ? row->data : "nothing");
    return 0;
}

static void assert_code_event(struct fixture *f, const struct seen *seen, const char *text)
{
    auto_str struct str told = STR_MAX(4096);
    struct event_query all = { .job_id = seen->answer.job_id, .limit = 100 };
    assert_int_equal(event_store_list(f->gw.store, &all, keep_data, &told, NULL), 0);
    if (!strstr(str_text(&told), text))
        fail_msg("%s", str_text(&told));
}

static void the_launch_waits_for_no_git_and_the_answer_does(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    struct job_script script = { 0 };
    put(f, "bin/hold", "");
    put(f, "p/train.py", "print('changed')\n");
    ask(f, SUBMIT_REAL, in_place, NULL, &seen);
    wait_for_look(f);
    assert_int_equal(fake.submits, 1);
    assert_int_equal(seen.calls, 0);
    release(f);
    wait_for(f, &seen, 1);
    assert_true(seen.answer.ok);
    assert_non_null(strstr(seen.text, "\"dirty\":true"));
    assert_code_event(f, &seen, "nothing");
    assert_int_equal(job_store_script(f->gw.store, seen.answer.job_id, &script, NULL), 0);
    assert_non_null(strstr(script.diff, "+print('changed')"));
    job_script_clear(&script);
}

static void code_that_must_be_clean_is_looked_at_before_the_launch(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    put(f, "bin/hold", "");
    ask(f, SUBMIT_REAL,
        "{\"project\":\"p\",\"code\":{\"mode\":\"in_place\",\"require_clean\":true},"
        "\"environment\":{\"TOKEN\":\"x\"}}",
        NULL, &seen);
    wait_for_look(f);
    assert_int_equal(fake.submits, 0);
    assert_int_equal(jobs_active_count(f->gw.jobs), 0);
    release(f);
    wait_for(f, &seen, 1);
    assert_true(seen.answer.ok);
    assert_non_null(strstr(seen.text, "\"dirty\":false"));
}

static void where_git_fails_the_job_says_why(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    put(f, "p/.git/index", "rubbish");
    ask_and_wait(f, SUBMIT_REAL, in_place, &seen);
    assert_true(seen.answer.ok);
    assert_int_equal(fake.submits, 1);
    assert_null(jobs_find(f->gw.jobs, seen.answer.job_id)->commit);
    assert_code_event(f, &seen, "{\"why\":\"git: ");
}

static void a_git_that_cannot_be_started_is_told_too(void **state)
{
    if (spawn_errors_are_lost())
        skip();
    struct fixture *f = *state;
    struct seen seen = { 0 };
    char path[256];
    auto_free char *before = mem_dup_str(getenv("PATH"));
    path_of(f, "bin/git", path);
    assert_int_equal(chmod(path, 0600), 0);
    path_of(f, "bin", path);
    setenv("PATH", path, 1);
    ask_and_wait(f, SUBMIT_REAL, in_place, &seen);
    setenv("PATH", before, 1);
    assert_true(seen.answer.ok);
    assert_code_event(f, &seen, "cannot start git");
}

/* The job is stored and on its way: what is lost is said in the log. */
static void a_look_that_cannot_be_stored_takes_no_job_along(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    put(f, "bin/hold", "");
    ask(f, SUBMIT_REAL, in_place, NULL, &seen);
    wait_for_look(f);
    plan = (struct fault_plan){ .write_code = SQLITE_FULL, .writes_fail = -1 };
    release(f);
    wait_for(f, &seen, 1);
    plan = (struct fault_plan){ .good_writes = -1 };
    assert_true(seen.answer.ok);
    assert_int_equal(fake.submits, 1);
    assert_null(jobs_find(f->gw.jobs, seen.answer.job_id)->commit);
}

static void changes_that_cannot_be_kept_leave_the_commit(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    struct err err = { 0 };
    put(f, "p/train.py", "print('changed')\n");
    assert_int_equal(db_exec(f->gw.store->writer,
                             "CREATE TRIGGER no_diff BEFORE UPDATE ON job_script BEGIN SELECT "
                             "raise(ABORT, 'no room'); END",
                             &err),
                     0);
    ask_and_wait(f, SUBMIT_REAL, in_place, &seen);
    assert_true(seen.answer.ok);
    assert_non_null(strstr(seen.text, "\"dirty\":true"));
}

#define SLOW(name) cmocka_unit_test_setup_teardown(name, begin_slow, end_look)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SLOW(the_launch_waits_for_no_git_and_the_answer_does),
        SLOW(code_that_must_be_clean_is_looked_at_before_the_launch),
        SLOW(where_git_fails_the_job_says_why),
        SLOW(a_git_that_cannot_be_started_is_told_too),
        SLOW(a_look_that_cannot_be_stored_takes_no_job_along),
        SLOW(changes_that_cannot_be_kept_leave_the_commit),
    };
    fault_vfs_install(&plan);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
