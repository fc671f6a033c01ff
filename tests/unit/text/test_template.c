#include "text/template.h"

#include "base/limits.h"
#include "base/mem.h"
#include "support/spawn.h"
#include "text/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char context_text[] =
    "name: it's\nempty: ''\nnone:\nno: false\nzero: 0\nargs: [a b, c]\nnothing: []\n"
    "slurm: {account: acct, qos: ~}\njobs:\n  - {id: 1, tags: [x, y]}\n  - {id: 2, tags: []}\n"
    "evil: \"$(id)\\nrm\"\nquoted: '0'\n";

static int render(const char *text, bool allow_raw, struct str *out, struct errs *errs)
{
    auto_doc struct doc *context = NULL;
    assert_int_equal(yaml_parse(span_of(context_text), NULL, &context, NULL), 0);
    struct template_source source = { span_of(text), "t", allow_raw };
    return template_render(&source, context, out, NULL, errs);
}

static void gives(const char *text, const char *want)
{
    auto_str struct str out = STR_MAX(1 << 16);
    auto_errs struct errs errs = { 0 };
    if (render(text, true, &out, &errs) < 0) {
        errs_text(&errs, &out);
        fail_msg("%s", str_text(&out));
    }
    assert_string_equal(str_text(&out), want);
}

static void refuses(const char *text, const char *want)
{
    auto_str struct str out = STR_MAX(1 << 16), got = STR_MAX(1 << 16);
    auto_errs struct errs errs = { 0 };
    assert_int_equal(render(text, false, &out, &errs), -1);
    assert_int_equal(out.len, 0);
    errs_text(&errs, &got);
    assert_string_equal(str_text(&got), want);
}

static void values_are_quoted_words(void **state)
{
    (void)state;
    gives("x {{name}} {{ slurm.account }} {{none}} {{slurm.qos}} {{args}}|{{nothing}}|\n",
          "x 'it'\\''s' 'acct' '' '' 'a b' 'c'||\n");
    gives("{{{name}}} {{&name}} {{{none}}}", "it's it's ");
    gives("\\{{name}} {{name}}", "{{name}} 'it'\\''s'");
}

static void sections_repeat_and_choose(void **state)
{
    (void)state;
    gives("{{#jobs}}[{{id}}{{#tags}},{{.}}{{/tags}}{{^tags}}-{{/tags}}]{{/jobs}}", "['1','x','y']['2'-]");
    gives(
        "{{#no}}a{{/no}}{{#zero}}b{{/zero}}{{#empty}}c{{/empty}}{{#none}}d{{/none}}{{#nothing}}e{{/nothing}}",
        "");
    gives("{{#quoted}}a{{/quoted}}{{#name}}{{.}}{{/name}}", "a'it'\\''s'");
    gives("{{#slurm}}{{account}} {{name}}{{/slurm}}", "'acct' 'it'\\''s'");
    gives("{{^none}}x{{/none}}{{^name}}y{{/name}}", "x");
}

static void a_tag_alone_takes_its_line(void **state)
{
    (void)state;
    gives("a\n  {{#jobs}}\n  - {{id}}\n  {{/jobs}}\nb\n", "a\n  - '1'\n  - '2'\nb\n");
    gives("{{! first }}\r\na {{! in }} b\r\n{{#name}}\r\nx\r\n{{/name}}", "a  b\r\nx\r\n");
    gives("{{#name}} {{/name}}\n", " \n");
    gives("{{! two\nlines }}\nx", "x");
}

static void unknown_names_are_errors_with_a_hint(void **state)
{
    (void)state;
    refuses("a\n {{nmae}} {{slurm.acount}} {{slurm.account.x}} {{#jobs}}{{idd}}{{/jobs}} {{xxxxxx}}\n",
            "t:2:2: nmae: no such name (did you mean name?)\n"
            "t:2:11: slurm.acount: no such name (did you mean account?)\n"
            "t:2:28: slurm.account.x: no such name\n"
            "t:2:57: idd: no such name (did you mean id?)\n"
            "t:2:74: xxxxxx: no such name\n");
    gives("{{none.deeper}}", "''");
}

