#include "slurm/grammar.h"

#include "base/limits.h"
#include "base/mem.h"
#include "slurm/jobid.h"
#include "slurm/nodelist.h"
#include "slurm/value.h"

#include <ctype.h>
#include <string.h>

enum { MAX_VALUE_BYTES = 4096 };

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_all_of(struct span text, const char *more)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_alnum(text.ptr[i]) && !(text.ptr[i] && strchr(more, text.ptr[i])))
            return false;
    return text.len > 0;
}

static bool is_digits(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!isdigit((unsigned char)text.ptr[i]))
            return false;
    return text.len > 0 && text.len <= 10;
}

static bool is_printable(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c == 0x7f || c == '"' || c == '\\')
            return false;
    }
    return text.len > 0 && span_is_utf8(text);
}

static bool is_text(struct span value)
{
    return value.len <= MAX_NAME_BYTES && is_printable(value);
}

static bool is_name(struct span value)
{
    return value.len <= MAX_NAME_BYTES && value.len && value.ptr[0] != '-' && is_all_of(value, "_.,+-");
}

static bool is_time(struct span value)
{
    int64_t seconds;
    return is_all_of(value, ":-") && slurm_duration_s(value, &seconds) && seconds != 0;
}

static bool is_mem(struct span value)
{
    if (value.len > 1 && value.ptr[value.len - 1] && strchr("KMGTkmgt", value.ptr[value.len - 1]))
        value.len--;
    return is_digits(value);
}

static bool read_count(struct span value, uint64_t *count)
{
    return span_u64(value, count) && *count > 0 && *count <= 1000000000;
}

static bool is_count(struct span value)
{
    uint64_t count;
    return read_count(value, &count);
}

static bool is_range(struct span value)
{
    size_t dash = span_find_char(value, '-');
    uint64_t low, high;
    if (dash == value.len)
        return is_count(value);
    return read_count(span_head(value, dash), &low) && read_count(span_skip(value, dash + 1), &high) &&
           low <= high;
}

static bool is_nodelist(struct span value)
{
    auto_nodelist struct nodelist list = { 0 };
    return is_all_of(value, "_.-,[]") && nodelist_expand(value, &list, NULL) == 0 && list.count > 0;
}

static bool is_constraint(struct span value)
{
    char open[16];
    size_t depth = 0;
    if (!is_all_of(value, "_.:=-&|*,[]()"))
        return false;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == '[' || c == '(') {
            if (depth == sizeof(open))
                return false;
            open[depth++] = c == '[' ? ']' : ')';
        } else if ((c == ']' || c == ')') && (depth == 0 || open[--depth] != c)) {
            return false;
        }
    }
    return depth == 0 && strchr("&|*,-", value.ptr[0]) == NULL;
}

/* "gpu:a100:2", "gres/gpu=2", "a100:2", "2", in a comma list. */
static bool is_gres(struct span value)
{
    struct span item;
    if (!value.len || value.ptr[value.len - 1] == ',')
        return false;
    while (span_next(&value, ',', &item)) {
        if (!is_all_of(item, "_.-:/=") || !is_alnum(item.ptr[0]) || strchr(":=/", item.ptr[item.len - 1]))
            return false;
        if (span_has(item, "::") || span_has(item, "=="))
            return false;
    }
    return true;
}

/* Jobs behind a type: "27:28_3:29+10". */
static bool is_job_list(struct span jobs)
{
    struct span job, task;
    if (!jobs.len || jobs.ptr[jobs.len - 1] == ':')
        return false;
    while (span_next(&jobs, ':', &job)) {
        size_t plus = span_find_char(job, '+');
        if (plus < job.len && !is_digits(span_skip(job, plus + 1)))
            return false;
        job = span_head(job, plus);
        size_t under = span_find_char(job, '_');
        task = span_skip(job, under + 1);
        if (!is_digits(span_head(job, under)) || (under < job.len && !is_digits(task) && !span_is(task, "*")))
            return false;
    }
    return true;
}

static bool is_dependency(struct span value)
{
    static const char *const types[] = { "after",     "afterany",         "afterok", "afternotok",
                                         "aftercorr", "afterburstbuffer", "expand" };
    char sep = span_find_char(value, '?') < value.len ? '?' : ',';
    struct span item;
    if (!value.len || value.ptr[value.len - 1] == sep)
        return false;
    while (span_next(&value, sep, &item)) {
        size_t colon = span_find_char(item, ':');
        bool is_known = span_is(item, "singleton");
        for (size_t i = 0; i < ARRAY_LEN(types) && !is_known; i++)
            is_known = span_is(span_head(item, colon), types[i]) && is_job_list(span_skip(item, colon + 1));
        if (!is_known)
            return false;
    }
    return true;
}

