#include "text/shell_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void place_after(const char *text, enum shell_place want)
{
    struct shell_state state = { 0 };
    shell_state_feed(&state, span_of(text));
    if (shell_state_place(&state) != want)
        fail_msg("after [%s]: %d", text, (int)shell_state_place(&state));
}

static void quotes_open_and_close(void **state)
{
    (void)state;
    place_after("", SHELL_BARE);
    place_after("a 'b", SHELL_SINGLE);
    place_after("a 'b' ", SHELL_BARE);
    place_after("a '\\' ", SHELL_BARE);
    place_after("a \"b", SHELL_DOUBLE);
    place_after("a \"b\\\" ", SHELL_DOUBLE);
    place_after("a \"it's\" ", SHELL_BARE);
    place_after("a \\\" ", SHELL_BARE);
    place_after("a $'b\\' ", SHELL_SINGLE);
    place_after("a `b ", SHELL_TICKS);
    place_after("a \"b\nc", SHELL_DOUBLE);
}

static void substitutions_start_afresh(void **state)
{
    (void)state;
    place_after("\"$(cmd ", SHELL_BARE);
    place_after("\"$(cmd \"x", SHELL_DOUBLE);
    place_after("\"$(cmd \"x\" ", SHELL_BARE);
    place_after("\"$(cmd) ", SHELL_DOUBLE);
    place_after("\"$(cmd)\" ", SHELL_BARE);
    place_after("case x in a) ", SHELL_BARE);
}

static void comments_end_with_the_line(void **state)
{
    (void)state;
    place_after("# it's ", SHELL_COMMENT);
    place_after("# it's\n", SHELL_BARE);
    place_after("a # \"", SHELL_COMMENT);
    place_after("a#b' ", SHELL_SINGLE);
    place_after("echo $# 'x", SHELL_SINGLE);
}

static void here_documents_end_with_their_word(void **state)
{
    (void)state;
    place_after("cat <<EOF ", SHELL_BARE);
    place_after("cat <<EOF\n it's", SHELL_HERE);
    place_after("cat <<'EOF'\nEOFX\n", SHELL_HERE);
    place_after("cat <<EOF\nx\nEOF\n", SHELL_BARE);
    place_after("cat <<-  \"END\"\nx\n\t\tEND\n", SHELL_BARE);
    place_after("cat <<EOF # why\n", SHELL_HERE);
    place_after("cat <<<word\n", SHELL_BARE);
    place_after("n=$((1<<k))\n", SHELL_BARE);
    place_after("n=$((1 << 3))\n", SHELL_BARE);
}

static void a_value_is_a_word(void **state)
{
    (void)state;
    struct shell_state shell = { 0 };
    shell_state_value(&shell);
    shell_state_feed(&shell, SPAN_LIT("#'"));
    assert_int_equal(shell_state_place(&shell), SHELL_SINGLE);
    struct shell_state here = { 0 };
    shell_state_feed(&here, SPAN_LIT("cat <<E\n"));
    shell_state_value(&here);
    shell_state_feed(&here, SPAN_LIT("E\n"));
    assert_int_equal(shell_state_place(&here), SHELL_HERE);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    struct shell_state shell = { 0 };
    for (int i = 0; i < 1000; i++)
        shell_state_feed(&shell, SPAN_LIT("$(\""));
    assert_int_equal(shell.depth, SHELL_MAX_DEPTH);
}

static void here_documents_begin_with_a_word(void **state)
{
    (void)state;
    place_after("cat << \t'E-n_d.9Z'\na ", SHELL_HERE);
    place_after("cat <<\"E\"\nE\n", SHELL_BARE);
    place_after("cat <<\\E\nx\n", SHELL_HERE);
    place_after("cat <<1\nx", SHELL_BARE); /* no word that we know: not one */
    place_after("cat <<9E\nx", SHELL_BARE);
    place_after("cat <<-.\nx", SHELL_HERE);
    place_after("cat <<\n", SHELL_BARE);
    place_after("cat <<", SHELL_BARE);
    place_after("cat <<|\n", SHELL_BARE);
    place_after("cat << ", SHELL_BARE);
    place_after("cat <<{\n", SHELL_BARE);
    place_after("cat <<E", SHELL_BARE);
    place_after("cat <<E@\nE\n", SHELL_BARE);
    place_after("cat <<E/\nx", SHELL_HERE);
}

static void only_a_dash_strips_tabs(void **state)
{
    (void)state;
    place_after("cat <<E\n\tE\n", SHELL_HERE);
    place_after("cat <<-E\n\tE\n", SHELL_BARE);
    place_after("cat <<-E\nE\tE\n", SHELL_HERE);
    place_after("cat <<-E\n\t\tE\n", SHELL_BARE);
}

static void a_single_paren_is_no_arithmetic(void **state)
{
    (void)state;
    place_after("( ( cat <<E\nx", SHELL_HERE);
    place_after("(cat <<E\nx", SHELL_HERE);
    place_after("((1<<E\n", SHELL_BARE);
    place_after("x # c\ncat <<E # c\nx", SHELL_HERE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_open_and_close),
        cmocka_unit_test(substitutions_start_afresh),
        cmocka_unit_test(comments_end_with_the_line),
        cmocka_unit_test(here_documents_end_with_their_word),
        cmocka_unit_test(a_value_is_a_word),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(here_documents_begin_with_a_word),
        cmocka_unit_test(only_a_dash_strips_tabs),
        cmocka_unit_test(a_single_paren_is_no_arithmetic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
