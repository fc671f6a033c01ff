/* Lists: conditions, pages, totals, counts. */
#include "support/store_help.h"

#include "base/mem.h"
#include "store/call.h"
#include "store/db.h"
#include "text/json_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOBS = 120 };

static const enum job_state cycle[] = { JOB_STATE_COMPLETED, JOB_STATE_FAILED, JOB_STATE_RUNNING,
                                        JOB_STATE_TIMEOUT, JOB_STATE_PENDING };

static void fill(struct store_help *h)
{
    store_help_init(h);
    for (int i = 1; i <= JOBS; i++)
        assert_int_equal(store_help_insert(h->store, i, cycle[i % 5]), i);
    assert_int_equal(store_flush(h->store, NULL), 0);
}

struct got {
    int64_t ids[400];
    size_t count;
    struct job_page page;
};

static void list(struct store *store, const struct job_query *query, struct got *got)
{
    struct err err = { 0 };
    auto_str struct str items = STR_MAX(8 << 20);
    auto_doc struct doc *doc = NULL;
    str_add_char(&items, '[');
    if (job_store_list(store, query, &items, &got->page, &err) < 0)
        fail_msg("list: %s", err.text);
    str_add_char(&items, ']');
    if (json_parse(str_span(&items), &doc, &err) < 0)
        fail_msg("items: %s", err.text);
    for (size_t i = 0; i < doc->count; i++)
        got->ids[got->count++] = doc_get(&doc->items[i], "id")->integer;
}

/* What the same query gives by looking at every job. */
static bool matches(const struct job *job, const struct job_query *q)
{
    return (!q->states || (q->states >> job->state & 1)) &&
           (!q->cluster || !strcmp(q->cluster, job->cluster)) &&
           (!q->project || !strcmp(q->project, job->project)) && (!q->user || !strcmp(q->user, job->user)) &&
           (!q->gpu_type || (job->gpu_type && !strcmp(q->gpu_type, job->gpu_type))) &&
           (!q->tag || (job->tags && strstr(job->tags, q->tag))) &&
           (!q->name_like || strstr(job->name, q->name_like));
}

static void check_query(struct store *store, struct job_query query)
{
    struct got got = { 0 };
    size_t expected = 0;
    query.limit = 7;
    query.want_total = true;
    do {
        query.cursor = got.page.next;
        list(store, &query, &got);
        assert_true(got.count < 300);
    } while (got.page.next);
    for (int id = 1; id <= JOBS; id++) {
        auto_job struct job *job = NULL;
        assert_int_equal(job_store_get(store, id, &job, NULL), 0);
        if (!matches(job, &query))
            continue;
        size_t at = expected++;
        size_t place = query.sort == JOB_SORT_OLDEST ? at : got.count - 1 - at;
        assert_true(at < got.count);
        assert_int_equal(got.ids[place], id);
    }
    assert_int_equal(got.count, expected);
    assert_int_equal(got.page.total, expected);
}

static void every_combination_of_filters_gives_what_a_look_at_all_gives(void **state)
{
    struct store_help h;
    const uint64_t states[] = { 0, UINT64_C(1) << JOB_STATE_FAILED, job_states_failed(), job_states_in(false),
                                UINT64_C(1) << JOB_STATE_RUNNING | UINT64_C(1) << JOB_STATE_COMPLETED };
    (void)state;
    fill(&h);
    for (unsigned bits = 0; bits < 128; bits++) {
        const struct job_query query = {
            .cluster = bits & 1 ? "alder" : NULL,
            .project = bits & 2 ? "bert" : NULL,
            .user = bits & 4 ? "ada" : NULL,
            .gpu_type = bits & 8 ? "h100" : NULL,
            .tag = bits & 16 ? "nightly" : NULL,
            .name_like = bits & 32 ? "-1" : NULL,
            .sort = bits & 64 ? JOB_SORT_OLDEST : JOB_SORT_NEWEST,
        };
        for (size_t i = 0; i < ARRAY_LEN(states); i++) {
            struct job_query with = query;
            with.states = states[i];
            check_query(h.store, with);
        }
    }
    store_help_end(&h);
}

