#include "text/progress.h"

#include <ctype.h>
#include <string.h>

/* "1:02:03", "01:16", "76s" */
static double clock_seconds(struct span text)
{
    double seconds = 0, part = 0;
    bool any = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (isdigit((unsigned char)c)) {
            part = part * 10 + (c - '0');
            any = true;
        } else if (c == ':') {
            seconds = (seconds + part) * 60;
            part = 0;
        } else {
            return any && c == 's' ? seconds + part : -1;
        }
    }
    return any ? seconds + part : -1;
}

static struct span until(struct span text, const char *ends)
{
    size_t len = 0;
    while (len < text.len && !strchr(ends, text.ptr[len]))
        len++;
    return span_head(text, len);
}

/* "12/345" that ends at or stands before `end`; the digits may have blanks in front. */
static bool read_ratio(struct span line, double *fraction)
{
    for (size_t at = 0; at < line.len; at++) {
        double done = 0, all = 0;
        size_t i = at;
        if (line.ptr[at] != '/' || at == 0 || !isdigit((unsigned char)line.ptr[at - 1]))
            continue;
        size_t from = at;
        while (from > 0 && isdigit((unsigned char)line.ptr[from - 1]))
            from--;
        for (size_t k = from; k < at; k++)
            done = done * 10 + (line.ptr[k] - '0');
        for (i = at + 1; i < line.len && isdigit((unsigned char)line.ptr[i]); i++)
            all = all * 10 + (line.ptr[i] - '0');
        if (all <= 0 || done > all)
            continue;
        *fraction = done / all;
        return true;
    }
    return false;
}

static bool read_percent(struct span line, double *fraction)
{
    size_t mark = span_find(line, SPAN_LIT("%|")), from = mark;
    double value = 0;
    if (mark == line.len)
        return false;
    while (from > 0 && isdigit((unsigned char)line.ptr[from - 1]))
        from--;
    if (from == mark || mark - from > 3)
        return false;
    for (size_t i = from; i < mark; i++)
        value = value * 10 + (line.ptr[i] - '0');
    *fraction = value / 100;
    return value <= 100;
}

static double read_eta(struct span line)
{
    static const char *const marks[] = { "ETA: ", "eta ", "<" };
    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
        size_t at = span_find(line, span_of(marks[i]));
        if (at < line.len)
            return clock_seconds(until(span_skip(line, at + strlen(marks[i])), ",] \r\n)"));
    }
    return -1;
}

static bool read_bar(struct span line, struct progress *out)
{
    struct progress found = { 0, -1 };
    bool is_tqdm = read_percent(line, &found.fraction);
    bool is_keras = !is_tqdm && (span_has(line, "ETA: ") || span_has(line, "[=")) && span_has(line, "[");
    double exact;
    if (!is_tqdm && !is_keras)
        return false;
    if (read_ratio(line, &exact))
        found.fraction = exact;
    else if (is_keras)
        return false;
    found.eta_s = read_eta(line);
    *out = found;
    return true;
}

bool progress_find(struct span text, struct progress *out)
{
    enum { NEAR = 4096 }; /* a bar redraws often: only the end matters */
    if (text.len > NEAR)
        text = span_skip(text, text.len - NEAR);
    while (text.len) {
        size_t from = text.len;
        while (from > 0 && text.ptr[from - 1] != '\r' && text.ptr[from - 1] != '\n')
            from--;
        if (read_bar(span_skip(text, from), out))
            return true;
        if (from == 0)
            return false;
        text = span_head(text, from - 1);
    }
    return false;
}
