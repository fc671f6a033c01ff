#include "cli_help.h"

#include "cli/set_value.h"
#include "text/json_out.h"

static char *json_of(const struct doc *doc)
{
    auto_str struct str text = STR_MAX(65536);
    struct json_out out = { .to = &text };
    json_doc(&out, doc);
    return str_steal(&text);
}

static void check(const char *word, const char *wanted)
{
    struct doc body = { .kind = DOC_MAP };
    struct err err = { 0 };
    if (set_assignment(&body, word, &err) < 0)
        fail_msg("%s: %s", word, err.text);
    auto_free char *json = json_of(&body);
    assert_string_equal(json, wanted);
    doc_clear(&body);
}

static void check_refused(const char *word, const char *part)
{
    struct doc body = { .kind = DOC_MAP };
    struct err err = { 0 };
    assert_int_equal(set_assignment(&body, word, &err), -1);
    assert_has(err.text, part);
    doc_clear(&body);
}

static void values_become_what_their_key_wants(void **state)
{
    (void)state;
    check("resources.gpus=2", "{\"resources\":{\"gpus\":2}}");
    check("resources.time=24:00:00", "{\"resources\":{\"time\":\"24:00:00\"}}");
    check("resources.mem=64G", "{\"resources\":{\"mem\":\"64G\"}}");
    check("resources.exclusive=true", "{\"resources\":{\"exclusive\":true}}");
    check("slurm.partition=123", "{\"slurm\":{\"partition\":\"123\"}}");
    check("slurm.partition=null", "{\"slurm\":{\"partition\":null}}");
    check("env.vars.SEED=007", "{\"env\":{\"vars\":{\"SEED\":\"007\"}}}");
    check("overrides.optim.lr=true", "{\"overrides\":{\"optim.lr\":true}}");
    check("overrides.lr=1e-3", "{\"overrides\":{\"lr\":0.001}}");
}

static void lists_come_with_commas_or_in_brackets(void **state)
{
    (void)state;
    check("env.modules=gcc,cuda/12.1", "{\"env\":{\"modules\":[\"gcc\",\"cuda/12.1\"]}}");
    check("env.modules=[\"a b\", c]", "{\"env\":{\"modules\":[\"a b\",\"c\"]}}");
    check("resources.gpu_type=a100", "{\"resources\":{\"gpu_type\":\"a100\"}}");
    check("resources.gpu_type=a100,h100", "{\"resources\":{\"gpu_type\":[\"a100\",\"h100\"]}}");
}

static void what_does_not_fit_is_refused_here(void **state)
{
    (void)state;
    check_refused("resources.gpuz=1", "did you mean resources.gpus?");
    check_refused("params=null", "params belongs in the project's file, not in a request");
    check_refused("params.lr.min=0", "params.lr.min belongs in the project's file");
    check_refused("profiles.big.resources.gpus=1", "belongs in the project's file");
    check_refused("resources.gpus=two", "expected a whole number");
    check_refused("resources.gpus", "expected KEY=VALUE");
    check_refused("=1", "expected KEY=VALUE");
    check_refused("env.modules=[a", "env.modules");
    check_refused("slurm.partition=\xff", "UTF-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_become_what_their_key_wants),
        cmocka_unit_test(lists_come_with_commas_or_in_brackets),
        cmocka_unit_test(what_does_not_fit_is_refused_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
