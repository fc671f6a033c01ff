#include "text/yaml.h"

#include "base/limits.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static struct doc *parse_ok(struct span text)
{
    auto_errs struct errs errs = { 0 };
    struct doc *doc = NULL;
    if (yaml_parse(text, "f", &doc, &errs) < 0) {
        auto_str struct str why = STR_MAX(1 << 16);
        errs_text(&errs, &why);
        fail_msg("%s", str_text(&why));
    }
    assert_int_equal(errs.count, 0);
    return doc;
}

/* All messages must be exactly these lines. */
static void refuses(const char *text, const char *lines)
{
    auto_errs struct errs errs = { 0 };
    struct doc *doc = NULL;
    auto_str struct str got = STR_MAX(1 << 16);
    assert_int_equal(yaml_parse(span_of(text), "f", &doc, &errs), -1);
    assert_null(doc);
    errs_text(&errs, &got);
    assert_string_equal(str_text(&got), lines);
}

static void plain_stays_a_string_with_its_place(void **state)
{
    (void)state;
    auto_doc struct doc *doc = parse_ok(SPAN_LIT("a: 24:00:00\nb: \"x\"\nc: [1, {d: no}]\ne:\n"));
    assert_int_equal(doc->kind, DOC_MAP);
    assert_int_equal(doc->count, 4);
    assert_string_equal(doc->items[0].text, "24:00:00");
    assert_true(doc->items[0].plain);
    assert_false(doc->items[1].plain);
    assert_int_equal(doc->items[1].line, 2);
    assert_int_equal(doc->items[1].col, 4);
    assert_int_equal(doc->items[1].key_col, 1);
    const struct doc *no = doc_get(&doc_get(doc, "c")->items[1], "d");
    assert_string_equal(no->text, "no");
    assert_true(doc_is_null(doc_get(doc, "e")));
}

static void crlf_bom_and_empty_files_are_fine(void **state)
{
    (void)state;
    auto_doc struct doc *crlf = parse_ok(SPAN_LIT("\xef\xbb\xbf"
                                                  "a: 1\r\nb: |\r\n  x\r\n  y\r\n"));
    assert_string_equal(doc_get(crlf, "a")->text, "1");
    assert_string_equal(doc_get(crlf, "b")->text, "x\ny\n");
    auto_doc struct doc *empty = parse_ok(SPAN_LIT("# nothing\n"));
    assert_int_equal(empty->kind, DOC_NULL);
    assert_int_equal(empty->line, 1);
    auto_doc struct doc *none = parse_ok((struct span){ 0 });
    assert_true(doc_is_null(none));
}

static void everything_wrong_is_reported_at_once(void **state)
{
    (void)state;
    refuses("a: &x 1\nb: *x\nc:\n  - !!str 2\n  - {k: 1, k: 2}\n<<: {z: 1}\na: 3\n",
            "f:1:4: a: anchors (&name) are not supported (write the value out)\n"
            "f:2:4: b: aliases (*name) are not supported (write the value out)\n"
            "f:4:5: c[0]: tags (!name) are not supported (leave it out: each key has its type)\n"
            "f:5:12: c[1].k: this key stands twice, first in line 5 (keep one of them)\n"
            "f:6:1: merge keys (<<) are not supported (write the keys out)\n"
            "f:7:1: a: this key stands twice, first in line 1 (keep one of them)\n");
}

static void odd_keys_are_refused(void **state)
{
    (void)state;
    refuses("? [a, b]\n: 1\n? {c: d}\n: 2\n", "f:1:3: a key must be a single word or string\n"
                                              "f:3:3: a key must be a single word or string\n");
    refuses("- \"\": 1\n", "f:1:3: [0]: a key is missing before ':'\n");
    refuses("\"a\\0b\": 1\n", "f:1:1: a NUL character is not allowed\n");
}

static void one_document_only(void **state)
{
    (void)state;
    auto_doc struct doc *doc = parse_ok(SPAN_LIT("%YAML 1.2\n---\na: 1\n...\n"));
    assert_int_equal(doc->count, 1);
    refuses("a: 1\n---\nb: 2\n", "f:2:1: a second document (---) is not supported (one document per file)\n");
}