static void broken_templates_name_the_place(void **state)
{
    (void)state;
    refuses("{{#name}}\n{{#slurm}}\n{{/name}}\n",
            "t:1:1: name: this section is never closed\nt:2:1: slurm: this section is never closed\n"
            "t:3:1: name: this closes another section than the one that is open ({{#slurm}} of line 2 is "
            "open)\n");
    refuses("x{{/name}}", "t:1:2: name: no section of this name is open\n");
    refuses("{{name", "t:1:1: this {{ is never closed (\\{{ gives two braces as they are)\n");
    refuses("{{.Names}}{{a b}}{{}}{{> p}}",
            "t:1:1: .Names: between {{ and }} a name is expected (\\{{ gives two braces as they are)\n"
            "t:1:11: a b: between {{ and }} a name is expected (\\{{ gives two braces as they are)\n"
            "t:1:18: between {{ and }} a name is expected (\\{{ gives two braces as they are)\n"
            "t:1:22: p: partials and other delimiters are not supported\n");
    refuses("{{slurm}}",
            "t:1:1: slurm: this is a list or a map, not a value (name one of its keys, or use {{#name}})\n");
}

static void raw_values_need_trust(void **state)
{
    (void)state;
    refuses("{{{name}}}{{&name}}",
            "t:1:1: name: raw values are for templates of the gateway's own folder (use {{name}})\n"
            "t:1:11: name: raw values are for templates of the gateway's own folder (use {{name}})\n");
}

static void values_inside_other_quoting_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "\"{{evil}}\"", "'{{evil}}'", "echo \"$HOME/{{evil}}\"", "`x {{evil}}`", "cat <<EOF\n{{evil}}\nEOF\n",
        "# {{evil}}\n"
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_str struct str out = STR_MAX(1 << 16);
        auto_errs struct errs errs = { 0 };
        if (render(rows[i], true, &out, &errs) == 0)
            fail_msg("%s gives %s", rows[i], str_text(&out));
    }
    gives("# {{name}}\n", "# 'it'\\''s'\n");
    gives("x=\"$(cmd {{name}})\"", "x=\"$(cmd 'it'\\''s')\"");
}

static void limits_hold(void **state)
{
    (void)state;
    auto_str struct str list = STR_MAX(1 << 20), text = STR_MAX(2 << 20), out = STR_MAX(4 << 20);
    str_add(&list, "[1");
    for (int i = 0; i < 200; i++)
        str_add(&list, ",1");
    str_add(&list, "]");
    auto_doc struct doc *context = mem_zalloc(sizeof(*context));
    context->kind = DOC_MAP;
    auto_doc struct doc *items = NULL;
    assert_int_equal(yaml_parse(str_span(&list), NULL, &items, NULL), 0);
    struct doc *slot = doc_push(context, NULL);
    doc_copy(slot, items);
    slot->key = mem_dup_str("l");
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "{{#l}}{{#l}}{{/l}}{{/l}}", "sections are repeated more than 10,000 times" },
        { "{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{"
          "#l}}",
          "sections are nested too deeply" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_errs struct errs errs = { 0 };
        struct template_source source = { span_of(rows[i].text), "t", false };
        assert_int_equal(template_render(&source, context, &out, NULL, &errs), -1);
        assert_string_equal(errs.items[errs.count - 1].text, rows[i].want);
    }
    str_add(&text, "{{#l}}");
    for (int i = 0; i < 8000; i++)
        str_add(&text, "x");
    str_add(&text, "{{/l}}");
    auto_errs struct errs errs = { 0 };
    struct template_source source = { str_span(&text), "t", false };
    assert_int_equal(template_render(&source, context, &out, NULL, &errs), -1);
    assert_string_equal(errs.items[0].text, "the result is larger than 1 MiB");
    assert_int_equal(out.len, 0);
}

