/* Covers: svc/live/metrics_in, svc/live/metrics_out, svc/live/metrics_post, svc/live/metrics_gather. */
#include "unit/svc/fixture_group.h"

#include "svc/live/metrics.h"
#include "svc/live/metrics_gather.h"
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
    struct metrics_query query = { id, keys, points, (double)-INFINITY, (double)INFINITY, false };
    struct err err;
    fixture_turn(f, 1);
    if (metrics_json(&f->gw, &query, &out, &err) < 0)
        fail_msg("%s", err.text);
    snprintf(shown, sizeof(shown), "%s", str_text(&out));
    return shown;
}

static struct metric_plan plan;

static struct metric_file file_of(int64_t id, const char *name)
{
    return (struct metric_file){ .job_id = id,
                                 .name = span_of(name),
                                 .kind = strstr(name, ".csv")   ? METRIC_CSV
                                         : strstr(name, ".log") ? METRIC_LOG
                                                                : METRIC_JSONL,
                                 .task = -1,
                                 .inode = 5 };
}

static struct metric_seen take(struct fixture *f, struct metric_file *file, const char *text)
{
    struct metric_seen seen;
    if (!plan.max_points)
        metric_plan_read(&plan, NULL);
    metrics_take(&f->gw, &plan, file, span_of(text), &seen);
    return seen;
}

static void a_file_is_taken_line_by_line(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    struct metric_file file = file_of(id, "metrics.jsonl");
    (void)take(f, &file, ("{\"step\":1,\"loss\":2.5,\"acc\":NaN}\n{\"step\":2,\"lo"));
    assert_int_equal(file.offset, 32);
    (void)take(f, &file, ("{\"step\":2,\"loss\":1.5}\n"));
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
    struct metric_file file = file_of(id, "metrics.csv");
    (void)take(f, &file, ("step,loss\n1,0.5\n"));
    fixture_turn(f, 1);
    fixture_restart(f);
    struct metric_file again = file_of(id, "metrics.csv");
    again.inode = 0;
    metrics_resume(&f->gw, &again);
    assert_int_equal(again.offset, 16);
    assert_int_equal(again.inode, 5);
    (void)take(f, &again, ("2,0.25\n"));
    assert_non_null(strstr(curves(f, id, "loss", 100), "\"steps\":[1,2],\"values\":[0.5,0.25]"));
}

static void times_are_given_where_they_are_asked_for(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    struct metric_file file = file_of(id, "metrics.jsonl");
    (void)take(f, &file, ("{\"step\":1,\"loss\":2,\"time\":1767225600.25}\n"));
    struct metrics_query query = { .job_id = id, .points = 10, .from = -1, .to = 9, .times = true };
    fixture_turn(f, 1);
    auto_str struct str out = STR_MAX(1000);
    assert_int_equal(metrics_json(&f->gw, &query, &out, NULL), 0);
    assert_non_null(strstr(str_text(&out), "\"values\":[2],\"times\":[1767225600.25]}"));
}

static void points_without_a_step_are_numbered(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    struct metric_file file = file_of(id, "metrics.jsonl");
    (void)take(f, &file, ("{\"a\":5}\n{\"a\":6}\n"));
    (void)take(f, &file, ("{\"a\":7}\n"));
    assert_non_null(strstr(curves(f, id, NULL, 100), "\"steps\":[0,1,2],\"values\":[5,6,7]"));
}

static int answered;

static void on_posted(void *ctx, const struct answer *answer)
{
    (void)ctx;
    answered = answer->ok ? 1 : -1;
}

static char pointed[200]; /* what the last body's first fault is about */

static int post(struct fixture *f, int64_t id, const char *json)
{
    auto_doc struct doc *doc = NULL;
    struct err err = { 0 };
    assert_int_equal(json_parse(span_of(json), &doc, NULL), 0);
    answered = 0;
    auto_errs struct errs errs = { 0 };
    struct metrics_call call = { id, doc, &errs };
    if (metrics_post(&f->gw, &call, on_posted, NULL, &err) < 0) {
        (void)snprintf(pointed, sizeof(pointed), "%s", errs.count ? errs.items[0].pointer : "none");
        return -(int)err.code;
    }
    assert_int_equal(answered, 0); /* not before the commit */
    fixture_turn(f, 1);
    return answered;
}

