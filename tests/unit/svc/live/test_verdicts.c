#include "unit/svc/fixture_group.h"

#include "store/event_store.h"
#include "svc/live/verdicts.h"

#include <string.h>

static struct job *ended(struct fixture *f, const char *array, enum job_state state)
{
    struct job *job = fixture_job(f, array);
    job->phase = PHASE_SUBMITTED;
    mem_replace_str(&job->sched_id, "7");
    jobs_enter(f->gw.jobs, job, JOB_STATE_RUNNING, NULL);
    fixture_turn(f, 1);
    if (state == JOB_STATE_CANCELLED)
        mem_replace_str(&job->raw_state, "CANCELLED by 1001");
    if (array)
        mem_replace_str(&job->tasks, "[{\"task\":1,\"state\":\"failed\",\"exit_code\":1},"
                                     "{\"task\":2,\"state\":\"completed\",\"exit_code\":0},"
                                     "{\"task\":3,\"state\":\"failed\",\"exit_code\":1},"
                                     "{\"task\":4,\"state\":\"timeout\"}]");
    jobs_enter(f->gw.jobs, job, state, NULL);
    return job;
}

static void assert_shows(struct fixture *f, int64_t id, const char *part)
{
    auto_str struct str text = STR_MAX(1 << 20);
    struct err err;
    fixture_turn(f, 1);
    if (query_job(&f->gw, id, &text, &err) < 0)
        fail_msg("%s", err.text);
    if (!strstr(str_text(&text), part))
        fail_msg("no %s in %s", part, str_text(&text));
}

struct counted {
    const char *kind;
    int count;
};

static int count_kind(void *ctx, const struct event_row *row, struct err *err)
{
    struct counted *counted = ctx;
    (void)err;
    counted->count += strcmp(row->kind, counted->kind) == 0;
    return 0;
}

static int events_of(struct fixture *f, const char *kind)
{
    struct counted counted = { kind, 0 };
    fixture_turn(f, 1);
    assert_int_equal(
        event_store_list(f->gw.store, &(struct event_query){ .limit = 1000 }, count_kind, &counted, NULL), 0);
    return counted.count;
}

