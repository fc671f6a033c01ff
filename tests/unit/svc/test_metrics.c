/* Covers: svc/metrics_in, svc/metrics_out. */
#include "fixture_group.h"

#include "svc/metrics.h"
#include "text/json_in.h"

#include <math.h>

static int64_t running(struct fixture *f)
{
    struct job *job = fixture_job(f, NULL);
    job->phase = PHASE_SUBMITTED;
    mem_replace_str(&job->sched_id, "7");
    jobs_enter(f->gw.jobs, job, JOB_STATE_RUNNING, NULL);
    fixture_turn(f, 1);
    return job->id;
}

static char shown[1 << 16];

static const char *curves(struct fixture *f, int64_t id, const char *keys, int64_t points)
{
    auto_str struct str out = STR_MAX(sizeof(shown) - 1);
    struct metrics_query query = { id, keys, points, (double)-INFINITY, (double)INFINITY };
    struct err err;
    fixture_turn(f, 1);
    if (metrics_json(&f->gw, &query, &out, &err) < 0)
        fail_msg("%s", err.text);
    snprintf(shown, sizeof(shown), "%s", str_text(&out));
    return shown;
}

static void a_file_is_taken_line_by_line(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    struct metric_file file = { .job_id = id, .name = SPAN_LIT("metrics.jsonl"), .inode = 5 };
    metrics_take(&f->gw, &file, SPAN_LIT("{\"step\":1,\"loss\":2.5,\"acc\":NaN}\n{\"step\":2,\"lo"));
    assert_int_equal(file.offset, 32);
    metrics_take(&f->gw, &file, SPAN_LIT("{\"step\":2,\"loss\":1.5}\n"));
    assert_string_equal(curves(f, id, NULL, 100),
                        "{\"items\":[{\"name\":\"acc\",\"total\":1,\"steps\":[1],\"values\":[\"NaN\"]},"
                        "{\"name\":\"loss\",\"total\":2,\"steps\":[1,2],\"values\":[2.5,1.5]}]}");
    assert_string_equal(jobs_find(f->gw.jobs, id)->metrics,
                        "{\"acc\":{\"last\":\"NaN\",\"best\":\"NaN\",\"step\":1},"
                        "\"loss\":{\"last\":1.5,\"best\":1.5,\"step\":2}}");
}

static void the_place_in_a_file_survives_a_restart(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    struct metric_file file = { .job_id = id, .name = SPAN_LIT("metrics.csv"), .is_csv = true, .inode = 5 };
    metrics_take(&f->gw, &file, SPAN_LIT("step,loss\n1,0.5\n"));
    fixture_turn(f, 1);
    fixture_restart(f);
    struct metric_file again = { .job_id = id, .name = SPAN_LIT("metrics.csv"), .is_csv = true };
    metrics_resume(&f->gw, &again);
    assert_int_equal(again.offset, 16);
    assert_int_equal(again.inode, 5);
    metrics_take(&f->gw, &again, SPAN_LIT("2,0.25\n"));
    assert_non_null(strstr(curves(f, id, "loss", 100), "\"steps\":[1,2],\"values\":[0.5,0.25]"));
}

static void points_without_a_step_are_numbered(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    struct metric_file file = { .job_id = id, .name = SPAN_LIT("metrics.jsonl") };
    metrics_take(&f->gw, &file, SPAN_LIT("{\"a\":5}\n{\"a\":6}\n"));
    metrics_take(&f->gw, &file, SPAN_LIT("{\"a\":7}\n"));
    assert_non_null(strstr(curves(f, id, NULL, 100), "\"steps\":[0,1,2],\"values\":[5,6,7]"));
}

static int post(struct fixture *f, int64_t id, const char *json)
{
    auto_doc struct doc *doc = NULL;
    assert_int_equal(json_parse(span_of(json), &doc, NULL), 0);
    return metrics_post(&f->gw, id, doc, NULL);
}

static void points_may_be_posted(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    assert_int_equal(
        post(f, id, "{\"points\":[{\"step\":1,\"a\":1},{\"step\":2,\"a\":\"Infinity\",\"b\":-1.5}]}"), 0);
    assert_string_equal(
        curves(f, id, NULL, 100),
        "{\"items\":[{\"name\":\"a\",\"total\":2,\"steps\":[1,2],\"values\":[1,\"Infinity\"]},"
        "{\"name\":\"b\",\"total\":1,\"steps\":[2],\"values\":[-1.5]}]}");
    static const char *const wrong[] = { "{}",
                                         "{\"points\":1}",
                                         "{\"points\":[1]}",
                                         "{\"points\":[{\"a\":\"x\"}]}",
                                         "{\"points\":[],\"x\":1}",
                                         "{\"points\":[{\"a\":[1]}]}" };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_int_equal(post(f, id, wrong[i]), -1);
}

static void many_points_become_min_and_max(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    auto_str struct str text = STR_MAX(1 << 20);
    for (int i = 0; i < 1000; i++)
        str_addf(&text, "{\"step\":%d,\"x\":%d}\n", i, i % 10);
    struct metric_file file = { .job_id = id, .name = SPAN_LIT("metrics.jsonl") };
    metrics_take(&f->gw, &file, str_span(&text));
    const char *json = curves(f, id, NULL, 10);
    assert_non_null(strstr(json, "\"min\":[0,0,0"));
    assert_non_null(strstr(json, "\"max\":[9,9,9"));
    assert_null(strstr(json, "\"values\""));
}

static void every_point_is_exported(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    assert_int_equal(post(f, id, "{\"points\":[{\"step\":1,\"a,b\":0.5,\"time\":1700000000}]}"), 0);
    fixture_turn(f, 1);
    auto_str struct str csv = STR_MAX(10000), lines = STR_MAX(10000);
    assert_int_equal(metrics_export(&f->gw, id, true, &csv, NULL), 0);
    assert_string_equal(str_text(&csv), "name,step,time,value\n\"a,b\",1,2023-11-14T22:13:20Z,0.5\n");
    assert_int_equal(metrics_export(&f->gw, id, false, &lines, NULL), 0);
    assert_string_equal(str_text(&lines),
                        "{\"name\":\"a,b\",\"step\":1,\"time\":\"2023-11-14T22:13:20Z\",\"value\":0.5}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_taken_line_by_line),       TEST(the_place_in_a_file_survives_a_restart),
        TEST(points_without_a_step_are_numbered), TEST(points_may_be_posted),
        TEST(many_points_become_min_and_max),     TEST(every_point_is_exported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