static void pages_neither_repeat_nor_miss_while_jobs_are_added(void **state)
{
    struct store_help h;
    struct got got = { 0 };
    struct job_query query = { .limit = 50 };
    (void)state;
    fill(&h);
    do {
        query.cursor = got.page.next;
        list(h.store, &query, &got);
        store_help_insert(h.store, 1000, JOB_STATE_RUNNING);
        assert_int_equal(store_flush(h.store, NULL), 0);
    } while (got.page.next);
    assert_int_equal(got.count, JOBS);
    for (size_t i = 0; i < got.count; i++)
        assert_int_equal(got.ids[i], JOBS - i);
    store_help_end(&h);
}

static void changes_since_an_event_come_in_order_of_change(void **state)
{
    struct store_help h;
    struct got got = { 0 };
    (void)state;
    fill(&h);
    int64_t before = event_store_last(h.store);
    static const int64_t changed[] = { 50, 3, 77, 3 };
    for (size_t i = 0; i < ARRAY_LEN(changed); i++) {
        auto_job struct job *job = NULL;
        assert_int_equal(job_store_get(h.store, changed[i], &job, NULL), 0);
        assert_int_equal(job_store_update(h.store, job, "state", NULL, NULL), 0);
    }
    assert_int_equal(store_flush(h.store, NULL), 0);
    struct job_query query = { .limit = 2, .changed_since_event = before };
    list(h.store, &query, &got);
    query.cursor = got.page.next;
    assert_true(query.cursor > before);
    list(h.store, &query, &got);
    assert_int_equal(got.count, 3);
    assert_int_equal(got.ids[0], 50);
    assert_int_equal(got.ids[1], 77);
    assert_int_equal(got.ids[2], 3);
    assert_int_equal(got.page.last_event, before + 4);
    store_help_end(&h);
}

static void counts_follow_every_change_of_state(void **state)
{
    struct store_help h;
    (void)state;
    store_help_init(&h);
    store_help_insert(h.store, 1, JOB_STATE_SUBMITTING);
    store_help_insert(h.store, 2, JOB_STATE_SUBMITTING);
    store_help_insert(h.store, 3, JOB_STATE_COMPLETED);
    auto_job struct job *job = NULL;
    assert_int_equal(job_store_get(h.store, 1, &job, NULL), 0);
    job->state = JOB_STATE_RUNNING;
    assert_int_equal(job_store_update(h.store, job, "state", NULL, NULL), 0);
    auto_job struct job *old = NULL;
    assert_int_equal(job_store_get(h.store, 3, &old, NULL), 0);
    old->archived = true;
    assert_int_equal(job_store_update(h.store, old, "archived", NULL, NULL), 0);
    assert_int_equal(store_flush(h.store, NULL), 0);
    auto_str struct str counts = STR_MAX(4096);
    assert_int_equal(job_store_counts(h.store, &counts, NULL), 0);
    assert_string_equal(str_text(&counts), "{\"running\":1,\"submitting\":1}");
    struct got got = { 0 };
    struct job_query query = { .limit = 10, .want_total = true };
    list(h.store, &query, &got);
    assert_int_equal(got.page.total, 2);
    assert_int_equal(got.count, 2);
    query.archived_too = true;
    list(h.store, &query, &got);
    assert_int_equal(got.page.total, 3);
    store_help_end(&h);
}

static void text_finds_names_and_scheduler_ids_and_takes_signs_literally(void **state)
{
    struct store_help h;
    static const struct {
        const char *text;
        size_t found;
    } cases[] = { { "Train 5", 1 }, { "4711", 1 }, { "471", 0 },  { "%", 0 },
                  { "_", 0 },       { "\\", 0 },   { "train", 9 } };
    (void)state;
    store_help_init(&h);
    for (int i = 1; i < 10; i++)
        store_help_insert(h.store, i, JOB_STATE_RUNNING);
    auto_job struct job *job = NULL;
    assert_int_equal(job_store_get(h.store, 2, &job, NULL), 0);
    mem_replace_str(&job->sched_id, "4711");
    assert_int_equal(job_store_update(h.store, job, "state", NULL, NULL), 0);
    assert_int_equal(store_flush(h.store, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct got got = { 0 };
        const struct job_query query = { .limit = 20, .text = cases[i].text };
        list(h.store, &query, &got);
        assert_int_equal(got.count, cases[i].found);
    }
    store_help_end(&h);
}

static void a_long_walk_stops_and_goes_on(void **state)
{
    struct store_help h;
    struct got got = { 0 };
    (void)state;
    fill(&h);
    assert_int_equal(
        sqlite3_exec(h.store->writer,
                     "PRAGMA foreign_keys=OFF; WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL"
                     " SELECT i + 1 FROM n WHERE i < 51500) INSERT INTO job_index(id, open, failed,"
                     " archived, event, created_at_us, state, name)"
                     " SELECT i, 0, 0, 0, 1, 1, 'completed', 'other' FROM n",
                     NULL, NULL, NULL),
        SQLITE_OK);
    struct job_query query = { .limit = 50, .name_like = "train-77", .want_total = true };
    list(h.store, &query, &got);
    assert_int_equal(got.count, 0);
    assert_int_equal(got.page.total, -1);
    assert_int_equal(got.page.next, 1501);
    query.cursor = got.page.next;
    list(h.store, &query, &got);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.ids[0], 77);
    assert_int_equal(got.page.next, 0);
    store_help_end(&h);
}

