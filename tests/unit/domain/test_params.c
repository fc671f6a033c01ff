#include "domain/params.h"

#include "base/limits.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* argv joined by " | ", or the error. */
static char *argv_of(const char *project_text, struct span request_json)
{
    auto_project_config struct project_config *project = NULL;
    auto_request struct request *request = NULL;
    auto_clusters_config struct clusters_config *clusters = clusters_config_builtin();
    auto_resolved struct resolved *resolved = NULL;
    auto_payload struct payload payload = { 0 };
    auto_str struct str text = STR_MAX(8 * 1024 * 1024);
    struct err err = { 0 };
    assert_int_equal(project_config_parse(span_of(project_text), PROJECT_FILE, &project, NULL), 0);
    assert_int_equal(request_parse(request_json, &request, NULL), 0);
    const struct resolve_input in = { .request = request,
                                      .project = project,
                                      .cluster = &clusters->items[0] };
    assert_int_equal(resolve(&in, &resolved, NULL), 0);
    if (payload_build(resolved, &payload, &err) < 0)
        return mem_dup_str(err.text);
    for (size_t i = 0; i < payload.argv.count; i++)
        str_addf(&text, "%s%s", i ? " | " : "", payload.argv.items[i].text);
    for (size_t i = 0; i < payload.env.count; i++)
        str_addf(&text, " %s:%s", payload.env.items[i].key, payload.env.items[i].text);
    return str_steal(&text);
}

static void expect(const char *project, const char *request, const char *expected)
{
    auto_free char *argv = argv_of(project, span_of(request));
    assert_string_equal(argv, expected);
}

static void horrors_arrive_byte_for_byte(void **state)
{
    (void)state;
    expect("",
           "{\"args\":[\"a b\",\"'\\\"\",\"$(x) "
           "`y`\",\"l1\\nl2\",\"\\u00e9\\u4e2d\",\"\",\"--\",\"\\u001b[0m\"]}",
           "python3 | train.py | a b | '\" | $(x) `y` | l1\nl2 | \xc3\xa9\xe4\xb8\xad |  | -- | \x1b[0m");
    expect("default_overrides: {msg: 'it''s $HOME; rm -rf /'}", "{}",
           "python3 | train.py | msg=it's $HOME; rm -rf /");
}

static void the_order_is_program_args_parameters_request(void **state)
{
    (void)state;
    expect("command: [my prog, -m]\nargs: [--fixed, '{run_dir}']\ndefault_overrides: {a: 1}\n",
           "{\"args\":[\"z\"]}", "my prog | -m | --fixed | {run_dir} | a=1 | z");
    expect(
        "python: python3.11\ntrain_script: x/y.py\nhydra: {config_name: big}\nparams: {lr: {type: float}}\n",
        "{\"overrides\":{\"lr\":0.5,\"+model\":\"vit\"}}",
        "python3.11 | x/y.py | --config-name | big | lr=0.5 | +model=vit");
}

static void an_override_of_null_takes_a_parameter_away(void **state)
{
    (void)state;
    expect("default_overrides: {a: 1, b: 2}\n", "{\"overrides\":{\"a\":null}}", "python3 | train.py | b=2");
    expect("default_overrides: {a: 1}\nprofiles: {p: {default_overrides: null}}\n", "{\"profile\":\"p\"}",
           "python3 | train.py");
}

static void variables_need_a_variables_name(void **state)
{
    (void)state;
    expect("style: env\ndefault_overrides: {LR: 1e-3}\n", "{}", "python3 | train.py LR:1e-3");
    expect("style: env\ndefault_overrides: {a.b: 1}\n", "{}",
           "parameter a.b cannot be a variable's name (letters, digits, _)");
}

static void too_much_is_refused_by_name(void **state)
{
    auto_str struct str json = STR_MAX(1 << 20);
    (void)state;
    str_add(&json, "{\"args\":[\"x\"");
    for (int i = 0; i < MAX_ARGS; i++)
        str_add(&json, ",\"x\"");
    str_add(&json, "]}");
    auto_free char *many = argv_of("", str_span(&json));
    assert_string_equal(many, "more than 4096 arguments");
    str_cut(&json, 0);
    str_add(&json, "{\"overrides\":{\"big\":\"");
    for (int i = 0; i < MAX_ARG_BYTES; i++)
        str_add_char(&json, 'x');
    str_add(&json, "\"}}");
    auto_free char *big = argv_of("", str_span(&json));
    assert_string_equal(big, "parameter big is over 131072 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(horrors_arrive_byte_for_byte),
        cmocka_unit_test(the_order_is_program_args_parameters_request),
        cmocka_unit_test(an_override_of_null_takes_a_parameter_away),
        cmocka_unit_test(variables_need_a_variables_name),
        cmocka_unit_test(too_much_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
