#include "text/log_lines.h"

#include "base/mem.h"
#include "text/log_pairs.h"
#include "text/plain.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned bits;
} presets[] = {
    { "colon", LOG_COLON },
    { "equals", LOG_EQUALS },
    { "keras", LOG_KERAS },
    { "lightning", LOG_LIGHTNING },
    { "huggingface", LOG_HUGGINGFACE },
    { "tqdm", LOG_TQDM },
    { "all", LOG_ALL },
};

unsigned log_preset_of(struct span name)
{
    for (size_t i = 0; i < ARRAY_LEN(presets); i++)
        if (span_is(name, presets[i].name))
            return presets[i].bits;
    return 0;
}

const char *log_preset_words(void)
{
    return "colon, equals, keras, lightning, huggingface, tqdm, all";
}

/* --- the kinds of lines --- */

struct reading {
    struct log_reader *reader;
    struct metric_build *row;
    struct step_words at;
};

static bool wants(const struct reading *reading, unsigned presets_wanted)
{
    return (reading->reader->presets & presets_wanted) != 0;
}

/* A word or number of a Python dictionary, quotes taken off. */
static struct span next_atom(struct span *rest)
{
    struct span atom = { 0 };
    *rest = span_trim(*rest);
    char quote = rest->len ? rest->ptr[0] : '\0';
    if (quote == '\'' || quote == '"') {
        *rest = span_skip(*rest, 1);
        atom = span_head(*rest, span_find_char(*rest, quote));
        *rest = span_skip(*rest, atom.len + 1);
        return atom;
    }
    size_t len = 0;
    while (len < rest->len && !strchr(":,}", rest->ptr[len]))
        len++;
    atom = span_trim(span_head(*rest, len));
    *rest = span_skip(*rest, len);
    return atom;
}

/* {'loss': 0.5, 'eval_loss': '0.4', 'epoch': 1.0}; false where it is no flat dictionary. */
static bool read_dict(struct metric_build *row, struct span line)
{
    struct span rest = span_skip(line, 1);
    while (rest.len) {
        double value;
        struct span key = next_atom(&rest);
        rest = span_trim(rest);
        if (!key.len || !rest.len || rest.ptr[0] != ':')
            return false;
        rest = span_skip(rest, 1);
        if (metric_number(next_atom(&rest), &value))
            metric_build_add(row, key, value);
        rest = span_trim(rest);
        if (rest.len && rest.ptr[0] == '}')
            return true;
        if (!rest.len || rest.ptr[0] != ',')
            return false;
        rest = span_skip(rest, 1);
    }
    return false;
}

/* "45%|####| 450/1000 [01:02<01:16, 7.20it/s, loss=0.1]": what stands in the bracket is in `inside`. */
static bool find_bar(struct span line, struct reading *reading, struct span *inside)
{
    struct span rest;
    size_t bar = span_find(line, SPAN_LIT("%|"));
    if (bar == line.len)
        return false;
    struct span behind = span_skip(line, bar + 2);
    behind = span_skip(behind, span_find_char(behind, '|') + 1);
    if (!step_ratio(behind, &reading->at.step, &reading->at.total, &rest))
        return false;
    *inside = span_skip(rest, span_find_char(rest, '[') + 1);
    if (span_ends(*inside, "]"))
        inside->len--;
    return true;
}

/* Lightning's version number is none of the run's. */
static void drop_version(struct metric_build *row)
{
    size_t kept = 0;
    for (size_t i = 0; i < row->count; i++)
        if (!span_is(row->points[i].key, "v_num"))
            row->points[kept++] = row->points[i];
    row->count = kept;
}

static void read_bar(struct reading *reading, struct span inside)
{
    log_pairs(reading->row, inside, "=");
    drop_version(reading->row);
}