/* Whichever condition the walk goes by, and whichever it only judges. */
static void clusters_and_gpu_types_are_found_however_they_are_spelled(void **state)
{
    struct store_help h;
    (void)state;
    fill(&h);
    for (unsigned bits = 1; bits < 16; bits++) {
        struct job_query query = { .cluster = bits & 1 ? "alder" : NULL,
                                   .gpu_type = bits & 2 ? "h100" : NULL,
                                   .user = bits & 4 ? "ada" : NULL,
                                   .limit = 200,
                                   .sort = bits & 8 ? JOB_SORT_OLDEST : JOB_SORT_NEWEST };
        struct got as_kept = { 0 }, spelled = { 0 };
        list(h.store, &query, &as_kept);
        query.cluster = bits & 1 ? "Alder" : NULL;
        query.gpu_type = bits & 2 ? "H100" : NULL;
        list(h.store, &query, &spelled);
        assert_true(as_kept.count > 0 || (bits & 7) == 7);
        assert_int_equal(spelled.count, as_kept.count);
        assert_memory_equal(spelled.ids, as_kept.ids, as_kept.count * sizeof(*as_kept.ids));
    }
    store_help_end(&h);
}

static void a_filter_becomes_a_query(void **state)
{
    auto_job_filter struct job_filter filter = { 0 };
    struct job_query query = { .limit = 50 };
    (void)state;
    const char *text = "user:me state:=failed age:<2d cluster:alder some text";
    assert_int_equal(job_filter_parse(span_of(text), &filter, NULL), 0);
    job_query_add_filter(&query, &filter, "ada", 10 * 86400 * US_PER_S);
    assert_string_equal(query.user, "ada");
    assert_int_equal(query.states, UINT64_C(1) << JOB_STATE_FAILED);
    assert_int_equal(query.created_after_us, 8 * 86400 * US_PER_S);
    assert_string_equal(query.text, "some text");
    assert_string_equal(query.cluster, "alder");
}

static void wrong_limits_and_cursors_are_refused(void **state)
{
    struct store_help h;
    struct job_page page;
    auto_str struct str items = STR_MAX(1000);
    (void)state;
    store_help_init(&h);
    static const struct job_query wrong[] = { { .limit = 0 },
                                              { .limit = 201 },
                                              { .limit = 1, .cursor = -1 } };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct err err = { 0 };
        assert_int_equal(job_store_list(h.store, &wrong[i], &items, &page, &err), -1);
        assert_int_equal(err.code, ERR_INVALID);
    }
    store_help_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_of_filters_gives_what_a_look_at_all_gives),
        cmocka_unit_test(pages_neither_repeat_nor_miss_while_jobs_are_added),
        cmocka_unit_test(changes_since_an_event_come_in_order_of_change),
        cmocka_unit_test(counts_follow_every_change_of_state),
        cmocka_unit_test(text_finds_names_and_scheduler_ids_and_takes_signs_literally),
        cmocka_unit_test(a_long_walk_stops_and_goes_on),
        cmocka_unit_test(clusters_and_gpu_types_are_found_however_they_are_spelled),
        cmocka_unit_test(a_filter_becomes_a_query),
        cmocka_unit_test(wrong_limits_and_cursors_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
