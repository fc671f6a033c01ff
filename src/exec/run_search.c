#include "exec/run_search.h"

#include "base/limits.h"
#include "text/quote.h"

#include <string.h>

enum { SHOWN_LINE_BYTES = 4096, MAX_SEARCH_TASK = 128 };

/* A match is looked for in what is seen: what a progress bar wrote last, without escape sequences (as
 * web/src/job/logtext.ts takes them out). sed is slower than grep by far, so it runs only where the log has
 * an escape or a carriage return at all; elsewhere `seen` says nothing, and grep reads the file itself. */
static const char seen_text[] =
    "LC_ALL=C; export LC_ALL\n"
    "E=$(printf '\\033') C=$(printf '\\015') B=$(printf '\\007') g=$f; seen() { :; }\n"
    "if grep -aqF -e \"$E\" -e \"$C\" -- \"$f\"; then g=-; seen() { sed -E "
    "\"s/$C+\\$//;s/.*$C//;s/$E\\\\[[0-?]*[ -\\/]*[@-~]//g;/$E/s/$E(\\\\][^$B$E]*($B|$E\\\\\\\\)?|"
    "[PX^_][^$E]*($E\\\\\\\\)?|[^][])//g\" -- \"$f\" 2>/dev/null; }; fi\n";

/* grep runs twice: once to count, once to show; a log of 100 MB is in the page cache the second time. What
 * grep says of a bad pattern comes instead of the count. */
static const char search_text[] =
    "n=$(seen | grep -ac $how -e \"$q\" -- \"$g\" 2>&1); if [ $? -gt 1 ]; then echo \"bad $n\"; exit 0; fi\n"
    "echo \"$n\"; if [ \"$n\" -eq 0 ]; then exit 0; fi\n"
    "if [ $from -le 1 ]; then seen | grep -an $how -m $most -e \"$q\" -- \"$g\" | cut -b 1-$width; exit 0; "
    "fi\n"
    "seen | grep -an $how -e \"$q\" -- \"$g\" | cut -b 1-$width | awk -F: -v from=$from -v most=$most "
    "'$1 + 0 >= from { print; if (++n >= most) exit }'\n";

static void search_answer(struct call *call, const struct run_result *result)
{
    struct err err;
    struct span data;
    if (call_section(result, "search", &data, &err) < 0)
        call->done.text(call->ctx, (struct span){ "", 0 }, &err);
    else if (span_starts(data, "none"))
        call->done.text(call->ctx, data, (err_set(&err, ERR_NOT_FOUND, "no such file yet"), &err));
    else if (span_starts(data, "bad "))
        call->done.text(call->ctx, data,
                        (err_set(&err, ERR_INVALID, "%.*s", SPAN_FMT(span_trim(span_skip(data, 4)))), &err));
    else
        call->done.text(call->ctx, data, NULL);
}

/* Back references make matching exponential; nothing else of these expressions does. */
static int check_pattern(const struct search_spec *spec, struct err *err)
{
    size_t len = strlen(spec->pattern);
    if (len == 0 || len > MAX_SEARCH_BYTES || strpbrk(spec->pattern, "\n\r"))
        return err_set(err, ERR_INVALID, "a search is one line of 1 to %d bytes", (int)MAX_SEARCH_BYTES);
    for (const char *at = spec->pattern; spec->is_regex && (at = strchr(at, '\\')); at += at[1] ? 2 : 1)
        if (at[1] >= '1' && at[1] <= '9')
            return err_set(err, ERR_INVALID, "back references are not allowed in a search");
    return 0;
}

static bool is_log_name(const char *file)
{
    return strlen(file) < MAX_SEARCH_TASK && file[0] != '.' && file[0] != '-' &&
           strspn(file, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(file);
}

int run_search(struct call *call, const struct search_spec *spec, struct err *err)
{
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    if (!token_is_valid(span_of(spec->token)) || !is_log_name(spec->file))
        return err_set(err, ERR_INVALID, "no file of a run has such a name");
    if (check_pattern(spec, err) < 0 || call_program(call, &sh, err) < 0)
        return -1;
    call_section_open(&sh, "search");
    str_addf(&sh, "f=runs/%s/%s how=%s%s from=%lld most=%lld width=%d q=", spec->token, spec->file,
             spec->is_regex ? "-E" : "-F", spec->ignores_case ? "i" : "", (long long)spec->first_line,
             (long long)spec->limit, (int)SHOWN_LINE_BYTES);
    quote_text(&sh, spec->pattern);
    str_add(&sh, "\nif ! [ -f \"$f\" ]; then echo none; exit 0; fi\n");
    str_add(&sh, seen_text);
    str_add(&sh, search_text);
    call_section_close(&sh, "search");
    struct call_send how = { .what = "search", .urgent = true };
    how.max_output_bytes = (size_t)spec->limit * (SHOWN_LINE_BYTES + 32) + MAX_STDERR_BYTES;
    return call_send(call, &sh, &how, search_answer, err);
}