/* Lightning's rich bar: "Epoch 3/10 ━━━━ 450/1000 0:00:12 • 0:00:15 7.2it/s v_num: 0.000 train_loss: 0.5" */
static bool read_rich(struct reading *reading, struct span line)
{
    static const char heavy[] = "\xe2\x94\x81";
    struct span rest;
    size_t at = span_find(line, span_of(heavy));
    if (!span_starts(line, "Epoch ") || at == line.len || !span_has(line, "it/s"))
        return false;
    while (at < line.len && (unsigned char)line.ptr[at] >= 0x80)
        at++;
    if (!step_ratio(span_skip(line, at), &reading->at.step, &reading->at.total, &rest))
        return false;
    log_pairs(reading->row, span_skip(rest, span_find(rest, SPAN_LIT("it/s"))), ":");
    drop_version(reading->row);
    return true;
}

/* "450/1000 [===>...] - ETA: 1:16 - loss: 0.1", "450/1000 ━━━━ 12s 3ms/step - loss: 0.1" */
static bool is_keras(struct span line, struct step_words *at, struct span *rest)
{
    if (!step_ratio(line, &at->step, &at->total, rest))
        return false;
    struct span bar = span_trim(*rest);
    return (span_starts(bar, "[") && bar.len > 1 && strchr("=>.", bar.ptr[1])) ||
           (bar.len && (unsigned char)bar.ptr[0] >= 0x80);
}

static void read_keras(struct reading *reading, struct span rest)
{
    if (reading->at.epoch < 0) {
        reading->at.epoch = reading->reader->epoch;
        reading->at.epochs = reading->reader->epochs;
    }
    size_t dash = span_find(rest, SPAN_LIT(" - "));
    log_pairs(reading->row, span_skip(rest, dash), ":");
}

static void read_pairs(struct reading *reading, struct span line)
{
    bool colon = wants(reading, LOG_COLON), equals = wants(reading, LOG_EQUALS);
    if (colon || equals)
        log_pairs(reading->row, line, colon && equals ? ":=" : colon ? ":" : "=");
}

/* A bar or a dictionary whose preset is off is not read as pairs instead. */
static void read_kinds(struct reading *reading, struct span line)
{
    struct span inside;
    struct step_words as_keras = reading->at;
    if (line.len > 1 && line.ptr[0] == '{' && strchr("'\"", line.ptr[1])) {
        if (wants(reading, LOG_HUGGINGFACE) && !read_dict(reading->row, line))
            reading->row->count = 0;
    } else if (find_bar(line, reading, &inside)) {
        bool is_lightning = span_starts(line, "Epoch ");
        if (wants(reading, is_lightning ? LOG_LIGHTNING | LOG_TQDM : LOG_TQDM))
            read_bar(reading, inside);
    } else if (is_keras(line, &as_keras, &inside)) {
        reading->at = as_keras;
        if (wants(reading, LOG_KERAS))
            read_keras(reading, inside);
    } else if (!wants(reading, LOG_LIGHTNING) || !read_rich(reading, line)) {
        read_pairs(reading, line);
    }
}

/* --- own patterns --- */

static bool is_place(const char *name)
{
    return strcmp(name, "step") == 0 || strcmp(name, "time") == 0;
}

int log_regex_check(const struct regex *regex, struct err *err)
{
    bool has_key = regex_group(regex, "key"), has_value = regex_group(regex, "value");
    if (has_key && has_value)
        return 0;
    for (size_t i = 1; i <= regex_group_count(regex); i++) {
        const char *name = regex_group_name(regex, i);
        if (name && !is_place(name) && strcmp(name, "key") != 0)
            return 0;
    }
    return err_set(
        err, ERR_INVALID,
        "name the groups that hold numbers, such as loss=(?<loss>\\S+), or one `key` and one `value`");
}

static void take_match(const struct regex *regex, const struct regex_match *match, struct metric_build *row)
{
    size_t key = regex_group(regex, "key"), value_at = regex_group(regex, "value");
    double value;
    for (size_t i = 1; i <= regex_group_count(regex); i++) {
        const char *name = regex_group_name(regex, i);
        if (!name || i == key || !metric_number(span_trim(match->groups[i]), &value))
            continue;
        metric_build_add(row, key && i == value_at ? match->groups[key] : span_of(name), value);
    }
}