static void broken_syntax_names_line_and_column(void **state)
{
    (void)state;
    refuses("a: 1\n\tb: 2\n",
            "f:2:1: found a tab character that violates indentation (indent with blanks)\n");
    refuses("a: @b\n",
            "f:1:4: found character that cannot start any token (indent with blanks, and put quotes "
            "around values that start with @ ` or %)\n");
    refuses("a: b: c\n",
            "f:1:5: mapping values are not allowed in this context (check the indentation; a value "
            "that holds ': ' needs quotes)\n");
    refuses("a: 1\nb: \x01\n", "f:2:4: control characters are not allowed\n");
    refuses("a: 1\nb: \xff\n", "f:2:1: this line is not UTF-8 (save the file as UTF-8)\n");
    auto_errs struct errs errs = { 0 };
    struct doc *doc = NULL;
    assert_int_equal(yaml_parse((struct span){ "a: \0", 4 }, "f", &doc, &errs), -1);
    assert_int_equal(errs.items[0].col, 4);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Nesting, flow nesting, long keys, many keys: each as large as a file may be. */
static void hostile_files_end_soon(void **state)
{
    (void)state;
    static const char *const units[] = { "[",     "{",   "- ",  "? ",    "[[a]: ", "{a: ", "a: [",
                                         "- - [", "[,",  "a,",  "\"\\",  "*a ",    "&a ",  "!a ",
                                         "'",     "#",   "|\n", "- |\n", "k: ",    "\n ",  "\t",
                                         "{? [",  "a\n", "%",   "---\n" };
    char *text = mem_alloc(MAX_CONFIG_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        size_t step = strlen(units[i]);
        for (size_t at = 0; at < MAX_CONFIG_BYTES; at++)
            text[at] = units[i][at % step];
        double start = seconds();
        auto_errs struct errs errs = { 0 };
        auto_doc struct doc *doc = NULL;
        (void)yaml_parse((struct span){ text, MAX_CONFIG_BYTES }, "f", &doc, &errs);
        if (seconds() - start > 2)
            fail_msg("%s took %.2f s", units[i], seconds() - start);
    }
    free(text);
}

static void many_keys_are_not_compared_pairwise(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(MAX_CONFIG_BYTES);
    for (int i = 0; i < 24000; i++)
        str_addf(&text, "%x:\n", i);
    auto_doc struct doc *doc = parse_ok(str_span(&text));
    assert_int_equal(doc->count, 24000);
    for (int i = 0; i < 1500; i++)
        str_addf(&text, "%x:\n", 0x10000 + i);
    auto_errs struct errs errs = { 0 };
    struct doc *none = NULL;
    assert_int_equal(yaml_parse(str_span(&text), "f", &none, &errs), -1);
    assert_string_equal(errs.items[0].text, "too many values");
}

static void depth_has_a_limit(void **state)
{
    (void)state;
    refuses("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
            "f:1:33: "
            "[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]"
            "[0]: nested too deeply (at most 32 levels)\n");
    auto_doc struct doc *fine =
        parse_ok(SPAN_LIT("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n"));
    assert_int_equal(fine->kind, DOC_SEQ);
}

/* Flips, cuts and repeats of a real file: no crash, no leak, an error or a tree, never both. */
static void mutations_are_judged(void **state)
{
    (void)state;
    static const char seed[] = "version: 1\nname: &a \"x\\u00e9\"\nargs: [a, {b: c}, 'd']\nenv:\n  setup:\n"
                               "    - |\n      echo hi\n    - >-\n      fold\n  vars: {A: '1', ? [x] : *a}\n"
                               "!!str z: 0x1f\n<<: ~\n";
    srand(7);
    for (int round = 0; round < 4000; round++) {
        char text[sizeof(seed)];
        memcpy(text, seed, sizeof(seed));
        size_t len = sizeof(seed) - 1;
        for (int n = rand() % 4; n >= 0; n--)
            text[(size_t)rand() % len] = "[]{}:,-?*&!|>'\"%@`\n\r\t \\#0a\xc3\x80"[rand() % 28];
        if (rand() % 3 == 0)
            len = (size_t)rand() % len;
        auto_errs struct errs errs = { 0 };
        auto_doc struct doc *doc = NULL;
        int rc = yaml_parse((struct span){ text, len }, "f", &doc, &errs);
        assert_true((rc == 0) == (doc != NULL));
        assert_true((rc == 0) == (errs.count == 0));
    }
}

static void what_no_file_of_ours_has_is_named(void **state)
{
    (void)state;
    refuses("%TAG !e! tag:example.org,2000:\n---\na: 1\n", "f:1:1: %TAG is not supported\n");
    refuses("\xc3\xa9: \x01\n", "f:1:4: control characters are not allowed\n"); /* by characters, not bytes */
    char *large = mem_alloc(MAX_CONFIG_BYTES + 1);
    memset(large, '#', MAX_CONFIG_BYTES + 1);
    struct doc *doc = NULL;
    auto_errs struct errs errs = { 0 };
    assert_int_equal(yaml_parse((struct span){ large, MAX_CONFIG_BYTES + 1 }, "f", &doc, &errs), -1);
    assert_string_equal(errs.items[0].text, "the file is larger than 256 KiB");
    assert_int_equal(yaml_parse((struct span){ large, MAX_CONFIG_BYTES + 1 }, "f", &doc, NULL), -1);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_stays_a_string_with_its_place),
        cmocka_unit_test(crlf_bom_and_empty_files_are_fine),
        cmocka_unit_test(everything_wrong_is_reported_at_once),
        cmocka_unit_test(odd_keys_are_refused),
        cmocka_unit_test(one_document_only),
        cmocka_unit_test(broken_syntax_names_line_and_column),
        cmocka_unit_test(hostile_files_end_soon),
        cmocka_unit_test(many_keys_are_not_compared_pairwise),
        cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(mutations_are_judged),
        cmocka_unit_test(what_no_file_of_ours_has_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
