#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/token.h"
#include "store/job_store.h"
#include "svc/edit.h"
#include "svc/jobs.h"
#include "text/json_in.h"

/* A real store; the active jobs in memory are one that the test holds. */
static struct fixture {
    char dir[64];
    struct store *store;
    struct gateway gw;
    struct job *active;
    size_t changes, answers;
    bool ok;
    char body[4096];
} at;

__attribute__((weak)) struct job *jobs_find(struct jobs *jobs, int64_t id)
{
    (void)jobs;
    return at.active && at.active->id == id ? at.active : NULL;
}

__attribute__((weak)) void jobs_change(struct jobs *jobs, struct job *job, const char *kind, const char *data)
{
    (void)jobs;
    at.changes++;
    assert_int_equal(job_store_update(at.store, job, kind, data, NULL), 0);
}

static int setup(void **state)
{
    (void)state;
    at = (struct fixture){ 0 };
    (void)snprintf(at.dir, sizeof(at.dir), "/tmp/sluice-edit-XXXXXX");
    assert_non_null(mkdtemp(at.dir));
    struct err err;
    if (store_open(at.dir, &clock_real, &at.store, &err) < 0)
        fail_msg("%s", err.text);
    at.gw = (struct gateway){ .clock = &clock_real, .store = at.store };
    at.active = job_new();
    at.active->token = mem_dup_str(token_new(1).text);
    at.active->name = mem_dup_str("first");
    struct job_script script = { .script = (char *)(uintptr_t) "#!/bin/sh\n" };
    if (job_store_insert(at.store, at.active, &script, &err) < 0 || store_flush(at.store, &err) < 0)
        fail_msg("%s", err.text);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const files[] = { "sluice.db", "sluice.db-wal", "sluice.db-shm", "lock",
                                         "sluice.lock" };
    store_close(at.store);
    job_free(at.active);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/%s", at.dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(at.dir);
    return 0;
}

static void on_done(void *ctx, const struct answer *answer)
{
    (void)ctx;
    at.answers++;
    at.ok = answer->ok;
    (void)snprintf(at.body, sizeof(at.body), "%.*s", SPAN_FMT(answer->body));
}

static int edit(const char *json, struct errs *errs)
{
    auto_doc struct doc *doc = NULL;
    assert_int_equal(json_parse(span_of(json), &doc, NULL), 0);
    return edit_job(&at.gw, at.active->id, doc, on_done, NULL, errs, NULL);
}

static void an_active_job_changes_after_the_commit(void **state)
{
    (void)state;
    auto_errs struct errs errs = { 0 };
    assert_int_equal(edit("{\"name\":\"new\",\"tags\":[\"a\",\"b\",\"a\",\"b\"],\"archived\":true,"
                          "\"description\":\"x\\ny\"}",
                          &errs),
                     0);
    assert_int_equal(at.answers, 0);
    assert_int_equal(store_flush(at.store, NULL), 0);
    assert_int_equal(at.answers, 1);
    assert_true(at.ok);
    assert_int_equal(at.changes, 1);
    assert_non_null(strstr(at.body, "\"name\":\"new\""));
    assert_non_null(strstr(at.body, "\"tags\":[\"a\",\"b\"]"));
    assert_non_null(strstr(at.body, "\"archived\":true"));
}

static void null_takes_a_text_away(void **state)
{
    (void)state;
    auto_errs struct errs errs = { 0 };
    assert_int_equal(edit("{\"group\":\"g\"}", &errs), 0);
    assert_string_equal(at.active->group, "g");
    assert_int_equal(edit("{\"group\":null}", &errs), 0);
    assert_null(at.active->group);
    assert_int_equal(store_flush(at.store, NULL), 0);
    assert_int_equal(at.answers, 2);
}

static void an_ended_job_changes_in_the_store(void **state)
{
    (void)state;
    auto_errs struct errs errs = { 0 };
    auto_doc struct doc *doc = NULL;
    int64_t id = at.active->id;
    job_free(at.active);
    at.active = NULL;
    assert_int_equal(json_parse(SPAN_LIT("{\"name\":\"late\"}"), &doc, NULL), 0);
    assert_int_equal(edit_job(&at.gw, id, doc, on_done, NULL, &errs, NULL), 0);
    assert_int_equal(store_flush(at.store, NULL), 0);
    assert_int_equal(at.changes, 0);
    assert_non_null(strstr(at.body, "\"name\":\"late\""));
    assert_int_equal(edit_job(&at.gw, id + 1, doc, on_done, NULL, &errs, NULL), -1);
}

static void every_wrong_field_is_named_and_nothing_done(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{\"state\":\"completed\"}",
        "{\"name\":null}",
        "{\"name\":\"\"}",
        "{\"name\":\"a\\nb\"}",
        "{\"name\":5}",
        "{\"name\":\"a\\\"b\"}",
        "{\"name\":\"a\\\\b\"}",
        "{\"tags\":\"a\"}",
        "{\"tags\":[1]}",
        "{\"tags\":[\"\"]}",
        "{\"archived\":1}",
        "{\"archived\":null}",
        "{\"description\":7}",
        "{\"group\":\"a\\u0007\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        auto_errs struct errs errs = { 0 };
        if (edit(bad[i], &errs) == 0)
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(errs.count, 1);
    }
    auto_errs struct errs errs = { 0 };
    assert_int_equal(edit("{\"name\":\"ok\",\"x\":1,\"tags\":3}", &errs), -1);
    assert_int_equal(errs.count, 2);
    assert_string_equal(errs.items[0].pointer, "/x");
    errs_clear(&errs);
    assert_int_equal(edit("{\"name\":\"a\\\"b\"}", &errs), -1); /* the words of a submit */
    assert_string_equal(errs.items[0].text, "expected one line without \" and \\ of 1 to 200 bytes");
    assert_string_equal(at.active->name, "first");
    assert_int_equal(at.changes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_active_job_changes_after_the_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(null_takes_a_text_away, setup, teardown),
        cmocka_unit_test_setup_teardown(an_ended_job_changes_in_the_store, setup, teardown),
        cmocka_unit_test_setup_teardown(every_wrong_field_is_named_and_nothing_done, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