static void points_may_be_posted(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    assert_int_equal(
        post(f, id, "{\"points\":[{\"step\":1,\"a\":1},{\"step\":2,\"a\":\"Infinity\",\"b\":-1.5}]}"), 1);
    assert_string_equal(
        curves(f, id, NULL, 100),
        "{\"items\":[{\"name\":\"a\",\"total\":2,\"steps\":[1,2],\"values\":[1,\"Infinity\"]},"
        "{\"name\":\"b\",\"total\":1,\"steps\":[2],\"values\":[-1.5]}]}");
    static const char *const wrong[][2] = { { "{}", "/points" },
                                            { "{\"points\":[{\"step\":\"1\",\"a\":1}]}", "/points/0/step" },
                                            { "{\"points\":[{\"a\":true}]}", "/points/0/a" },
                                            { "{\"points\":[{\"a\":\"inf\"}]}", "/points/0/a" },
                                            { "{\"points\":1}", "/points" },
                                            { "{\"points\":[{},1]}", "/points/1" },
                                            { "{\"points\":[{\"a/b\":\"x\"}]}", "/points/0/a~1b" },
                                            { "{\"points\":[],\"x\":1}", "/x" },
                                            { "{\"points\":[{\"\":1}]}", "/points/0" },
                                            { "{\"points\":[{\"a\":[1]}]}", "/points/0/a" } };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(post(f, id, wrong[i][0]), -(int)ERR_INVALID);
        assert_string_equal(pointed, wrong[i][1]);
    }
}

static void many_points_become_min_and_max(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    auto_str struct str text = STR_MAX(1 << 20);
    for (int i = 0; i < 1000; i++)
        str_addf(&text, "{\"step\":%d,\"x\":%d}\n", i, i % 10);
    struct metric_file file = file_of(id, "metrics.jsonl");
    (void)take(f, &file, str_text(&text));
    const char *json = curves(f, id, NULL, 10);
    assert_non_null(strstr(json, "\"min\":[0,0,0"));
    assert_non_null(strstr(json, "\"max\":[9,9,9"));
    assert_non_null(strstr(json, "\"last\":9"));
    assert_null(strstr(json, "\"values\""));
}

static void every_point_is_exported(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    assert_int_equal(post(f, id, "{\"points\":[{\"step\":1,\"a,b\":0.667,\"time\":1700000000}]}"), 1);
    fixture_turn(f, 1);
    auto_str struct str csv = STR_MAX(10000), lines = STR_MAX(10000);
    assert_int_equal(metrics_export(&f->gw, id, true, &csv, NULL), 0);
    assert_string_equal(str_text(&csv),
                        "name,step,time,value,step_to,min,max\n\"a,b\",1,2023-11-14T22:13:20Z,0.667,,,\n");
    assert_int_equal(metrics_export(&f->gw, id, false, &lines, NULL), 0);
    assert_string_equal(str_text(&lines),
                        "{\"name\":\"a,b\",\"step\":1,\"time\":\"2023-11-14T22:13:20Z\",\"value\":0.667}\n");
}

/* --- logs --- */

static void lines_of_a_log_become_curves(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    struct metric_file file = file_of(id, "attempt-1.log");
    struct metric_seen seen = take(f, &file, "Epoch 1/2\nstep=5 loss=0.5 acc=nan\nstep=6 lo");
    assert_int_equal(file.offset, 34);
    assert_true(seen.last_step == 5);
    assert_int_equal(seen.epochs, 2);
    (void)take(f, &file, "step=6 loss=0.25\n");
    assert_string_equal(curves(f, id, NULL, 100),
                        "{\"items\":[{\"name\":\"acc\",\"total\":1,\"steps\":[5],\"values\":[\"NaN\"]},"
                        "{\"name\":\"loss\",\"total\":2,\"steps\":[5,6],\"values\":[0.5,0.25]}]}");
    file.is_end = true;
    (void)take(f, &file, "step=7 loss=0.125");
    assert_non_null(strstr(curves(f, id, "loss", 100), "[5,6,7]"));
}

static void the_place_in_a_log_survives_a_restart(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    struct metric_file file = file_of(id, "attempt-1.log");
    (void)take(f, &file, "Epoch 3/9\n1/10 [=>..] - loss: 1\n");
    fixture_turn(f, 1);
    fixture_restart(f);
    struct metric_file again = file_of(id, "attempt-1.log");
    metrics_resume(&f->gw, &again);
    assert_int_equal(again.offset, file.offset);
    struct metric_seen seen = take(f, &again, "2/10 [==>.] - loss: 2\n");
    assert_int_equal(seen.epoch, 3);
    assert_non_null(strstr(curves(f, id, "loss", 100), "\"steps\":[21,22]"));
}

