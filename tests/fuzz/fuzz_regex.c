/* Own patterns and sources: the first line is the pattern, the rest a log. Nothing hangs, groups lie in the
 * text. */
#include "fuzz.h"

#include "base/mem.h"
#include "domain/metric_plan.h"
#include "text/log_lines.h"
#include "text/progress.h"

static void ignore(void *ctx, const struct metric_row *row)
{
    (void)ctx;
    must(row->count > 0);
}

static void check_match(struct regex *regex, struct span text)
{
    struct regex_match match;
    size_t at = 0;
    for (int i = 0; i < 1000 && regex_match(regex, text, at, &match); i++) {
        must(match.end > at && match.end <= text.len + 1);
        for (size_t k = 0; k <= regex_group_count(regex); k++)
            must(!match.groups[k].len || (match.groups[k].ptr >= text.ptr &&
                                          match.groups[k].ptr + match.groups[k].len <= text.ptr + text.len));
        at = match.end;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = { (const char *)data, size }, pattern;
    struct regex *regex = NULL;
    struct err err;
    if (!span_next_line(&rest, &pattern))
        return 0;
    auto_free char *source = span_dup(pattern);
    (void)metric_source_check(source, &err);
    (void)progress_regex_check(source, &err);
    if (regex_compile(pattern, &regex, &err) < 0)
        return 0;
    check_match(regex, span_head(rest, MAX_LOG_LINE_BYTES));
    struct log_reader reader = { .patterns = &regex, .pattern_count = 1, .epoch = -1, .epochs = -1 };
    if (log_regex_check(regex, NULL) == 0)
        log_lines(&reader, rest, ignore, NULL);
    struct progress progress;
    struct progress_hint hint = { -1, -1, 100, regex };
    if (regex_group_count(regex) > 0)
        must(!progress_find(rest, &hint, &progress) || (progress.fraction >= 0 && progress.fraction <= 1));
    regex_free(regex);
    return 0;
}
