#include "domain/schema_bind.h"

#include "base/mem.h"
#include "text/yaml.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

struct sample {
    char *python;
    int64_t time_s, max_size, port;
    bool exclusive;
    int style;
    struct strs modules, types;
};

static const struct bind binds[] = {
    { "python", BIND_STR, offsetof(struct sample, python) },
    { "resources.time", BIND_INT, offsetof(struct sample, time_s) },
    { "code.max_size", BIND_INT, offsetof(struct sample, max_size) },
    { "launch.master_port", BIND_INT, offsetof(struct sample, port) },
    { "resources.exclusive", BIND_BOOL, offsetof(struct sample, exclusive) },
    { "style", BIND_ENUM, offsetof(struct sample, style) },
    { "env.modules", BIND_STRS, offsetof(struct sample, modules) },
    { "resources.gpu_type", BIND_STRS, offsetof(struct sample, types) },
};

static struct sample fill(const char *text)
{
    auto_doc struct doc *doc = NULL;
    struct sample sample = { 0 };
    assert_int_equal(yaml_parse(span_of(text), NULL, &doc, NULL), 0);
    bind_fill(&schema_project, "", doc, BIND_LIST(binds), &sample);
    return sample;
}

static void what_is_absent_or_null_is_the_default(void **state)
{
    (void)state;
    struct sample s = fill("python: null\nresources:\n");
    assert_string_equal(s.python, "python3");
    assert_int_equal(s.time_s, 86400);
    assert_int_equal(s.max_size, 200 << 20);
    assert_int_equal(s.port, BIND_NONE);
    assert_false(s.exclusive);
    assert_int_equal(s.style, 0);
    assert_int_equal(s.modules.count, 0);
    bind_clear(binds, ARRAY_LEN(binds), &s);
    assert_null(s.python);
}

static void values_are_typed_by_their_rows(void **state)
{
    (void)state;
    struct sample s =
        fill("python: 3.11\nresources: {time: 1-0:0:1, exclusive: true, gpu_type: a100}\n"
             "code: {max_size: 1.5K}\nlaunch: {master_port: 2000}\nstyle: env\nenv: {modules: [a, 7]}\n");
    assert_string_equal(s.python, "3.11");
    assert_int_equal(s.time_s, 86401);
    assert_int_equal(s.max_size, 1536);
    assert_int_equal(s.port, 2000);
    assert_true(s.exclusive);
    assert_int_equal(s.style, 3);
    assert_true(s.modules.count == 2 && strs_has(&s.modules, "7"));
    assert_true(s.types.count == 1 && strs_has(&s.types, "a100"));
    auto_str struct str joined = STR_MAX(64);
    strs_join(&s.modules, ", ", &joined);
    assert_string_equal(str_text(&joined), "a, 7");
    bind_clear(binds, ARRAY_LEN(binds), &s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_absent_or_null_is_the_default),
        cmocka_unit_test(values_are_typed_by_their_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
