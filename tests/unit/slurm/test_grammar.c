#include "slurm/grammar.h"

#include "sample.h"

struct grammar_case {
    enum directive_kind kind;
    const char *good[8], *bad[10];
};

static const struct grammar_case cases[] = {
    { DIRECTIVE_TEXT,
      { "a", "train v2 #3", "ü|;$(x)`" },
      { "", "a\"b", "a\\b", "a\nb", "a\x1b", "\x7f", "\xff" } },
    { DIRECTIVE_NAME,
      { "gpu", "gpu,cpu", "a.b_c+d-e" },
      { "", "a b", "-x", "a;b", "a=b", "\"", "a/b", "@" } },
    { DIRECTIVE_TIME,
      { "30", "24:00:00", "2-12", "2-12:30:00", "UNLIMITED", "90:00" },
      { "", "0", "1x", "-1", "1:2:3:4", "1 0", "1.5", "2-", "now" } },
    { DIRECTIVE_MEM,
      { "64G", "512M", "0", "1000", "2T" },
      { "", "G", "64GB", "-1", "1.5G", "64 G", "12345678901" } },
    { DIRECTIVE_COUNT, { "1", "128" }, { "", "0", "-1", "1e3", "9999999999", "two" } },
    { DIRECTIVE_RANGE, { "2", "2-4" }, { "", "4-2", "2-", "-2", "0", "1-2-3", "0-2", "2-9999999999" } },
    { DIRECTIVE_NODELIST, { "n1", "n[1-3,07]-x,gpu05" }, { "", "n[1", "n 1", ",", "a;b", "(null)", "None" } },
    { DIRECTIVE_CONSTRAINT,
      { "a100", "a100&nvlink", "[rack1|rack2]", "(a|b)&c", "gpu*2" },
      { "", "[a", "a]", "[a)", "a b", "&a", "a\"", "((((((((((((((((((a))))))))))))))))))" } },
    { DIRECTIVE_GRES,
      { "gpu:2", "gpu:a100:2", "a100:2", "2", "gpu:nvidia_a100_3g.39gb:1,shard:2", "gres/gpu=2" },
      { "", "gpu:", ",", "gpu:2,", "gpu:2,,x:1", ":2", "gpu::2", "gpu==2", "gpu:2;x" } },
    { DIRECTIVE_DEPENDENCY,
      { "afterok:27", "afterok:27:28_3", "afterany:1,singleton", "after:5+10", "aftercorr:7_*",
        "afterok:1?afterany:2" },
      { "", "afterok", "afterok:", "afterok:x", "afterok:1,", "nosuch:1", "afterok:1:", "after:1+", "27" } },
    { DIRECTIVE_LICENSES, { "matlab", "matlab@db:2,foo:1" }, { "", ":2", "a b", "a\"" } },
    { DIRECTIVE_ARRAY,
      { "0-15%4", "1,3,5-9:2", "7" },
      { "", "x", "5-2", "1-", "1%0", "1%", "1,", "0-100000", "1..." } },
    { DIRECTIVE_BEGIN,
      { "now", "now+1hour", "2026-11-20T18:00", "16:00" },
      { "", "now +1", "+1", "a;b", "\"", "now+1111111111222222222233333333334444hours" } },
    { DIRECTIVE_SIGNAL,
      { "USR2", "B:USR2@180", "R:TERM", "10@60", "RB:USR1", "BR:USR1@65535" },
      { "", "B:", "USR2@", "USR2@x", "U;R", "X:USR2", "USR2@123456", "RB:", "ABCDEFGHIJKLM" } },
    { DIRECTIVE_NICE,
      { "0", "-100", "100" },
      { "", "x", "99999999999", "--1", "1.5", "2147483646", "-2147483646" } },
    { DIRECTIVE_PATH,
      { "/w/runs/x/slurm.log", "/a b/%j-%A_%a.%x", "/100%%/x" },
      { "", "x", "/a\nb", "/a%N", "/a%", "/a\"b", "/a\\b" } },
    { DIRECTIVE_WORD, { "END,FAIL", "block:cyclic" }, { "", "-x", "a b", "a\"" } },
    { DIRECTIVE_FLAG, { "" }, { "x" } },
};

static void every_kind_takes_its_own_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t g = 0; g < ARRAY_LEN(cases[i].good) && cases[i].good[g]; g++)
            if (grammar_refuses(cases[i].kind, span_of(cases[i].good[g])))
                fail_msg("kind %d refuses '%s'", (int)cases[i].kind, cases[i].good[g]);
        for (size_t b = 0; b < ARRAY_LEN(cases[i].bad) && cases[i].bad[b]; b++)
            if (!grammar_refuses(cases[i].kind, span_of(cases[i].bad[b])))
                fail_msg("kind %d takes '%s'", (int)cases[i].kind, cases[i].bad[b]);
    }
}

/* The promise on which the double quotes of a directive rest. */
static void no_grammar_lets_a_dangerous_byte_through(void **state)
{
    (void)state;
    static const char bytes[] = "\"\\\n\r\t\x1b\x7f\x01";
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (size_t g = 0; g < ARRAY_LEN(cases[i].good) && cases[i].good[g]; g++)
            for (size_t b = 0; b < sizeof(bytes); b++) /* the NUL at its end too */
                for (size_t at = 0; at <= strlen(cases[i].good[g]); at++) {
                    auto_str struct str text = STR_MAX(1000);
                    str_add_span(&text, span_head(span_of(cases[i].good[g]), at));
                    str_add_char(&text, bytes[b]);
                    str_add_span(&text, span_skip(span_of(cases[i].good[g]), at));
                    assert_non_null(grammar_refuses(cases[i].kind, str_span(&text)));
                }
}

static void a_value_without_end_is_refused(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(10000);
    for (int i = 0; i < 5000; i++)
        str_add(&text, "a");
    for (int kind = 0; kind <= DIRECTIVE_FLAG; kind++)
        assert_non_null(grammar_refuses((enum directive_kind)kind, str_span(&text)));
    assert_non_null(grammar_refuses((enum directive_kind)99, span_of("x")));
    assert_null(grammar_refuses(DIRECTIVE_TEXT, span_head(str_span(&text), 200)));
    assert_non_null(grammar_refuses(DIRECTIVE_TEXT, span_head(str_span(&text), 201)));
    static const enum directive_kind words[] = { DIRECTIVE_NAME, DIRECTIVE_WORD };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        assert_null(grammar_refuses(words[i], span_head(str_span(&text), 200)));
        assert_non_null(grammar_refuses(words[i], span_head(str_span(&text), 201)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_takes_its_own_and_nothing_else),
        cmocka_unit_test(no_grammar_lets_a_dangerous_byte_through),
        cmocka_unit_test(a_value_without_end_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