static void the_trace_names_each_lines_first_value(void **state)
{
    (void)state;
    auto_doc struct doc *context = NULL;
    assert_int_equal(yaml_parse(span_of(context_text), NULL, &context, NULL), 0);
    struct template_source source = { SPAN_LIT("a\n{{name}} {{zero}}\n{{#jobs}}\nx\ny {{id}}\n{{/jobs}}\n"),
                                      "t", false };
    auto_template_trace struct template_trace trace = { 0 };
    auto_str struct str out = STR_MAX(1000);
    assert_int_equal(template_render(&source, context, &out, &trace, NULL), 0);
    assert_int_equal(trace.count, 6);
    assert_int_equal(trace.names[0].len, 0);
    assert_true(span_is(trace.names[1], "name"));
    assert_int_equal(trace.names[2].len, 0);
    assert_true(span_is(trace.names[3], "id"));
    assert_true(span_is(trace.names[5], "id"));
}

static void hostile_values_run_nothing(void **state)
{
    (void)state;
    static const char hostile[] = "'\"\\$`!\n\r\t ;&|<>(){}*?~#{}%";
    srand(5);
    for (int round = 0; round < 60; round++) {
        char value[40] = { 0 };
        size_t len = (size_t)rand() % (sizeof(value) - 1);
        for (size_t i = 0; i < len; i++)
            value[i] = hostile[(size_t)rand() % (sizeof(hostile) - 1)];
        auto_doc struct doc *context = mem_zalloc(sizeof(*context));
        context->kind = DOC_MAP;
        doc_set_str(doc_push(context, "v"), value);
        struct template_source source = { SPAN_LIT("set -- a={{v}}\nprintf %s \"$1\"\n"), "t", false };
        auto_str struct str script = STR_MAX(4096), got = STR_MAX(4096);
        assert_int_equal(template_render(&source, context, &script, NULL, NULL), 0);
        assert_int_equal(spawn_collect((const char *const[]){ "bash", "-s", NULL }, str_span(&script), &got),
                         0);
        assert_string_equal(str_text(&got) + 2, value);
    }
}

static void mutations_are_judged(void **state)
{
    (void)state;
    static const char seed[] = "{{#jobs}}\n- {{id}} {{{name}}}\n{{#tags}}{{.}}{{/tags}}\n{{/jobs}}\n# {{! c "
                               "}}\n\\{{ {{^none}}x{{/none}}";
    srand(9);
    for (int round = 0; round < 4000; round++) {
        char text[sizeof(seed)];
        memcpy(text, seed, sizeof(seed));
        for (int n = rand() % 4; n >= 0; n--)
            text[(size_t)rand() % (sizeof(seed) - 1)] = "{}#/^!&. \n\"'\\a`<("[rand() % 17];
        auto_str struct str out = STR_MAX(1 << 16);
        auto_errs struct errs errs = { 0 };
        int rc = render(text, rand() % 2, &out, &errs);
        assert_true((rc == 0) == (errs.count == 0));
    }
}

static void numbers_decide_as_they_are(void **state)
{
    (void)state;
    auto_doc struct doc *context = NULL;
    assert_int_equal(yaml_parse(SPAN_LIT("f: 0.0\ng: 0.5\ni: 3\n"), NULL, &context, NULL), 0);
    struct template_source source = { SPAN_LIT("{{#f}}f{{/f}}{{#g}}g{{/g}}{{#i}}i{{/i}}"), "t", false };
    auto_str struct str out = STR_MAX(100);
    assert_int_equal(template_render(&source, context, &out, NULL, NULL), 0);
    assert_string_equal(str_text(&out), "gi");
}

/* A context with a list of `count` strings of `bytes` each. */
static void big_context(struct doc *context, size_t count, size_t bytes)
{
    char *text = mem_alloc(bytes + 1);
    memset(text, 'x', bytes);
    text[bytes] = '\0';
    *context = (struct doc){ .kind = DOC_MAP };
    struct doc *list = doc_push(context, "list");
    list->kind = DOC_SEQ;
    for (size_t i = 0; i < count; i++)
        doc_set_str(doc_push(list, NULL), text);
    mem_free_ptr(&text);
}

