#include "base/err.h"

#include "base/span.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void set_and_wrap_build_one_line(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(err_set(&err, ERR_INVALID, "bad %s", "x\ny\x1b"), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_string_equal(err.text, "bad x y ");
    assert_int_equal(err_wrap(&err, "file %d", 7), -1);
    assert_string_equal(err.text, "file 7: bad x y ");
    assert_int_equal(err.code, ERR_INVALID);
}

static void arguments_may_be_the_errors_own_text(void **state)
{
    (void)state;
    struct err err;
    err_set(&err, ERR_IO, "first");
    err_set(&err, ERR_BUSY, "[%s]", err.text);
    assert_string_equal(err.text, "[first]");
}

static void nobody_has_to_listen(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, ERR_IO, "x"), -1);
    assert_int_equal(err_wrap(NULL, "x"), -1);
    assert_int_equal(err_errno(NULL, EIO, "x"), -1);
}

static void long_texts_end_in_dots(void **state)
{
    (void)state;
    char text[3000];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    struct err err;
    err_set(&err, ERR_IO, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
    assert_string_equal(err.text + ERR_TEXT_BYTES - 4, "...");
    err_wrap(&err, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
}

static void a_cut_never_splits_a_character(void **state)
{
    (void)state;
    char text[3001] = "";
    for (size_t i = 0; i + 3 < sizeof(text); i += 3)
        memcpy(text + i, "\xe2\x82\xac", 3);
    for (size_t shift = 0; shift < 3; shift++) {
        struct err err;
        err_set(&err, ERR_IO, "%.*s%s", (int)shift, "ab", text);
        assert_true(span_is_utf8(span_of(err.text)));
        assert_true(span_ends(span_of(err.text), "..."));
    }
}

static void errno_becomes_a_code(void **state)
{
    (void)state;
    static const struct {
        int errnum;
        enum err_code code;
    } rows[] = { { ENOSPC, ERR_FULL },   { EDQUOT, ERR_FULL },  { ENOENT, ERR_NOT_FOUND },
                 { EACCES, ERR_DENIED }, { EPERM, ERR_DENIED }, { EIO, ERR_IO } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct err err;
        err_errno(&err, rows[i].errnum, "open %s", "f");
        assert_int_equal(err.code, rows[i].code);
        assert_non_null(strstr(err.text, "open f: "));
    }
}

static void every_code_has_its_own_word(void **state)
{
    (void)state;
    for (int i = 0; i < ERR_CODE_COUNT; i++)
        for (int k = 0; k < i; k++)
            assert_string_not_equal(err_word((enum err_code)i), err_word((enum err_code)k));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_and_wrap_build_one_line),
        cmocka_unit_test(arguments_may_be_the_errors_own_text),
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(long_texts_end_in_dots),
        cmocka_unit_test(a_cut_never_splits_a_character),
        cmocka_unit_test(errno_becomes_a_code),
        cmocka_unit_test(every_code_has_its_own_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
