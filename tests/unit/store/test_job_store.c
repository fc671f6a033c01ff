#include "support/store_help.h"

#include "base/mem.h"
#include "store/call.h"
#include "store/db.h"
#include "text/json_in.h"

#include <stdlib.h>
#include <string.h>

static void the_stored_document_is_the_job_rendered_with_its_ids(void **state)
{
    struct store_help h;
    (void)state;
    store_help_init(&h);
    auto_job struct job *job = store_help_job(1);
    assert_int_equal(job_store_insert(h.store, job, NULL, NULL), 0);
    job->state = JOB_STATE_RUNNING;
    assert_int_equal(job_store_update(h.store, job, "state", NULL, NULL), 0);
    assert_int_equal(job->event, 2);
    assert_int_equal(store_flush(h.store, NULL), 0);
    auto_str struct str stored = STR_MAX(1 << 20), rendered = STR_MAX(1 << 20);
    assert_int_equal(job_store_document(h.store, 0, &stored, NULL), 0);
    job_json(job, &rendered);
    assert_string_equal(str_text(&stored), str_text(&rendered));
    assert_non_null(strstr(str_text(&stored), "\"id\":1,"));
    assert_non_null(strstr(str_text(&stored), "\"event\":2}"));
    store_help_end(&h);
}

static void the_script_is_kept_with_its_hash(void **state)
{
    struct store_help h;
    struct job_script got = { 0 };
    struct err err = { 0 };
    (void)state;
    store_help_init(&h);
    char script[] = "abc", request[] = "{}", diff[] = "+x";
    const struct job_script given = { .script = script, .request = request, .diff = diff };
    auto_job struct job *job = store_help_job(1);
    assert_int_equal(job_store_insert(h.store, job, &given, NULL), 0);
    assert_int_equal(job_store_script(h.store, job->id, &got, NULL), 0);
    assert_string_equal(got.script, "abc");
    assert_string_equal(got.request, "{}");
    assert_null(got.resolved);
    assert_string_equal(got.diff, "+x");
    assert_string_equal(got.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    job_script_clear(&got);
    assert_int_equal(job_store_script(h.store, 99, &got, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    store_help_end(&h);
}

static int collect(void *ctx, struct job *job_taken, struct err *err)
{
    struct {
        struct store *store;
        int64_t ids[8];
        size_t count;
    } *seen = ctx;
    (void)err;
    seen->ids[seen->count++] = job_taken->id;
    job_taken->phase = PHASE_CLOSED;
    job_taken->state = JOB_STATE_COMPLETED;
    int rc = job_store_update(seen->store, job_taken, "state", NULL, NULL);
    job_free(job_taken);
    return rc;
}

static void the_active_are_those_not_final_or_not_closed(void **state)
{
    struct store_help h;
    struct {
        struct store *store;
        int64_t ids[8];
        size_t count;
    } seen = { 0 };
    (void)state;
    store_help_init(&h);
    store_help_insert(h.store, 1, JOB_STATE_COMPLETED);
    store_help_insert(h.store, 2, JOB_STATE_PENDING);
    store_help_insert(h.store, 3, JOB_STATE_HELD);
    auto_job struct job *ended = store_help_job(4);
    ended->state = JOB_STATE_FAILED;
    ended->phase = PHASE_SUBMITTED; /* its accounting is still to come */
    assert_int_equal(job_store_insert(h.store, ended, NULL, NULL), 0);
    store_help_reopen(&h);
    seen.store = h.store;
    assert_int_equal(job_store_active(h.store, collect, &seen, NULL), 0);
    assert_int_equal(seen.count, 3);
    for (int64_t i = 0; i < 3; i++)
        assert_int_equal(seen.ids[i], i + 2);
    assert_int_equal(job_store_active(h.store, collect, &seen, NULL), 0);
    assert_int_equal(seen.count, 3);
    store_help_end(&h);
}

static void tags_follow_the_job(void **state)
{
    struct store_help h;
    int64_t count = 0;
    struct err err = { 0 };
    (void)state;
    store_help_init(&h);
    auto_job struct job *job = store_help_job(10);
    assert_int_equal(job_store_insert(h.store, job, NULL, NULL), 0);
    mem_replace_str(&job->tags, "[\"new\",\"new\",7]");
    assert_int_equal(job_store_update(h.store, job, "changed", NULL, NULL), 0);
    assert_int_equal(db_int(h.store->writer, "SELECT count(*) FROM job_tag WHERE tag='new'", &count, NULL),
                     0);
    assert_int_equal(count, 1);
    assert_int_equal(db_int(h.store->writer, "SELECT count(*) FROM job_tag", &count, NULL), 0);
    assert_int_equal(count, 1);
    int64_t event = job->event;
    mem_replace_str(&job->tags, "[not json");
    assert_int_equal(job_store_update(h.store, job, "changed", NULL, &err), -1);
    assert_int_equal(job->event, event);
    mem_replace_str(&job->tags, NULL);
    assert_int_equal(job_store_update(h.store, job, "changed", NULL, NULL), 0);
    assert_int_equal(db_int(h.store->writer, "SELECT count(*) FROM job_tag", &count, NULL), 0);
    assert_int_equal(count, 0);
    store_help_end(&h);
}

static void jobs_that_are_not_there_are_not_found(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    struct job *got = NULL;
    auto_str struct str doc = STR_MAX(100);
    (void)state;
    store_help_init(&h);
    assert_int_equal(job_store_get(h.store, 5, &got, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(job_store_by_token(h.store, "jx0", &got, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(job_store_document(h.store, 0, &doc, &err), -1);
    assert_string_equal(err.text, "there is no job yet");
    auto_job struct job *job = store_help_job(1);
    job->id = 5;
    assert_int_equal(job_store_update(h.store, job, "state", NULL, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_null(got);
    store_help_end(&h);
}

static void a_document_past_the_limit_is_refused_whole(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    int64_t rows = 0;
    (void)state;
    store_help_init(&h);
    auto_job struct job *job = store_help_job(1);
    free(job->description);
    job->description = mem_alloc(MAX_JOB_DOC_BYTES + 1);
    memset(job->description, 'x', MAX_JOB_DOC_BYTES);
    job->description[MAX_JOB_DOC_BYTES] = '\0';
    assert_int_equal(job_store_insert(h.store, job, NULL, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
    assert_int_equal(db_int(h.store->writer, "SELECT count(*) FROM job", &rows, NULL), 0);
    assert_int_equal(rows, 0);
    store_help_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stored_document_is_the_job_rendered_with_its_ids),
        cmocka_unit_test(the_script_is_kept_with_its_hash),
        cmocka_unit_test(the_active_are_those_not_final_or_not_closed),
        cmocka_unit_test(tags_follow_the_job),
        cmocka_unit_test(jobs_that_are_not_there_are_not_found),
        cmocka_unit_test(a_document_past_the_limit_is_refused_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