static bool is_licenses(struct span value)
{
    return value.len && is_alnum(value.ptr[0]) && is_all_of(value, "_.-@:,;|/");
}

static bool is_array(struct span value)
{
    auto_slurm_tasks struct slurm_tasks tasks = { 0 };
    bool has_percent = span_find_char(value, '%') < value.len;
    return is_all_of(value, ",-:%") && slurm_tasks_expand(value, &tasks, NULL) == 0 &&
           (!has_percent || tasks.throttle > 0) && value.ptr[value.len - 1] != ',';
}

static bool is_begin(struct span value)
{
    return value.len && is_alnum(value.ptr[0]) && is_all_of(value, "-:+/T") && value.len <= 40;
}

static bool is_signal(struct span value)
{
    if (span_starts(value, "B:") || span_starts(value, "R:"))
        value = span_skip(value, 2);
    else if (span_starts(value, "RB:") || span_starts(value, "BR:"))
        value = span_skip(value, 3);
    size_t at = span_find_char(value, '@');
    if (at < value.len && (!is_digits(span_skip(value, at + 1)) || value.len - at > 6))
        return false;
    struct span name = span_head(value, at);
    return name.len <= 12 && is_all_of(name, "");
}

static bool is_nice(struct span value)
{
    int64_t nice;
    return span_i64(value, &nice) && nice >= -2147483645 && nice <= 2147483645;
}

static bool is_path(struct span value)
{
    if (!is_printable(value) || value.ptr[0] != '/')
        return false;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] != '%')
            continue;
        if (i + 1 == value.len || !strchr("jAaxu%", value.ptr[i + 1]))
            return false;
        i++;
    }
    return true;
}

static bool is_word(struct span value)
{
    return value.len <= MAX_NAME_BYTES && value.len && value.ptr[0] != '-' && is_all_of(value, "_.,:=+-");
}

static bool is_empty(struct span value)
{
    return value.len == 0;
}

static const struct {
    bool (*is)(struct span value);
    const char *expected;
} grammars[] = {
    [DIRECTIVE_TEXT] = { is_text, "printable text of at most 200 bytes without quotes and backslashes" },
    [DIRECTIVE_NAME] = { is_name, "letters, digits and _.,+-" },
    [DIRECTIVE_TIME] = { is_time, "a time such as 30, 24:00:00 or 2-12:00:00" },
    [DIRECTIVE_MEM] = { is_mem, "a size such as 64G or 512M" },
    [DIRECTIVE_COUNT] = { is_count, "a whole number from 1" },
    [DIRECTIVE_RANGE] = { is_range, "a number or range such as 2 or 2-4" },
    [DIRECTIVE_NODELIST] = { is_nodelist, "node names such as n[1-3,07],gpu05" },
    [DIRECTIVE_CONSTRAINT] = { is_constraint, "features joined by & | , such as a100&nvlink" },
    [DIRECTIVE_GRES] = { is_gres, "resources such as gpu:a100:2" },
    [DIRECTIVE_DEPENDENCY] = { is_dependency, "dependencies such as afterok:123:124,singleton" },
    [DIRECTIVE_LICENSES] = { is_licenses, "licences such as matlab:2" },
    [DIRECTIVE_ARRAY] = { is_array, "array indices such as 0-15%4" },
    [DIRECTIVE_BEGIN] = { is_begin, "a time such as now+1hour or 2026-11-20T18:00" },
    [DIRECTIVE_SIGNAL] = { is_signal, "a signal such as B:USR2@180" },
    [DIRECTIVE_NICE] = { is_nice, "a whole number" },
    [DIRECTIVE_PATH] = { is_path, "an absolute path with % only as %j %A %a %x %u" },
    [DIRECTIVE_WORD] = { is_word, "a word of Slurm's" },
    [DIRECTIVE_FLAG] = { is_empty, "no value" },
};

const char *grammar_refuses(enum directive_kind kind, struct span value)
{
    if ((unsigned)kind >= ARRAY_LEN(grammars) || value.len > MAX_VALUE_BYTES)
        return "a shorter value";
    return grammars[kind].is(value) ? NULL : grammars[kind].expected;
}
