#include "text/frame.h"

#include "base/mem.h"
#include "support/spawn.h"
#include "text/quote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const struct nonce out_nonce = { "0123456789abcdef0123456789abcdef" };
static const struct nonce in_nonce = { "fedcba9876543210fedcba9876543210" };
static const char *const shells[] = { "dash", "bash", "zsh", "tcsh", "fish", "ksh" };

/* A login shell runs the exec string, as sshd would have it do. */
static int run_exec(const char *shell, bool login, struct span input, struct str *out)
{
    auto_str struct str exec = STR_MAX(4096);
    frame_exec_string(&exec, login, &in_nonce);
    assert_null(strpbrk(str_text(&exec), "!\\\n"));
    const char *const argv[] = { shell, "-c", str_text(&exec), NULL };
    return spawn_collect(argv, input, out);
}

static void hostile_program(struct str *to, struct str *want)
{
    static const char value[] = "a'b\"c\\d$(x)`y`!\n#END-x\n\n \x01\xff\\";
    str_add(to, "v=");
    quote_text(to, value);
    str_add(to,
            "\nfor i in 1 2 3; do\n  printf '%s\\n' \"$i$v\"\ndone\ncat <<'EOF'\nhere $v\n\nEOF\nexit 5\n");
    for (int i = 1; i <= 3; i++)
        str_addf(want, "%d%s\n", i, value);
    str_add(want, "here $v\n\n");
}

static void programs_run_whole_in_every_login_shell(void **state)
{
    (void)state;
    auto_str struct str program = STR_MAX(4096), want = STR_MAX(4096);
    hostile_program(&program, &want);
    for (size_t i = 0; i < ARRAY_LEN(shells) * 4; i++) {
        enum frame_kind kind = i & 1 ? FRAME_STREAM : FRAME_PROGRAM;
        const char *shell = shells[i / 4];
        if (!spawn_has(shell))
            continue;
        auto_str struct str input = STR_MAX(8192), got = STR_MAX(8192);
        assert_int_equal(frame_input(&input, kind, str_span(&program), &in_nonce, NULL), 0);
        assert_int_equal(run_exec(shell, i & 2, str_span(&input), &got), 5);
        assert_string_equal(str_text(&got), str_text(&want));
    }
}

static void a_cut_program_runs_nothing(void **state)
{
    (void)state;
    struct span program = SPAN_LIT("echo one\necho two\\");
    for (int kind = FRAME_PROGRAM; kind <= FRAME_STREAM; kind++) {
        auto_str struct str input = STR_MAX(8192);
        frame_input(&input, kind, program, &in_nonce, NULL);
        for (size_t len = 0; len + 1 < input.len; len += 3) {
            auto_str struct str got = STR_MAX(8192), front = STR_MAX(8192);
            assert_int_equal(run_exec("dash", false, span_head(str_span(&input), len), &got), FRAME_EXIT_CUT);
            assert_int_equal(run_exec("dash", false, span_skip(str_span(&input), len + 1), &front),
                             FRAME_EXIT_CUT);
            assert_int_equal(got.len + front.len, 0);
        }
    }
}

static void a_command_line_may_stand_before_its_program_is_known(void **state)
{
    (void)state;
    static const struct nonce other = { "00112233445566778899aabbccddeeff" };
    for (int kind = FRAME_PROGRAM; kind <= FRAME_STREAM; kind++) {
        auto_str struct str input = STR_MAX(8192), got = STR_MAX(8192);
        assert_int_equal(frame_input(&input, kind, SPAN_LIT("echo one\necho two"), &other, NULL), 0);
        assert_int_equal(run_exec("dash", false, str_span(&input), &got), FRAME_EXIT_CUT);
        frame_input_renonce(&input, &in_nonce);
        assert_int_equal(run_exec("dash", false, str_span(&input), &got), 0);
        assert_string_equal(str_text(&got), "one\ntwo\n");
    }
}

/* --- one shell, several programs --- */

static void add_shared(struct str *input, const char *program)
{
    assert_int_equal(frame_input_shared(input, span_of(program), &in_nonce, &out_nonce, NULL), 0);
}

/* "@" stands for the answer's nonce. */
static void marks_of(const char *text, struct str *to)
{
    for (const char *c = text; *c; c++)
        str_add_span(to, *c == '@' ? span_of(out_nonce.text) : (struct span){ c, 1 });
}