static void steps_go_back_after_a_requeue_and_both_are_kept(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    struct metric_file first = file_of(id, "attempt-1.log"), second = file_of(id, "attempt-2.log");
    (void)take(f, &first, "step=1 loss=3\nstep=2 loss=2\nstep=3 loss=inf\n");
    (void)take(f, &second, "step=2 loss=2.5\nstep=3 loss=1\n");
    assert_non_null(
        strstr(curves(f, id, "loss", 100), "\"steps\":[1,2,3,2,3],\"values\":[3,2,\"Infinity\",2.5,1]"));
    assert_string_equal(jobs_find(f->gw.jobs, id)->metrics, "{\"loss\":{\"last\":1,\"best\":1,\"step\":3}}");
}

static void what_a_file_tells_is_not_told_twice_by_the_log(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    struct metric_file log = file_of(id, "attempt-1.log"), file = file_of(id, "metrics.jsonl");
    (void)take(f, &log, "step=1 loss=0.5 lr=0.1\n");
    (void)take(f, &file, "{\"step\":1,\"loss\":0.50001}\n");
    (void)take(f, &log, "step=2 loss=0.4 lr=0.1\n");
    assert_string_equal(curves(f, id, NULL, 100),
                        "{\"items\":[{\"name\":\"loss\",\"total\":1,\"steps\":[1],\"values\":[0.50001]},"
                        "{\"name\":\"lr\",\"total\":2,\"steps\":[1,2],\"values\":[0.1,0.1]}]}");
}

static void tasks_of_an_array_have_curves_of_their_own(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    struct metric_file file = file_of(id, "attempt-1.7.log");
    file.task = 7;
    (void)take(f, &file, "step=1 loss=0.5\n");
    assert_non_null(strstr(curves(f, id, NULL, 100), "\"name\":\"task7/loss\""));
}

static void a_changed_header_holds_after_a_restart(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    struct metric_file file = file_of(id, "metrics.csv");
    (void)take(f, &file, "step,a\n1,2\nstep,a,b\n2,3,4\n");
    fixture_turn(f, 1);
    fixture_restart(f);
    metrics_resume(&f->gw, &file);
    (void)take(f, &file, "3,4,5\n");
    assert_non_null(strstr(curves(f, id, "b", 100), "\"steps\":[2,3],\"values\":[4,5]"));
}

static void the_primary_one_stands_first_with_its_own_goal(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    metric_plan_read(&plan, NULL);
    plan.primary = mem_dup_str("gap/loss");
    plan.goal = GOAL_MAX;
    struct metric_file file = file_of(id, "metrics.jsonl");
    (void)take(f, &file, "{\"step\":1,\"a\":1,\"gap/loss\":3}\n{\"step\":2,\"gap/loss\":2}\n");
    assert_string_equal(jobs_find(f->gw.jobs, id)->metrics,
                        "{\"gap/loss\":{\"last\":2,\"best\":3,\"step\":2,\"primary\":true},"
                        "\"a\":{\"last\":1,\"best\":1,\"step\":1}}");
    metric_plan_clear(&plan);
}

/* --- streams --- */

static void a_stream_posted_and_written_counts_once(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    struct metric_file file = file_of(id, "metrics.00aabbccddeeff11.jsonl");
    assert_int_equal(
        post(f, id, "{\"stream\":\"00aabbccddeeff11\",\"first\":0,\"points\":[{\"step\":0,\"a\":10}]}"), 1);
    (void)take(f, &file, "{\"step\":0,\"a\":10}\n{\"step\":1,\"a\":11}\n");
    assert_int_equal(post(f, id,
                          "{\"stream\":\"00aabbccddeeff11\",\"first\":1,"
                          "\"points\":[{\"step\":1,\"a\":11},{\"step\":2,\"a\":12}]}"),
                     1);
    assert_int_equal(
        post(f, id, "{\"stream\":\"00aabbccddeeff11\",\"first\":2,\"points\":[{\"step\":2,\"a\":12}]}"), 1);
    assert_int_equal(
        post(f, id, "{\"stream\":\"00aabbccddeeff11\",\"first\":9,\"points\":[{\"step\":9,\"a\":9}]}"),
        -(int)ERR_CONFLICT);
    (void)take(f, &file, "{\"step\":2,\"a\":12}\n{\"step\":3,\"a\":13}\n");
    assert_non_null(strstr(curves(f, id, "a", 100), "\"steps\":[0,1,2,3],\"values\":[10,11,12,13]"));
    static const char *const wrong[][2] = {
        { "{\"stream\":\"00aabbccddeeff11\",\"points\":[]}", "/first" },
        { "{\"first\":0,\"points\":[]}", "/stream" },
        { "{\"stream\":\"../../../etc\",\"first\":0,\"points\":[]}", "/stream" },
        { "{\"stream\":\"00aabbccddeeff11\",\"first\":-1,\"points\":[]}", "/first" },
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(post(f, id, wrong[i][0]), -(int)ERR_INVALID);
        assert_string_equal(pointed, wrong[i][1]);
    }
}

