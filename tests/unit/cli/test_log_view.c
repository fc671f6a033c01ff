#include "cli_help.h"

#include "cli/log_view.h"

static char *shown(struct log_view view, const char *const *chunks, size_t count)
{
    auto_str struct str to = STR_MAX(65536);
    for (size_t i = 0; i < count; i++)
        log_view_feed(&view, span_of(chunks[i]), &to);
    log_view_end(&view, &to);
    return str_steal(&to);
}
#define SHOWN(view, ...) \
    shown((view), (const char *[]){ __VA_ARGS__ }, ARRAY_LEN(((const char *[]){ __VA_ARGS__ })))

static const struct log_view terminal = { .is_terminal = true };
static const struct log_view coloured = { .is_terminal = true, .keeps_colors = true };

static void a_file_gets_every_byte(void **state)
{
    (void)state;
    auto_free char *text = SHOWN((struct log_view){ 0 }, "a\x1b[31m\r", "\xff\r\n\xe2\x82");
    assert_string_equal(text, "a\x1b[31m\r\xff\r\n\xe2\x82");
}

static void escapes_never_reach_a_terminal(void **state)
{
    (void)state;
    auto_free char *text = SHOWN(terminal, "x\x1b", "]0;owned\x07\x9b", "31m\xe2\x80\xae\n");
    assert_null(strchr(text, '\x1b'));
    assert_null(strchr(text, '\x07'));
    assert_null(strstr(text, "\xe2\x80\xae"));
    assert_has(text, "owned");
}

static void colours_pass_where_asked_for_even_when_cut(void **state)
{
    (void)state;
    auto_free char *with = SHOWN(coloured, "\x1b[3", "1mred\x1b[", "0m\x1b[2J\n");
    assert_has(with, "\x1b[31mred\x1b[0m");
    assert_null(strstr(with, "\x1b[2J"));
    auto_free char *without = SHOWN(terminal, "\x1b[3", "1mred\n");
    assert_null(strchr(without, '\x1b'));
}

static void characters_cut_between_chunks_stay_whole(void **state)
{
    (void)state;
    auto_free char *text = SHOWN(terminal, "\xe2", "\x82", "\xac\n");
    assert_string_equal(text, "\xe2\x82\xac\n");
    auto_free char *torn = SHOWN(terminal, "a\xe2\x82");
    assert_string_equal(torn, "a\\xe2\\x82");
}

static void a_progress_bar_redraws_its_line(void **state)
{
    (void)state;
    auto_free char *text = SHOWN(terminal, "10%\r", "20%", "\r30%\r", "\n", "done\r\n");
    assert_string_equal(text, "10%\r\x1b[K20%\r\x1b[K30%\ndone\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_gets_every_byte),
        cmocka_unit_test(escapes_never_reach_a_terminal),
        cmocka_unit_test(colours_pass_where_asked_for_even_when_cut),
        cmocka_unit_test(characters_cut_between_chunks_stay_whole),
        cmocka_unit_test(a_progress_bar_redraws_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