static void programs_follow_each_other_and_leave_nothing_behind(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "cd /; umask 0; set -e -f; IFS=x; trap 'echo trap' EXIT; p=q _n=z v=1; export v\n"
        "exec 9>&1; alias pwd=false; f() { :; }; cat; false; echo unreachable",
        "read -r x || echo nothing to read; exit 3",
        "exec <&- >&- 2>&-; exit 7",
        "echo 'is no shell text",
        "(echo a >&9) 2>/dev/null; f 2>/dev/null; set -- $(echo \"b c\")\necho \"$v,$#,$(umask)\"; pwd",
    };
    auto_str struct str want = STR_MAX(4096);
    auto_free char *here = getcwd(NULL, 0);
    marks_of("trap\n\n@ NEXT 1\nnothing to read\n\n@ NEXT 3\n\n@ NEXT 7\n\n@ NEXT 2\n,2,0077\n", &want);
    str_addf(&want, "%s\n\n%s NEXT 0\n", here, out_nonce.text);
    for (int is_long = 0; is_long < 2; is_long++) {
        auto_str struct str input = STR_MAX(1 << 20), out = STR_MAX(1 << 20), exec = STR_MAX(4096);
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            auto_str struct str body = STR_MAX(1 << 20);
            str_addf(&body, "%*s%s", is_long ? FRAME_LINE_BYTES : 0, "", rows[i]);
            add_shared(&input, str_text(&body));
        }
        str_add(&exec, "umask 077; ");
        frame_exec_string(&exec, false, &in_nonce);
        const char *const argv[] = { "sh", "-c", str_text(&exec), NULL };
        assert_int_equal(spawn_collect(argv, str_span(&input), &out), FRAME_EXIT_CUT);
        assert_string_equal(str_text(&out), str_text(&want));
    }
}

static void both_streams_say_next(void **state)
{
    (void)state;
    auto_str struct str input = STR_MAX(8192), out = STR_MAX(8192), want = STR_MAX(8192),
                        exec = STR_MAX(8192);
    add_shared(&input, "echo a >&2; exit 4");
    marks_of("a\n\n@ NEXT 4\n", &want);
    frame_exec_string(&exec, false, &in_nonce);
    str_add(&exec, " 2>&1 >/dev/null");
    const char *const argv[] = { "sh", "-c", str_text(&exec), NULL };
    assert_int_equal(spawn_collect(argv, str_span(&input), &out), FRAME_EXIT_CUT);
    assert_string_equal(str_text(&out), str_text(&want));
}

/* In many places sh is no dash. */
static void shared_runs_by(const char *sh, const struct str *input, const char *want)
{
    auto_str struct str out = STR_MAX(1 << 16), exec = STR_MAX(4096);
    frame_exec_string(&exec, false, &in_nonce);
    static const char is_sh[] = "exec /bin/sh ";
    struct span rest = span_skip(str_span(&exec), strlen(is_sh));
    auto_str struct str own = STR_MAX(4096);
    str_addf(&own, "exec %s %.*s", sh, SPAN_FMT(rest));
    assert_true(span_starts(str_span(&exec), is_sh));
    const char *const argv[] = { "sh", "-c", str_text(&own), NULL };
    assert_int_equal(spawn_collect(argv, str_span(input), &out), FRAME_EXIT_CUT);
    assert_string_equal(str_text(&out), want);
}

static void programs_follow_each_other_in_every_shell(void **state)
{
    (void)state;
    auto_str struct str input = STR_MAX(1 << 16), want = STR_MAX(8192), program = STR_MAX(8192);
    for (int i = 0; i < 2; i++) {
        str_cut(&program, 0);
        str_addf(&program, "%*s", i ? FRAME_LINE_BYTES : 0, "");
        hostile_program(&program, &want);
        add_shared(&input, str_text(&program));
        str_addf(&want, "\n%s NEXT 5\n", out_nonce.text);
    }
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        auto_str struct str out = STR_MAX(1 << 16);
        if (!spawn_has(shells[i]))
            continue;
        assert_int_equal(run_exec(shells[i], false, str_span(&input), &out), FRAME_EXIT_CUT);
        assert_string_equal(str_text(&out), str_text(&want));
        if (i < 2) /* dash, bash */
            shared_runs_by(shells[i], &input, str_text(&want));
    }
}