static void read_patterns(const struct log_reader *reader, struct span line, struct metric_build *row)
{
    for (size_t i = 0; i < reader->pattern_count; i++) {
        struct regex_match match;
        size_t at = 0;
        while (regex_match(reader->patterns[i], line, at, &match)) {
            take_match(reader->patterns[i], &match, row);
            at = match.end;
        }
    }
}

/* --- a line --- */

/* The line as it reads without a terminal; in `space` where that is not as it stands. */
static struct span without_colours(struct span line, struct str *space)
{
    line = span_head(line, MAX_LOG_LINE_BYTES);
    if (!line.len || (!memchr(line.ptr, '\x1b', line.len) && !memchr(line.ptr, '\0', line.len)))
        return span_trim(line);
    str_cut(space, 0);
    plain_add(space, line);
    return span_trim(str_span(space));
}

/* "Epoch 3/10" alone on its line: it holds for those that follow. */
static void note_epoch(struct reading *reading)
{
    const struct step_words *at = &reading->at;
    if (at->epoch >= 0 && at->epochs > 0) {
        reading->reader->epoch = at->epoch;
        reading->reader->epochs = at->epochs;
    }
}

static void take_epoch_as_step(struct metric_build *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (span_is(row->points[i].key, "epoch") && isfinite(row->points[i].value)) {
            row->step = row->points[i].value;
            memmove(&row->points[i], &row->points[i + 1], (--row->count - i) * sizeof(row->points[0]));
            return;
        }
}

/* Names such as "step" and "Epoch" say where the line stands: they are no curves. */
static void drop_places(struct metric_build *row)
{
    static const char *const places[] = {
        "Step", "iter", "Iter", "iteration", "Iteration", "Epoch", "batch"
    };
    size_t kept = 0;
    for (size_t i = 0; i < row->count; i++) {
        bool is_one = false;
        for (size_t k = 0; k < ARRAY_LEN(places) && !is_one; k++)
            is_one = span_is(row->points[i].key, places[k]) || span_ends(row->points[i].key, " Epoch");
        if (!is_one)
            row->points[kept++] = row->points[i];
    }
    row->count = kept;
}

static void set_step(struct reading *reading)
{
    struct metric_build *row = reading->row;
    if (reading->at.step >= 0)
        row->step = step_of_words(&reading->at);
    if (isnan(row->step))
        take_epoch_as_step(row);
    if (isnan(row->step))
        row->step = step_of_words(&reading->at);
    drop_places(row);
    if (row->time_us < INT64_C(1000000000000000)) /* before 2001: so many seconds, not a point in time */
        row->time_us = 0;
}

static void read_line(struct log_reader *reader, struct span line, struct metric_build *row)
{
    struct reading reading = { reader, row, { -1, -1, -1, -1 } };
    metric_build_clear(row);
    if (!line.len)
        return;
    (void)step_words(line, &reading.at);
    note_epoch(&reading);
    if (reader->presets)
        read_kinds(&reading, line);
    read_patterns(reader, line, row);
    set_step(&reading);
}

/* --- text --- */

static bool is_break(char c)
{
    return c == '\n' || c == '\r' || c == '\b';
}

size_t log_lines_whole(struct span text, bool is_end)
{
    size_t len = text.len;
    while (!is_end && len && !is_break(text.ptr[len - 1]))
        len--;
    return len;
}

/* One pass: a search for each kind of break would look through all that is left for the one that is not
 * there. */
static struct span next_line(struct span *text)
{
    size_t len = 0;
    while (len < text->len && !is_break(text->ptr[len]))
        len++;
    struct span line = span_head(*text, len);
    *text = span_skip(*text, len + 1);
    return line;
}

void log_lines(struct log_reader *reader, struct span text, metric_each *each, void *ctx)
{
    struct metric_build *row = mem_alloc(sizeof(*row));
    auto_str struct str space = STR_MAX(2 * MAX_LOG_LINE_BYTES);
    for (size_t number = 0; text.len; number++) {
        read_line(reader, without_colours(next_line(&text), &space), row);
        metric_build_tell(row, number, each, ctx);
    }
    mem_free_ptr(&row);
}
