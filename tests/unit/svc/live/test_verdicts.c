#include "unit/svc/fixture_group.h"

#include "svc/live/verdicts.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_comes_after_the_end_even_for_a_job_that_left_memory),
        TEST(who_cancelled_is_told),
        TEST(the_last_attempts_log_decides),
        TEST(each_failed_task_of_an_array_is_judged_by_its_own_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