static void stops(const struct doc *context, const char *text, size_t max_bytes, const char *part)
{
    auto_str struct str out = STR_MAX(max_bytes), got = STR_MAX(10000);
    auto_errs struct errs errs = { 0 };
    auto_template_trace struct template_trace trace = { 0 };
    struct template_source source = { span_of(text), "t", false };
    assert_int_equal(template_render(&source, context, &out, &trace, &errs), -1);
    assert_int_equal(out.len, 0);
    assert_int_equal(trace.count, 0);
    errs_text(&errs, &got);
    if (!strstr(str_text(&got), part))
        fail_msg("%s", str_text(&got));
    assert_int_equal(template_render(&source, context, &out, NULL, NULL), -1);
}

static void what_grows_without_end_is_stopped(void **state)
{
    (void)state;
    struct doc context;
    big_context(&context, 4, (size_t)600 * 1024);
    stops(&context, "{{list}} {{list}}", (size_t)8 << 20, "larger than 1 MiB");
    stops(&context, "{{#list}}{{.}}{{/list}} more", (size_t)8 << 20, "larger than 1 MiB");
    stops(&context, "text that does not fit", 10, "larger than 1 MiB");
    doc_clear(&context);
    big_context(&context, 1, (size_t)5 << 20);
    stops(&context, "{{list}}", (size_t)16 << 20, "larger than 1 MiB");
    doc_clear(&context);
    auto_str struct str text = STR_MAX((size_t)2 << 20);
    for (int i = 0; i < 1024 * 1024 + 1; i++)
        str_add_char(&text, 'x');
    big_context(&context, 9000, 1);
    stops(&context, str_text(&text), (size_t)8 << 20, "template is larger");
    str_cut(&text, 0);
    str_add(&text, "{{#list}}");
    for (int i = 0; i < 2000; i++)
        str_add(&text, "{{^list}}{{/list}}");
    str_add(&text, "{{/list}}");
    stops(&context, str_text(&text), (size_t)8 << 20, "does too much");
    doc_clear(&context);
}

static void a_hint_is_looked_for_among_many_names(void **state)
{
    (void)state;
    struct doc context = { .kind = DOC_MAP };
    char name[16];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(name, sizeof(name), "k%d", i);
        doc_set_int(doc_push(&context, name), i);
    }
    stops(&context, "{{slurm}}", 1000, "no such name");
    doc_clear(&context);
}

static void names_are_words_joined_by_dots(void **state)
{
    (void)state;
    static const char *const wrong[] = { "{{.a}}",  "{{a.}}",  "{{a..b}}", "{{a b}}", "{{a@b}}",
                                         "{{a[b}}", "{{a{b}}", "{{a:b}}",  "{{a/b}}", "{{=}}",
                                         "{{>a}}",  "{{",      "{{a" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        auto_str struct str out = STR_MAX(1000);
        auto_errs struct errs errs = { 0 };
        if (render(wrong[i], false, &out, &errs) == 0)
            fail_msg("%s is taken", wrong[i]);
    }
    gives("\t{{#name}}\t\r\nx\r\n{{/name}}\r\n", "x\r\n");
    gives("a {{#name}}\rb{{/name}}", "a \rb");
    gives("{{#name}}\rb{{/name}}", "\rb");
    refuses("{{aZ_-09.b}}", "t:1:1: aZ_-09.b: no such name\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_quoted_words),
        cmocka_unit_test(sections_repeat_and_choose),
        cmocka_unit_test(a_tag_alone_takes_its_line),
        cmocka_unit_test(unknown_names_are_errors_with_a_hint),
        cmocka_unit_test(broken_templates_name_the_place),
        cmocka_unit_test(raw_values_need_trust),
        cmocka_unit_test(values_inside_other_quoting_are_refused),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(the_trace_names_each_lines_first_value),
        cmocka_unit_test(hostile_values_run_nothing),
        cmocka_unit_test(mutations_are_judged),
        cmocka_unit_test(numbers_decide_as_they_are),
        cmocka_unit_test(what_grows_without_end_is_stopped),
        cmocka_unit_test(a_hint_is_looked_for_among_many_names),
        cmocka_unit_test(names_are_words_joined_by_dots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
