#include "text/progress.h"

#include "base/mem.h"
#include "base/str.h"
#include "text/metric_row.h"
#include "text/plain.h"
#include "text/step_words.h"

#include <ctype.h>
#include <string.h>

enum { MAX_SECONDS = 1000000000 }; /* 30 years: more is no time that is left */

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
            if (part > MAX_SECONDS)
                return -1;
        } else if (c == ':') {
            seconds = (seconds + part) * 60;
            part = 0;
            if (seconds > MAX_SECONDS)
                return -1;
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

/* "12/345" somewhere in the line; of "0.5/10.0" the digits behind a point are none. */
static bool read_ratio(struct span line, struct progress *out)
{
    struct span rest;
    for (size_t at = 0; at < line.len; at++) {
        char before = at > 0 ? line.ptr[at - 1] : ' ';
        bool is_start =
            isdigit((unsigned char)line.ptr[at]) && !isdigit((unsigned char)before) && before != '.';
        if (!is_start || !step_ratio(span_skip(line, at), &out->step, &out->total, &rest))
            continue;
        out->fraction = (double)out->step / (double)out->total;
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
    struct progress found = { 0, -1, -1, -1 };
    bool is_tqdm = read_percent(line, &found.fraction);
    bool is_keras = !is_tqdm && (span_has(line, "ETA: ") || span_has(line, "[=")) && span_has(line, "[");
    size_t from = is_tqdm ? span_find(line, SPAN_LIT("%|")) : 0; /* "Epoch 3/10: 45%|" */
    if (!is_tqdm && !is_keras)
        return false;
    if (!read_ratio(span_skip(line, from), &found) && is_keras)
        return false;
    found.eta_s = read_eta(line);
    *out = found;
    return true;
}

/* Drawn with heavy lines: "450/1000 ━━━━ 5s 10ms/step" by Keras 3, "Epoch 3/10 ━━━━ 450/1000 0:00:12 •
 * 0:00:15" by Lightning, "Training ━━━━ 45% 0:01:16" by rich. */
static bool read_drawn_bar(struct span line, struct progress *out)
{
    static const char heavy[] = "\xe2\x94\x81", dot[] = "\xe2\x80\xa2";
    struct progress found = { 0, -1, -1, -1 };
    struct span rest, percent;
    size_t at = span_find(line, span_of(heavy));
    struct span before = span_head(line, at), behind = span_skip(line, at);
    while (behind.len && (unsigned char)behind.ptr[0] >= 0x80)
        behind = span_skip(behind, 1);
    behind = rest = span_trim(behind);
    uint64_t value;
    if (at == line.len)
        return false;
    if (step_ratio(behind, &found.step, &found.total, &rest)) {
        size_t mark = span_find(rest, span_of(dot)) + strlen(dot);
        found.eta_s = clock_seconds(until(span_trim(span_skip(rest, mark)), " "));
    } else if (span_next(&rest, '%', &percent) && rest.len && span_u64(percent, &value) && value <= 100) {
        found.fraction = (double)value / 100;
        found.eta_s = clock_seconds(until(span_trim(rest), " "));
    } else if (read_ratio(before, &found)) { /* once it is done the time is what it took */
        found.eta_s = found.step < found.total ? clock_seconds(until(behind, " ")) : 0;
    } else {
        return false;
    }
    if (found.total > 0)
        found.fraction = (double)found.step / (double)found.total;
    *out = found;
    return true;
}

/* --- words --- */

static bool has_pairs(struct span line)
{
    return span_find_char(line, '=') < line.len || span_has(line, ": ");
}

/* "step 450/1000"; "Epoch 3/10": its beginning where it stands alone, its end where numbers follow. */
static bool read_words(struct span line, const struct progress_hint *hint, struct progress *out)
{
    struct step_words words;
    if (!step_words(line, &words))
        return false;
    if (words.step >= 0 && words.total <= 0)
        words.total = hint->total;
    if (words.step >= 0 && words.total > 0 && words.step <= words.total) {
        *out = (struct progress){ (double)words.step / (double)words.total, -1, words.step, words.total };
        return true;
    }
    if (words.epochs <= 0 || words.step >= 0)
        return false;
    int64_t done = words.epoch > 0 && !has_pairs(line) ? words.epoch - 1 : words.epoch;
    *out = (struct progress){ (double)done / (double)words.epochs, -1, -1, -1 };
    return true;
}

/* A bar of one epoch is a part of the whole. */
static void place_in_epochs(struct span line, const struct progress_hint *hint, struct progress *found)
{
    struct step_words words;
    int64_t epoch = hint->epoch, epochs = hint->epochs;
    if (step_words(line, &words) && words.epochs > 0) {
        epoch = words.epoch;
        epochs = words.epochs;
    }
    if (epochs <= 1 || epoch < 0 || epoch > epochs)
        return;
    found->fraction = ((double)(epoch > 0 ? epoch - 1 : 0) + found->fraction) / (double)epochs;
    found->eta_s = -1;
    found->step = found->total = -1;
}

/* --- own patterns --- */

static bool group_number(const struct regex *regex, const struct regex_match *match, const char *name,
                         double *out)
{
    size_t group = regex_group(regex, name);
    return group && metric_number(span_trim(match->groups[group]), out);
}

static bool read_pattern(struct span line, const struct progress_hint *hint, struct progress *out)
{
    struct regex_match match;
    double step, total = (double)hint->total, value;
    if (!regex_match(hint->pattern, line, 0, &match))
        return false;
    struct progress found = { -1, -1, -1, -1 };
    if (group_number(hint->pattern, &match, "fraction", &value))
        found.fraction = value;
    else if (group_number(hint->pattern, &match, "percent", &value))
        found.fraction = value / 100;
    (void)group_number(hint->pattern, &match, "total", &total);
    bool has_step = group_number(hint->pattern, &match, "step", &step) ||
                    (found.fraction < 0 && metric_number(span_trim(match.groups[1]), &step));
    if (has_step && total > 0 && step >= 0 && step <= total && total < 1e15) {
        found.step = (int64_t)step;
        found.total = (int64_t)total;
        found.fraction = found.fraction < 0 ? step / total : found.fraction;
    }
    if (!(found.fraction >= 0 && found.fraction <= 1))
        return false;
    *out = found;
    return true;
}

/* --- text --- */

static bool read_line(struct span line, const struct progress_hint *hint, struct progress *out)
{
    if (hint->pattern)
        return read_pattern(line, hint, out);
    if (read_bar(line, out) || read_drawn_bar(line, out)) {
        place_in_epochs(line, hint, out);
        return true;
    }
    if (!read_words(line, hint, out))
        return false;
    if (out->step >= 0)
        place_in_epochs(line, hint, out);
    return true;
}

enum { NEAR = 4096 }; /* a bar redraws often: only the end matters */

static void plain_line(struct span line, struct str *out)
{
    str_cut(out, 0);
    plain_add(out, line);
}

bool progress_find(struct span text, const struct progress_hint *hint, struct progress *out)
{
    auto_str struct str plain = STR_MAX(2 * NEAR);
    if (text.len > NEAR)
        text = span_skip(text, text.len - NEAR);
    while (text.len) {
        size_t from = text.len;
        while (from > 0 && text.ptr[from - 1] != '\r' && text.ptr[from - 1] != '\n')
            from--;
        plain_line(span_skip(text, from), &plain);
        if (plain.len && read_line(str_span(&plain), hint, out))
            return true;
        if (from == 0)
            return false;
        text = span_head(text, from - 1);
    }
    return false;
}
