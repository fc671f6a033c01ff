#include "domain/metric_plan.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "text/glob.h"
#include "text/log_lines.h"

#include <string.h>

enum { DEFAULT_MAX_POINTS = 20000 };

/* --- one source --- */

struct source { /* of one kind */
    bool is_auto;
    unsigned presets;
    struct regex *pattern; /* owned */
    struct span glob;
    enum metric_kind kind;
};

/* It is expanded by a shell on the cluster: letters that no shell minds, and no way out of the run directory.
 */
static int check_glob(struct span glob, struct err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/*?";
    if (!glob.len || glob.len > MAX_SOURCE_BYTES || strspn(glob.ptr, allowed) < glob.len)
        return err_set(err, ERR_INVALID, "a pattern of files is made of letters, digits and . _ - / * ?");
    if (strchr("./-", glob.ptr[0]) || span_has(glob, "..") || span_has(glob, "//") || span_ends(glob, "/"))
        return err_set(err, ERR_INVALID,
                       "a pattern of files counts from the run directory and stays below it");
    return 0;
}

/* The pattern with every %a replaced. */
static char *with_number(struct span pattern, struct span number)
{
    auto_str struct str text = STR_MAX(2 * MAX_SOURCE_BYTES);
    while (pattern.len) {
        bool is_place = span_starts(pattern, "%a");
        str_add_span(&text, is_place ? number : span_head(pattern, 1));
        pattern = span_skip(pattern, is_place ? 2 : 1);
    }
    return str_steal(&text);
}

static int parse_files(struct span rest, enum metric_kind kind, struct source *out, struct err *err)
{
    auto_free char *plain = with_number(rest, SPAN_LIT("*"));
    out->kind = kind;
    out->glob = rest;
    return check_glob(span_of(plain), err);
}

static int parse_jsonl(struct span rest, struct source *out, struct err *err)
{
    return parse_files(rest, METRIC_JSONL, out, err);
}

static int parse_csv(struct span rest, struct source *out, struct err *err)
{
    return parse_files(rest, METRIC_CSV, out, err);
}

static int parse_log(struct span rest, struct source *out, struct err *err)
{
    out->presets = log_preset_of(rest);
    if (out->presets)
        return 0;
    return err_set(err, ERR_INVALID, "log:%.60s is no preset: there are %s", rest.ptr, log_preset_words());
}

static int parse_regex(struct span rest, struct source *out, struct err *err)
{
    if (regex_compile(rest, &out->pattern, err) < 0)
        return -1;
    if (log_regex_check(out->pattern, err) == 0)
        return 0;
    regex_free(out->pattern);
    out->pattern = NULL;
    return -1;
}

static int refuse_later(struct span rest, struct source *out, struct err *err)
{
    (void)rest;
    (void)out;
    return err_set(
        err, ERR_UNSUPPORTED,
        "tfevents: and wandb: files are not supported yet: write metrics.jsonl, a CSV, or lines in the "
        "log; W&B's page is linked from the job");
}

static const struct {
    const char *prefix;
    int (*parse)(struct span rest, struct source *out, struct err *err);
} kinds[] = {
    { "jsonl:", parse_jsonl }, { "csv:", parse_csv },         { "log:", parse_log },
    { "regex:", parse_regex }, { "tfevents:", refuse_later }, { "wandb:", refuse_later },
};

static int parse_source(const char *text, struct source *out, struct err *err)
{
    *out = (struct source){ .is_auto = strcmp(text, "auto") == 0 };
    if (out->is_auto) {
        out->presets = LOG_ALL;
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            return kinds[i].parse(span_of(text + strlen(kinds[i].prefix)), out, err);
    return err_set(err, ERR_INVALID,
                   "expected auto, jsonl:GLOB, csv:GLOB, log:PRESET or regex:PATTERN, got \"%.60s\"", text);
}

int metric_source_check(const char *text, struct err *err)
{
    struct source source;
    if (parse_source(text, &source, err) < 0)
        return -1;
    regex_free(source.pattern);
    return 0;
}

int progress_regex_check(const char *text, struct err *err)
{
    struct regex *regex = NULL;
    if (regex_compile(span_of(text), &regex, err) < 0)
        return -1;
    bool has_group = regex_group_count(regex) > 0;
    regex_free(regex);
    return has_group ? 0
                     : err_set(err, ERR_INVALID,
                               "put the step into a group: step (\\d+), or (?<step>\\d+) of (?<total>\\d+)");
}

/* --- the plan --- */

static void add_source(struct metric_plan *plan, const char *text)
{
    struct source source;
    if (!text || parse_source(text, &source, NULL) < 0)
        return;
    plan->is_auto = plan->is_auto || source.is_auto;
    plan->presets |= source.presets;
    if (source.kind)
        *vec_push(plan->globs, plan->glob_count, plan->glob_cap) =
            (struct metric_glob){ with_number(source.glob, SPAN_LIT("*")),
                                  span_has(source.glob, "%a") ? span_dup(source.glob) : NULL, source.kind };
    if (source.pattern)
        *vec_push(plan->patterns, plan->pattern_count, plan->pattern_cap) = source.pattern;
}

static const struct doc *value_of(const struct doc *resolved, const char *path)
{
    return doc_get(doc_get(resolved, path), "value");
}

void metric_plan_read(struct metric_plan *plan, const struct doc *resolved)
{
    const struct doc *sources = value_of(resolved, "metrics.sources");
    const char *goal = doc_scalar_text(value_of(resolved, "metrics.primary.goal"));
    const char *progress = doc_scalar_text(value_of(resolved, "progress.regex"));
    const struct doc *points = value_of(resolved, "metrics.max_points");
    const struct doc *total = value_of(resolved, "progress.total");
    *plan = (struct metric_plan){ .max_points = DEFAULT_MAX_POINTS };
    if (!sources || sources->kind != DOC_SEQ)
        add_source(plan, "auto");
    for (size_t i = 0; sources && i < sources->count && i < MAX_METRIC_SOURCES; i++)
        add_source(plan, doc_scalar_text(&sources->items[i]));
    if (points && points->kind == DOC_INT)
        plan->max_points = points->integer;
    if (total && total->kind == DOC_INT)
        plan->total = total->integer;
    plan->primary = mem_dup_str(doc_scalar_text(value_of(resolved, "metrics.primary.name")));
    if (goal)
        plan->goal = strcmp(goal, "min") == 0 ? GOAL_MIN : GOAL_MAX;
    if (progress)
        (void)regex_compile(span_of(progress), &plan->progress, NULL);
}

void metric_plan_clear(struct metric_plan *plan)
{
    for (size_t i = 0; i < plan->glob_count; i++) {
        mem_free_ptr(&plan->globs[i].pattern);
        mem_free_ptr(&plan->globs[i].named);
    }
    for (size_t i = 0; i < plan->pattern_count; i++)
        regex_free(plan->patterns[i]);
    mem_free_ptr(&plan->globs);
    mem_free_ptr(&plan->patterns);
    mem_clear_str(&plan->primary);
    regex_free(plan->progress);
    *plan = (struct metric_plan){ 0 };
}

static bool matches(const char *pattern, const char *path)
{
    auto_str struct str rooted = STR_MAX(2 * MAX_SOURCE_BYTES + 1);
    str_addf(&rooted, "/%s", pattern);
    return glob_match(str_text(&rooted), path, false);
}

/* The number in the path that, put for %a, makes the pattern match; -1: none does. */
static int64_t number_at(const char *named, const char *path)
{
    static const char digits[] = "0123456789";
    for (const char *at = path + strcspn(path, digits); *at; at += strcspn(at, digits)) {
        struct span number = { at, strspn(at, digits) };
        auto_free char *pattern = with_number(span_of(named), number);
        int64_t task;
        if (matches(pattern, path) && span_i64(number, &task))
            return task;
        at += number.len;
    }
    return -1;
}

int64_t metric_plan_task(const struct metric_plan *plan, const char *path)
{
    static const char *const of_auto[] = { "metrics-%a.jsonl", "metrics-%a.csv" };
    for (size_t i = 0; i < plan->glob_count; i++) {
        int64_t task = plan->globs[i].named ? number_at(plan->globs[i].named, path) : -1;
        if (task >= 0)
            return task;
    }
    for (size_t i = 0; plan->is_auto && i < ARRAY_LEN(of_auto); i++) {
        int64_t task = number_at(of_auto[i], path);
        if (task >= 0)
            return task;
    }
    return -1;
}

enum metric_kind metric_plan_kind(const struct metric_plan *plan, const char *path)
{
    for (size_t i = 0; i < plan->glob_count; i++) {
        const struct metric_glob *glob = &plan->globs[i];
        if (glob->named ? number_at(glob->named, path) >= 0 : matches(glob->pattern, path))
            return glob->kind;
    }
    if (!plan->is_auto || strchr(path, '/') || strncmp(path, "metrics", 7) != 0)
        return METRIC_NONE;
    if (span_ends(span_of(path), ".csv"))
        return METRIC_CSV;
    return span_ends(span_of(path), ".jsonl") ? METRIC_JSONL : METRIC_NONE;
}

bool metric_plan_wants_min(const struct metric_plan *plan, struct span name)
{
    static const char *const words[] = { "loss", "err", "perplexity", "ppl", "wer", "mse", "mae", "rmse" };
    if (plan->goal != GOAL_GUESS && plan->primary && span_is(name, plan->primary))
        return plan->goal == GOAL_MIN;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (span_has(name, words[i]))
            return true;
    return false;
}