static void a_program_that_is_cut_or_beheaded_runs_nothing_on_a_shell_of_many(void **state)
{
    (void)state;
    auto_str struct str input = STR_MAX(1 << 16), body = STR_MAX(1 << 16);
    for (int is_long = 0; is_long < 2; is_long++) {
        str_cut(&input, 0);
        str_cut(&body, 0);
        str_addf(&body, "echo one\n%*s\necho two\\", is_long ? FRAME_LINE_BYTES : 1, "");
        add_shared(&input, str_text(&body));
        for (size_t len = 0; len < input.len;
             len += len + 3 < input.len && len > 3 ? (is_long ? 41 : 5) : 1) {
            auto_str struct str got = STR_MAX(8192), front = STR_MAX(8192);
            assert_int_equal(run_exec("dash", false, span_head(str_span(&input), len), &got), FRAME_EXIT_CUT);
            assert_int_equal(run_exec("dash", false, span_skip(str_span(&input), len + 1), &front),
                             FRAME_EXIT_CUT);
            assert_int_equal(got.len + front.len, 0);
        }
    }
}

static void what_cannot_be_sent_is_no_shared_program(void **state)
{
    (void)state;
    auto_str struct str input = STR_MAX(200);
    struct err err = { 0 };
    assert_int_equal(frame_input_shared(&input, SPAN_LIT("a\0b"), &in_nonce, &out_nonce, &err), -1);
    assert_string_equal(err.text, "a remote program holds a NUL byte");
    assert_int_equal(frame_input_shared(&input, SPAN_LIT("echo"), &in_nonce, &out_nonce, &err), 0);
    assert_true(input.failed);
}

static void next_is_found_however_the_stream_is_cut(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(1000);
    str_addf(&text,
             "\n%s NEXT 0\n%s NEXT \n%s NEXT 256\n%s NEXT 1000\n\n%s NEXT x\n%s END 0\n %s NEXT 0\n\n\n%s "
             "NEXT 255\n",
             in_nonce.text, out_nonce.text, out_nonce.text, out_nonce.text, out_nonce.text, out_nonce.text,
             out_nonce.text, out_nonce.text);
    for (size_t slice = 1; slice <= text.len; slice++) {
        struct frame_next next;
        frame_next_expect(&next, &out_nonce);
        for (size_t at = 0; at < text.len; at += slice) {
            bool is_last = at + slice >= text.len;
            assert_int_equal(frame_next_add(&next, span_head(span_skip(str_span(&text), at), slice)),
                             is_last);
        }
        assert_int_equal(next.rc, 255);
        assert_false(next.has_more);
        frame_next_add(&next, SPAN_LIT("x"));
        assert_true(next.has_more && frame_next_add(&next, SPAN_LIT("")) && next.has_more);
    }
}

static void an_answer_may_stop_at_next_without_its_end(void **state)
{
    (void)state;
    auto_str struct str out = STR_MAX(1000);
    auto_frame struct frame frame = { 0 };
    str_addf(&out, "\n%s BEGIN\n\n%s + a\nb\n%s NEXT 2\n", out_nonce.text, out_nonce.text, out_nonce.text);
    assert_int_equal(frame_parse(str_span(&out), &out_nonce, &frame, NULL), 0);
    assert_true(frame.begun && !frame.ended && !frame.items[0].complete);
}

static void raw_bytes_follow_a_stream(void **state)
{
    (void)state;
    auto_str struct str input = STR_MAX(60000), got = STR_MAX(60000);
    frame_input(&input, FRAME_STREAM, SPAN_LIT("set -e\ncat"), &in_nonce, NULL);
    size_t head = input.len;
    for (int i = 0; i < 50000; i++)
        str_add_char(&input, (char)(i * 7 % 256));
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        if (!spawn_has(shells[i]))
            continue;
        str_clear(&got);
        assert_int_equal(run_exec(shells[i], i & 1, str_span(&input), &got), 0);
        assert_true(span_eq(str_span(&got), span_skip(str_span(&input), head)));
    }
}

static void nul_in_a_program_is_refused(void **state)
{
    (void)state;
    auto_str struct str input = STR_MAX(100);
    assert_int_equal(frame_input(&input, FRAME_PROGRAM, (struct span){ "a\0", 2 }, &in_nonce, NULL), -1);
}