static void keep(struct fixture *f, struct log_cache *cache, const char *name, const char *text)
{
    struct span fresh;
    char path[160];
    (void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    log_cache_open(cache, path);
    assert_int_equal(log_cache_put(cache, 0, span_of(text), false, &fresh, NULL), 0);
}

static void it_comes_after_the_end_even_for_a_job_that_left_memory(void **state)
{
    struct fixture *f = *state;
    struct log_cache cache;
    int64_t id = ended(f, NULL, JOB_STATE_FAILED)->id;
    keep(f, &cache, "log", "a\nb\nCUDA out of memory\n");
    fixture_turn(f, 1);
    assert_null(jobs_find(f->gw.jobs, id));
    struct verdict_log logs[] = { { 1, -1, &cache } };
    verdicts_note(&f->gw, id, logs, 1);
    assert_shows(f, id, "\"verdict\":{\"code\":\"gpu_oom\"");
    assert_shows(f, id, "\"evidence\":[{\"line\":3,\"text\":\"CUDA out of memory\"");
    assert_int_equal(events_of(f, "verdict"), 1);
    log_cache_clear(&cache);
}

/* The last look brings more of the log: what was told of is not told again. */
static void more_evidence_is_no_new_verdict(void **state)
{
    struct fixture *f = *state;
    struct log_cache cache;
    int64_t id = ended(f, NULL, JOB_STATE_FAILED)->id;
    struct verdict_log logs[] = { { 1, -1, &cache } };
    keep(f, &cache, "log", "torch.cuda.OutOfMemoryError: CUDA out of memory\n");
    verdicts_note(&f->gw, id, logs, 1);
    log_cache_clear(&cache);
    keep(f, &cache, "more", "a\ntorch.cuda.OutOfMemoryError: CUDA out of memory\n");
    verdicts_note(&f->gw, id, logs, 1);
    assert_shows(f, id, "\"evidence\":[{\"line\":2,");
    assert_int_equal(events_of(f, "verdict"), 1);
    assert_int_equal(events_of(f, "evidence"), 1);
    log_cache_clear(&cache);
    keep(f, &cache, "other", "No space left on device\n");
    verdicts_note(&f->gw, id, logs, 1);
    assert_shows(f, id, "\"verdict\":{\"code\":\"disk_full\"");
    assert_int_equal(events_of(f, "verdict"), 2);
    log_cache_clear(&cache);
}

static void who_cancelled_is_told(void **state)
{
    struct fixture *f = *state;
    int64_t id = ended(f, NULL, JOB_STATE_CANCELLED)->id;
    verdicts_note(&f->gw, id, NULL, 0);
    assert_shows(f, id, "\"title\":\"Cancelled by user number 1001\"");
}

static void the_last_attempts_log_decides(void **state)
{
    struct fixture *f = *state;
    struct log_cache first, second;
    int64_t id = ended(f, NULL, JOB_STATE_FAILED)->id;
    keep(f, &first, "one", "CUDA out of memory\n");
    keep(f, &second, "two", "No space left on device\n");
    struct verdict_log logs[] = { { 2, -1, &second }, { 1, -1, &first } };
    verdicts_note(&f->gw, id, logs, 2);
    assert_shows(f, id, "\"verdict\":{\"code\":\"disk_full\"");
    assert_shows(f, id, "\"attempt\":2}");
    log_cache_clear(&first);
    log_cache_clear(&second);
}

/* Task 2 ended well: what its log says is no cause of anything. */
static void each_failed_task_of_an_array_is_judged_by_its_own_log(void **state)
{
    struct fixture *f = *state;
    struct log_cache one, two, three;
    int64_t id = ended(f, "1-4", JOB_STATE_FAILED)->id;
    keep(f, &one, "one", "CUDA out of memory\n");
    keep(f, &two, "two", "No space left on device\n");
    keep(f, &three, "three", "x\nCUDA out of memory\n");
    struct verdict_log logs[] = { { 1, 3, &three }, { 1, 2, &two }, { 1, 1, &one } };
    verdicts_note(&f->gw, id, logs, 3);
    assert_shows(f, id,
                 "\"verdict\":{\"code\":\"gpu_oom\",\"title\":\"2 of 4 tasks: A GPU ran out of memory\"");
    assert_shows(f, id, "{\"line\":1,\"attempt\":1,\"task\":1,\"text\":\"CUDA out of memory\"}");
    assert_shows(f, id,
                 "\"count\":2,\"tasks\":[1,3]},{\"code\":\"time_limit\","
                 "\"title\":\"It ran into its time limit\",\"count\":1,\"tasks\":[4]}]");
    log_cache_clear(&one);
    log_cache_clear(&two);
    log_cache_clear(&three);
}

static void who_cancelled_a_task_is_told(void **state)
{
    struct fixture *f = *state;
    struct job *job = ended(f, "1-2", JOB_STATE_CANCELLED);
    int64_t id = job->id;
    mem_replace_str(&job->raw_state, "CANCELLED");
    mem_replace_str(&job->tasks, "[{\"task\":1,\"state\":\"cancelled\",\"cancel_requested\":true},"
                                 "{\"task\":2,\"state\":\"cancelled\"}]");
    verdicts_note(&f->gw, id, NULL, 0);
    assert_shows(f, id, "by way of the gateway\",\"count\":1,\"tasks\":[1]}");
    assert_shows(f, id, "somebody outside the gateway\",\"count\":1,\"tasks\":[2]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(more_evidence_is_no_new_verdict),
        TEST(who_cancelled_a_task_is_told),
        TEST(it_comes_after_the_end_even_for_a_job_that_left_memory),
        TEST(who_cancelled_is_told),
        TEST(the_last_attempts_log_decides),
        TEST(each_failed_task_of_an_array_is_judged_by_its_own_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