static void a_post_with_a_wrong_point_takes_none(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    assert_int_equal(post(f, id, "{\"points\":[{\"a\":1},{\"a\":\"x\"}]}"), -(int)ERR_INVALID);
    assert_string_equal(curves(f, id, NULL, 100), "{\"items\":[]}");
}

/* Names made of a counter: of one read no more are held than a job may have curves. */
static void a_flood_of_names_is_cut_short(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    metric_plan_read(&plan, NULL);
    auto_gather struct gather gather = { .gw = &f->gw, .plan = &plan, .job_id = id, .task = -1 };
    char name[16];
    for (int i = 0; i < MAX_SERIES + 500; i++) {
        struct metric_point point = { { name, (size_t)snprintf(name, sizeof(name), "m%d", i) }, i };
        gather_row(&gather, &(struct metric_row){ .points = &point, .count = 1, .step = 1 });
    }
    assert_int_equal(gather.lost, 500);
    assert_int_equal(gather_store(&gather, NULL), 0);
    assert_non_null(strstr(curves(f, id, "m1999", 10), "\"values\":[1999]"));
    metric_plan_clear(&plan);
}

static void a_thinned_series_is_exported_by_its_extremes(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f);
    metric_plan_read(&plan, NULL);
    plan.max_points = 256;
    auto_str struct str text = STR_MAX(1 << 20), csv = STR_MAX(1 << 20), lines = STR_MAX(1 << 20);
    for (int i = 0; i < 2000; i++)
        str_addf(&text, "{\"step\":%d,\"x\":%d}\n", i, 2000 - i);
    struct metric_file file = file_of(id, "metrics.jsonl");
    (void)take(f, &file, str_text(&text));
    fixture_turn(f, 1);
    assert_int_equal(metrics_export(&f->gw, id, true, &csv, NULL), 0);
    assert_non_null(strstr(str_text(&csv), "x,0,2023-11-14T22:13:20"));
    assert_non_null(
        strstr(str_text(&csv), ",,15,1985,2000\n")); /* which step had which is not known any more */
    assert_null(strstr(str_text(&csv), "x,7,"));
    assert_non_null(strstr(str_text(&csv), ",1,,,\n")); /* the last ones are points still */
    assert_int_equal(metrics_export(&f->gw, id, false, &lines, NULL), 0);
    assert_non_null(strstr(str_text(&lines), "\"step_to\":15,\"min\":1985,\"max\":2000}"));
    metric_plan_clear(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_taken_line_by_line),
        TEST(the_place_in_a_file_survives_a_restart),
        TEST(times_are_given_where_they_are_asked_for),
        TEST(points_without_a_step_are_numbered),
        TEST(points_may_be_posted),
        TEST(many_points_become_min_and_max),
        TEST(every_point_is_exported),
        TEST(lines_of_a_log_become_curves),
        TEST(the_place_in_a_log_survives_a_restart),
        TEST(steps_go_back_after_a_requeue_and_both_are_kept),
        TEST(what_a_file_tells_is_not_told_twice_by_the_log),
        TEST(tasks_of_an_array_have_curves_of_their_own),
        TEST(a_changed_header_holds_after_a_restart),
        TEST(the_primary_one_stands_first_with_its_own_goal),
        TEST(a_stream_posted_and_written_counts_once),
        TEST(a_post_with_a_wrong_point_takes_none),
        TEST(a_flood_of_names_is_cut_short),
        TEST(a_thinned_series_is_exported_by_its_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