static void output_of(struct str *out)
{
    auto_str struct str program = STR_MAX(8192);
    str_add(&program, "printf 'motd without newline'\n");
    frame_begin(&program, &out_nonce);
    frame_section_open(&program, "jobs");
    str_add(&program, "printf 'x\\0y\\n\\n'\n");
    frame_section_close(&program, "jobs");
    str_add(&program, "echo between\n");
    frame_section_open(&program, "empty");
    frame_section_close(&program, "empty");
    frame_section_open(&program, "bad/1");
    str_add(&program, "sh -c 'exit 3'\n");
    frame_section_close(&program, "bad/1");
    frame_end(&program);
    const char *const argv[] = { "sh", "-s", NULL };
    assert_int_equal(spawn_collect(argv, str_span(&program), out), 0);
    str_add(out, "logout noise");
}

static void sections_come_back_byte_for_byte(void **state)
{
    (void)state;
    auto_str struct str out = STR_MAX(8192);
    output_of(&out);
    auto_frame struct frame frame = { 0 };
    struct err err;
    if (frame_parse(str_span(&out), &out_nonce, &frame, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(frame.begun && frame.ended);
    assert_int_equal(frame.rc, 3);
    assert_int_equal(frame.count, 3);
    const struct frame_section *jobs = frame_get(&frame, "jobs"), *bad = frame_get(&frame, "bad/1");
    assert_true(span_eq(jobs->data, (struct span){ "x\0y\n\n", 5 }));
    assert_true(jobs->complete && bad->complete);
    assert_int_equal(jobs->rc, 0);
    assert_int_equal(bad->rc, 3);
    assert_int_equal(frame_get(&frame, "empty")->data.len, 0);
    assert_null(frame_get(&frame, "none"));
}

static void a_cut_anywhere_is_not_ended(void **state)
{
    (void)state;
    auto_str struct str out = STR_MAX(8192);
    output_of(&out);
    size_t end = out.len - strlen("logout noise");
    for (size_t len = 0; len < end; len++) {
        char *copy = mem_dup_bytes(out.buf, len);
        auto_frame struct frame frame = { 0 };
        assert_int_equal(frame_parse((struct span){ copy, len }, &out_nonce, &frame, NULL), 0);
        assert_false(frame.ended);
        free(copy);
    }
}

static int parse_marks(const char *marks, struct frame *frame, struct err *err)
{
    auto_str struct str out = STR_MAX(8192);
    struct span rest = span_of(marks), part;
    while (span_next(&rest, ',', &part))
        str_addf(&out, "\n%s %.*s\n", out_nonce.text, SPAN_FMT(part));
    return frame_parse(str_span(&out), &out_nonce, frame, err);
}

static void contradicting_marks_are_corrupt(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "END 0",
        "+ a",
        "BEGIN,BEGIN",
        "BEGIN,- a 0",
        "BEGIN,+ a,- b 0",
        "BEGIN,+ a,+ b",
        "BEGIN,+ a,END 0",
        "BEGIN,END x",
        "BEGIN,+ a,- a",
        "BEGIN,+ a,- a 256",
        "BEGIN,+ a,- ab 0",
        "BEGIN,what",
        "BEGIN,+ a,- a -1",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct frame frame = { .count = 7 };
        struct err err;
        if (parse_marks(rows[i], &frame, &err) == 0)
            fail_msg("%s is taken", rows[i]);
        assert_int_equal(err.code, ERR_CORRUPT);
        assert_int_equal(frame.count, 7);
    }
}

static void other_nonces_and_odd_places_are_data(void **state)
{
    (void)state;
    auto_str struct str out = STR_MAX(8192);
    str_addf(&out, "noise %s BEGIN\n\n%sBEGIN\n\n%s BEGIN\n", out_nonce.text, out_nonce.text, out_nonce.text);
    str_addf(&out, "\n%s + a\n/bin/sh #END-%s\n%s\n\n%s - a 0\n\n%s - a 0\n\n%s END 0\n", out_nonce.text,
             out_nonce.text, out_nonce.text, in_nonce.text, out_nonce.text, out_nonce.text);
    auto_frame struct frame frame = { 0 };
    assert_int_equal(frame_parse(str_span(&out), &out_nonce, &frame, NULL), 0);
    assert_true(frame.ended);
    assert_true(span_has(frame.items[0].data, "#END-"));
    assert_true(span_has(frame.items[0].data, in_nonce.text));
}

static void sections_have_a_ceiling(void **state)
{
    (void)state;
    auto_str struct str out = STR_MAX(1 << 20);
    str_addf(&out, "\n%s BEGIN\n", out_nonce.text);
    for (int i = 0; i <= MAX_FRAME_SECTIONS; i++)
        str_addf(&out, "\n%s + a\n\n%s - a 0\n", out_nonce.text, out_nonce.text);
    struct frame frame = { 0 };
    struct err err;
    assert_int_equal(frame_parse(str_span(&out), &out_nonce, &frame, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
}

static void names_of_sections_stand_in_shell_text_as_they_are(void **state)
{
    (void)state;
    char name[MAX_FRAME_NAME + 2];
    memset(name, 'a', sizeof(name));
    name[MAX_FRAME_NAME + 1] = '\0';
    assert_false(frame_is_name(name));
    name[MAX_FRAME_NAME] = '\0';
    assert_true(frame_is_name(name));
    assert_true(frame_is_name("a_B.9:/@+=-"));
    assert_false(frame_is_name("") || frame_is_name("a b") || frame_is_name("a'b") || frame_is_name("$x"));
}

static void an_empty_program_is_one(void **state)
{
    (void)state;
    auto_str struct str input = STR_MAX(1000);
    assert_int_equal(frame_input(&input, FRAME_PROGRAM, (struct span){ 0 }, &in_nonce, NULL), 0);
    assert_true(span_has(str_span(&input), "#END-"));
}

static void marks_must_have_lines_of_their_own(void **state)
{
    (void)state;
    static const char *const rows[] = { "@ BEGIN\n", "x@ BEGIN\n", "\n@BEGIN\n", "\n@ BEGIN" };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        auto_str struct str out = STR_MAX(1000);
        auto_frame struct frame frame = { 0 };
        for (const char *c = rows[i]; *c; c++)
            str_add_span(&out, *c == '@' ? span_of(out_nonce.text) : (struct span){ c, 1 });
        assert_int_equal(frame_parse(str_span(&out), &out_nonce, &frame, NULL), 0);
        assert_false(frame.begun);
    }
    auto_str struct str out =
        STR_MAX(1000); /* an empty section's marks share a newline: no shell of ours did that */
    auto_frame struct frame frame = { 0 };
    const char *n = out_nonce.text;
    str_addf(&out, "\n%s BEGIN\n%s + a\n%s - a 0\n%s END 0\n", n, n, n, n);
    struct err err;
    assert_int_equal(frame_parse(str_span(&out), &out_nonce, &frame, &err), -1);
    assert_int_equal(err.code, ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_run_whole_in_every_login_shell),
        cmocka_unit_test(a_cut_program_runs_nothing),
        cmocka_unit_test(a_command_line_may_stand_before_its_program_is_known),
        cmocka_unit_test(programs_follow_each_other_and_leave_nothing_behind),
        cmocka_unit_test(both_streams_say_next),
        cmocka_unit_test(programs_follow_each_other_in_every_shell),
        cmocka_unit_test(a_program_that_is_cut_or_beheaded_runs_nothing_on_a_shell_of_many),
        cmocka_unit_test(what_cannot_be_sent_is_no_shared_program),
        cmocka_unit_test(next_is_found_however_the_stream_is_cut),
        cmocka_unit_test(an_answer_may_stop_at_next_without_its_end),
        cmocka_unit_test(raw_bytes_follow_a_stream),
        cmocka_unit_test(nul_in_a_program_is_refused),
        cmocka_unit_test(sections_come_back_byte_for_byte),
        cmocka_unit_test(a_cut_anywhere_is_not_ended),
        cmocka_unit_test(contradicting_marks_are_corrupt),
        cmocka_unit_test(other_nonces_and_odd_places_are_data),
        cmocka_unit_test(sections_have_a_ceiling),
        cmocka_unit_test(names_of_sections_stand_in_shell_text_as_they_are),
        cmocka_unit_test(an_empty_program_is_one),
        cmocka_unit_test(marks_must_have_lines_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
