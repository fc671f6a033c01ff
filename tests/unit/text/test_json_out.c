/* Covers: text/json_member. */
#include "text/json_out.h"

#include "base/clock.h"
#include "base/mem.h"
#include "text/json_in.h"
#include "text/yaml.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void commas_stand_where_they_must(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(4096);
    struct json_out out = { .to = &text };
    json_open_object(&out);
    json_member_str(&out, "a", "x");
    json_member_str(&out, "absent", NULL);
    json_key(&out, "list");
    json_open_array(&out);
    json_int(&out, -5);
    json_open_object(&out);
    json_close_object(&out);
    json_u64(&out, UINT64_MAX);
    json_close_array(&out);
    json_member_bool(&out, "b", true);
    json_member_time(&out, "never", 0);
    json_member_raw(&out, "r", SPAN_LIT("[1]"));
    json_key(&out, "n");
    json_nil(&out);
    json_close_object(&out);
    assert_string_equal(str_text(&text),
                        "{\"a\":\"x\",\"list\":[-5,{},18446744073709551615],\"b\":true,\"r\":[1],"
                        "\"n\":null}");
}

static void strings_are_escaped_and_cleaned(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(4096);
    struct json_out out = { .to = &text };
    json_str_span(&out, (struct span){ "a\"\\\n\t\x01\x7f\0z\xff\xc3\xa9\xe2\x82", 14 });
    assert_string_equal(str_text(&text),
                        "\"a\\\"\\\\\\n\\t\\u0001\\u007f\\u0000z\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef"
                        "\xbf\xbd\"");
}

static void any_bytes_read_back_as_json(void **state)
{
    (void)state;
    srand(3);
    for (int round = 0; round < 2000; round++) {
        char bytes[40];
        size_t len = (size_t)rand() % sizeof(bytes);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (char)(rand() % 256);
            bytes[i] = bytes[i] ? bytes[i] : 'a'; /* our reader refuses \u0000 */
        }
        auto_str struct str text = STR_MAX(4096);
        struct json_out out = { .to = &text };
        json_str_span(&out, (struct span){ bytes, len });
        auto_doc struct doc *doc = NULL;
        struct err err;
        if (json_parse(str_span(&text), &doc, &err) < 0)
            fail_msg("%s", err.text);
        if (span_is_utf8((struct span){ bytes, len }))
            assert_true(span_is((struct span){ bytes, len }, doc->text));
    }
}

static void number(double value, const char *want)
{
    auto_str struct str text = STR_MAX(100);
    struct json_out out = { .to = &text };
    json_f64(&out, value);
    assert_string_equal(str_text(&text), want);
}

static void floats_are_short_and_round_trip(void **state)
{
    (void)state;
    number(0.1, "0.1");
    number(1, "1");
    number(1.0 / 3, "0.3333333333333333");
    number(1e300, "1e+300");
    number(NAN, "\"NaN\"");
    number(-INFINITY, "\"-Infinity\"");
    for (int i = 0; i < 2000; i++) {
        uint64_t bits = ((uint64_t)rand() << 42) ^ ((uint64_t)rand() << 21) ^ (uint64_t)rand();
        double value;
        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value))
            continue;
        auto_str struct str text = STR_MAX(100);
        struct json_out out = { .to = &text };
        json_f64(&out, value);
        assert_true(strtod(str_text(&text), NULL) == value);
    }
}

static void integers_at_the_edges(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(100);
    struct json_out out = { .to = &text };
    json_int(&out, INT64_MIN);
    json_int(&out, 0);
    assert_string_equal(str_text(&text), "-9223372036854775808,0");
}

static void trees_are_typed_by_the_core_schema(void **state)
{
    (void)state;
    auto_doc struct doc *doc = NULL;
    assert_int_equal(yaml_parse(SPAN_LIT("a: 1e-3\nb: 'true'\nc: [yes, 0x10, ~, {}]\n"), NULL, &doc, NULL),
                     0);
    auto_str struct str text = STR_MAX(1000);
    struct json_out out = { .to = &text };
    json_doc(&out, doc);
    assert_string_equal(str_text(&text), "{\"a\":0.001,\"b\":\"true\",\"c\":[\"yes\",16,null,{}]}");
}

static void times_are_rfc3339(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(1000);
    struct json_out out = { .to = &text };
    json_open_object(&out);
    json_member_time(&out, "a", INT64_C(1769860800) * US_PER_S + 5 * US_PER_MS);
    json_close_object(&out);
    assert_string_equal(str_text(&text), "{\"a\":\"2026-01-31T12:00:00.005Z\"}");
}

static void nothing_is_null_or_left_out(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(100);
    struct json_out out = { .to = &text };
    json_open_array(&out);
    json_doc(&out, NULL);
    json_open_object(&out);
    json_member_doc(&out, "doc", NULL);
    json_member_raw(&out, "raw", (struct span){ 0 });
    json_close_object(&out);
    json_str(&out, NULL);
    json_bool(&out, false);
    json_f64(&out, -HUGE_VAL);
    json_f64(&out, HUGE_VAL);
    json_close_array(&out);
    assert_string_equal(str_text(&text), "[null,{},null,false,\"-Infinity\",\"Infinity\"]");
}

static void members_are_a_key_and_its_value(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(1000);
    struct json_out out = { .to = &text };
    struct doc yes = { .kind = DOC_BOOL, .boolean = true };
    json_open_object(&out);
    json_member_span(&out, "a", SPAN_LIT("x\xff"));
    json_member_int(&out, "b", -3);
    json_member_u64(&out, "c", UINT64_MAX);
    json_member_f64(&out, "d", 0.5);
    json_member_bool(&out, "e", true);
    json_member_doc(&out, "f", &yes);
    json_member_raw(&out, "g", SPAN_LIT("[1]"));
    json_member_str(&out, "h", NULL);
    json_member_str(&out, "i", "x");
    json_member_time(&out, "j", 0);
    json_member_time(&out, "k", 1000);
    json_close_object(&out);
    assert_string_equal(str_text(&text),
                        "{\"a\":\"x\xef\xbf\xbd\",\"b\":-3,\"c\":18446744073709551615,\"d\":0.5,\"e\":true,"
                        "\"f\":true,\"g\":[1],\"i\":\"x\",\"k\":\"1970-01-01T00:00:00.001Z\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_stand_where_they_must),
        cmocka_unit_test(strings_are_escaped_and_cleaned),
        cmocka_unit_test(any_bytes_read_back_as_json),
        cmocka_unit_test(floats_are_short_and_round_trip),
        cmocka_unit_test(integers_at_the_edges),
        cmocka_unit_test(trees_are_typed_by_the_core_schema),
        cmocka_unit_test(times_are_rfc3339),
        cmocka_unit_test(nothing_is_null_or_left_out),
        cmocka_unit_test(members_are_a_key_and_its_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
