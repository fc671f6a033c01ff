#include "cli/preview_view.h"

#include "cli/screen.h"
#include "cli/view.h"
#include "text/terminal.h"

enum { MAX_LINE_BYTES = 1024 * 1024, ORIGIN_COLUMN = 60 };

static const char *origin_of(const struct doc *lines, int64_t number)
{
    for (size_t i = 0; lines && lines->kind == DOC_SEQ && i < lines->count; i++)
        if (view_int(&lines->items[i], "line", 0) == number)
            return view_text(&lines->items[i], "origin");
    return NULL;
}

static void print_line(struct cli *cli, struct span text, const char *origin)
{
    auto_str struct str line = STR_MAX(MAX_LINE_BYTES), beside = STR_MAX(MAX_LINE_BYTES);
    terminal_escape(&line, text, TERMINAL_LINES);
    if (origin) {
        size_t width = terminal_width(str_span(&line));
        terminal_escape(&beside, span_of(origin), TERMINAL_CELL);
        do
            str_add_char(&line, ' ');
        while (++width < ORIGIN_COLUMN);
        screen_add_tinted(cli->env, &line, SPAN_LIT("<- "), TINT_FAINT);
        screen_add_tinted(cli->env, &line, str_span(&beside), TINT_FAINT);
    }
    str_add_char(&line, '\n');
    (void)fwrite(str_text(&line), 1, line.len, cli->env->out);
}

void preview_view_script(struct cli *cli, const struct doc *preview, bool with_origins)
{
    struct span rest = span_of(view_text(preview, "script")), line;
    const struct doc *lines = view_at(preview, "lines");
    if (!with_origins) {
        screen_bytes(cli->env, rest);
        return;
    }
    for (int64_t number = 1; span_next_line(&rest, &line); number++)
        print_line(cli, line, origin_of(lines, number));
}

static void tell_warning(struct cli *cli, const struct doc *warning)
{
    const char *text = doc_scalar_text(warning);
    if (!text)
        text = view_text(warning, "text");
    if (!text)
        text = view_text(warning, "detail");
    if (text)
        screen_errf(cli->env, "warning: %s\n", text);
}

bool preview_view_verdict(struct cli *cli, const struct doc *preview)
{
    const struct doc *warnings = view_at(preview, "warnings"), *test = view_at(preview, "test");
    const char *upstream = view_text(test, "upstream"), *hint = view_text(test, "hint");
    const char *start = view_text(test, "start_at"), *field = view_text(test, "field");
    for (size_t i = 0; warnings && warnings->kind == DOC_SEQ && i < warnings->count; i++)
        tell_warning(cli, &warnings->items[i]);
    if (!test)
        return true;
    bool is_accepted = view_bool(test, "accepted");
    screen_errf(cli->env, "the scheduler would %s this job%s%s\n", is_accepted ? "accept" : "refuse",
                start ? ", and start it about " : "", start ? start : "");
    if (upstream && *upstream)
        screen_errf(cli->env, "  | %s\n", upstream);
    if (field)
        screen_errf(cli->env, "  it is about %s\n", field);
    if (hint)
        screen_errf(cli->env, "  hint: %s\n", hint);
    return is_accepted;
}
