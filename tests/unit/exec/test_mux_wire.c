/* Messages of the control socket against bytes written by hand from PROTOCOL.mux. */
#include "exec/mux_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define BYTES(text) ((struct span){ (text), sizeof(text) - 1 })

static void requests_are_as_the_protocol_says(void **state)
{
    (void)state;
    auto_str struct str out = STR_MAX(1024);
    mux_add_hello(&out);
    mux_add_request(&out, MUX_ALIVE_CHECK, 7);
    struct span want = BYTES("\0\0\0\10\0\0\0\1\0\0\0\4\0\0\0\10\20\0\0\4\0\0\0\7");
    assert_true(span_eq(str_span(&out), want));
}

static void a_session_has_its_command_last(void **state)
{
    (void)state;
    auto_str struct str out = STR_MAX(1024);
    mux_add_session(&out, 1, SPAN_LIT("true"));
    struct span want = BYTES("\0\0\0\54\20\0\0\2\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                             "\377\377\377\377\0\0\0\0\0\0\0\4true");
    assert_true(span_eq(str_span(&out), want));
}

static void answers_are_cut_off_one_by_one(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct mux_message m;
    struct span in = BYTES("\0\0\0\10\0\0\0\1\0\0\0\4"
                           "\0\0\0\14\200\0\0\5\0\0\0\1\0\0\1\0"
                           "\0\0\0\20\200\0\0\3\0\0\0\2\0\0\0\4nope"
                           "\0\0\0\14\200");
    assert_int_equal(mux_next(&in, &m, &err), 1);
    assert_int_equal(m.type, MUX_HELLO);
    assert_int_equal(m.first, MUX_VERSION);
    assert_int_equal(mux_next(&in, &m, &err), 1);
    assert_int_equal(m.type, MUX_ALIVE);
    assert_int_equal(m.second, 256);
    assert_int_equal(mux_next(&in, &m, &err), 1);
    assert_int_equal(m.type, MUX_FAILURE);
    assert_true(span_is(m.reason, "nope"));
    assert_int_equal(mux_next(&in, &m, &err), 0); /* the rest is not whole yet */
    assert_int_equal(in.len, 5);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct mux_message m;
    struct span huge = BYTES("\377\0\0\0"), tiny = BYTES("\0\0\0\1x"),
                lying = BYTES("\0\0\0\14\200\0\0\3\0\0\0\2\0\0\0\4");
    assert_int_equal(mux_next(&huge, &m, &err), -1);
    assert_int_equal(mux_next(&tiny, &m, &err), -1);
    assert_int_equal(mux_next(&lying, &m, &err), -1);
    assert_int_equal(err.code, ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_as_the_protocol_says),
        cmocka_unit_test(a_session_has_its_command_last),
        cmocka_unit_test(answers_are_cut_off_one_by_one),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
