#include "domain/metric_plan.h"

#include "base/mem.h"
#include "text/json_in.h"
#include "text/log_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static struct metric_plan plan_of(const char *json)
{
    struct metric_plan plan = { 0 };
    auto_doc struct doc *doc = NULL;
    if (json)
        assert_int_equal(json_parse(span_of(json), &doc, NULL), 0);
    metric_plan_read(&plan, doc);
    return plan;
}

static void auto_is_files_of_the_run_and_its_log(void **state)
{
    (void)state;
    auto_metric_plan struct metric_plan plan = plan_of(NULL);
    assert_int_equal(plan.presets, LOG_ALL);
    assert_int_equal(plan.max_points, 20000);
    assert_int_equal(metric_plan_kind(&plan, "metrics.jsonl"), METRIC_JSONL);
    assert_int_equal(metric_plan_kind(&plan, "metrics-rank3.jsonl"), METRIC_JSONL);
    assert_int_equal(metric_plan_kind(&plan, "metrics.csv"), METRIC_CSV);
    assert_int_equal(metric_plan_kind(&plan, "metrics.txt"), METRIC_NONE);
    assert_int_equal(metric_plan_kind(&plan, "code/metrics.csv"), METRIC_NONE);
}

static void a_plan_is_read_from_resolved_values(void **state)
{
    (void)state;
    auto_metric_plan struct metric_plan plan = plan_of(
        "{\"metrics.sources\":{\"value\":[\"csv:code/logs/*/"
        "m.csv\",\"jsonl:x*.json\",\"log:keras\",\"log:tqdm\","
        "\"regex:l=(?<loss>\\\\S+)\"]},\"metrics.max_points\":{\"value\":500},"
        "\"metrics.primary.name\":{\"value\":\"val/loss_gap\"},\"metrics.primary.goal\":{\"value\":\"max\"},"
        "\"progress.regex\":{\"value\":\"at (\\\\d+)\"},\"progress.total\":{\"value\":9}}");
    assert_int_equal(plan.presets, LOG_KERAS | LOG_TQDM);
    assert_int_equal(plan.pattern_count, 1);
    assert_int_equal(plan.max_points, 500);
    assert_int_equal(plan.total, 9);
    assert_non_null(plan.progress);
    assert_int_equal(metric_plan_kind(&plan, "code/logs/a/m.csv"), METRIC_CSV);
    assert_int_equal(metric_plan_kind(&plan, "code/logs/a/b/m.csv"), METRIC_NONE);
    assert_int_equal(metric_plan_kind(&plan, "x1.json"), METRIC_JSONL);
    assert_int_equal(metric_plan_kind(&plan, "metrics.jsonl"), METRIC_NONE); /* auto is not there */
    assert_false(metric_plan_wants_min(&plan, SPAN_LIT("val/loss_gap")));
    assert_true(metric_plan_wants_min(&plan, SPAN_LIT("val/loss")));
    assert_false(metric_plan_wants_min(&plan, SPAN_LIT("acc")));
}

static void a_files_name_tells_its_task(void **state)
{
    (void)state;
    auto_metric_plan struct metric_plan plan = plan_of(NULL);
    assert_int_equal(metric_plan_task(&plan, "metrics-7.jsonl"), 7);
    assert_int_equal(metric_plan_task(&plan, "metrics-012.csv"), 12);
    assert_int_equal(metric_plan_task(&plan, "metrics.jsonl"), -1);
    assert_int_equal(metric_plan_task(&plan, "metrics-rank3.jsonl"), -1);
    assert_int_equal(metric_plan_task(&plan, "metrics-99999999999999999999.csv"), -1);
    auto_metric_plan struct metric_plan own =
        plan_of("{\"metrics.sources\":{\"value\":[\"jsonl:code/out/%a/seed*_%a.jsonl\",\"csv:m*.csv\"]}}");
    assert_string_equal(own.globs[0].pattern, "code/out/*/seed*_*.jsonl");
    assert_int_equal(metric_plan_kind(&own, "code/out/7/seed1_7.jsonl"), METRIC_JSONL);
    assert_int_equal(metric_plan_task(&own, "code/out/7/seed1_7.jsonl"), 7);
    assert_int_equal(metric_plan_kind(&own, "code/out/7/seed1_8.jsonl"), METRIC_NONE); /* two numbers */
    assert_int_equal(metric_plan_task(&own, "m-7.csv"), -1);
    assert_int_equal(metric_plan_task(&own, "metrics-7.csv"), -1); /* auto is not there */
}

static void sources_are_checked(void **state)
{
    (void)state;
    static const char *const good[] = {
        "auto",          "jsonl:*.jsonl", "csv:code/a/b%a.csv",        "log:colon", "log:huggingface",
        "regex:(?<a>x)", "log:all",       "regex:(?<key>k)(?<value>v)"
    };
    static const struct {
        const char *source, *says;
    } wrong[] = {
        { "", "expected auto" },
        { "json:x", "expected auto" },
        { "csv:", "is made of" },
        { "csv:/etc/x", "below" },
        { "csv:a/../b", "below" },
        { "csv:$(x)", "is made of" },
        { "csv:a b", "is made of" },
        { "jsonl:.x", "below" },
        { "log:kera", "there are colon" },
        { "log:", "there are colon" },
        { "regex:(", "missing closing parenthesis" },
        { "regex:x", "name the groups" },
        { "tfevents:*", "not supported yet" },
        { "wandb:*", "not supported yet" },
    };
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        if (metric_source_check(good[i], &err) < 0)
            fail_msg("%s: %s", good[i], err.text);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(metric_source_check(wrong[i].source, &err), -1);
        if (!strstr(err.text, wrong[i].says))
            fail_msg("%s: %s", wrong[i].source, err.text);
    }
    assert_int_equal(progress_regex_check("step (\\d+)", NULL), 0);
    assert_int_equal(progress_regex_check("step", NULL), -1);
    assert_int_equal(progress_regex_check("(", NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auto_is_files_of_the_run_and_its_log),
        cmocka_unit_test(a_plan_is_read_from_resolved_values),
        cmocka_unit_test(a_files_name_tells_its_task),
        cmocka_unit_test(sources_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
