#include "slurm/jobid.h"

#include "base/limits.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What may be named more than once, in all: bounds the work that a text can ask for. */
enum { MAX_MENTIONS = 4 * MAX_ARRAY_TASKS };

/* Cuts a number off the front of *rest. */
static bool take_number(struct span *rest, uint64_t *out)
{
    size_t n = 0;
    while (n < rest->len && isdigit((unsigned char)rest->ptr[n]))
        n++;
    if (n == 0 || n > 18)
        return false;
    (void)span_u64(span_head(*rest, n), out); /* 18 digits fit */
    *rest = span_skip(*rest, n);
    return true;
}

static bool take_char(struct span *rest, char c)
{
    if (!rest->len || rest->ptr[0] != c)
        return false;
    *rest = span_skip(*rest, 1);
    return true;
}

static bool take_task(struct span *rest, struct slurm_id *id)
{
    uint64_t task;
    if (!take_char(rest, '[')) {
        if (!take_number(rest, &task))
            return false;
        id->task = (int64_t)task;
        return true;
    }
    size_t close = span_find_char(*rest, ']');
    if (close == 0 || close == rest->len)
        return false;
    id->ranges = span_head(*rest, close);
    *rest = span_skip(*rest, close + 1);
    return true;
}

bool slurm_id_parse(struct span text, struct slurm_id *id)
{
    struct slurm_id found = { .task = -1, .het = -1 };
    uint64_t het;
    if (!take_number(&text, &found.job))
        return false;
    if (take_char(&text, '_') && !take_task(&text, &found))
        return false;
    if (take_char(&text, '+')) {
        if (!take_number(&text, &het))
            return false;
        found.het = (int64_t)het;
    }
    if (take_char(&text, '.')) {
        if (!text.len)
            return false;
        found.step = text;
        text = span_skip(text, text.len);
    }
    if (text.len)
        return false;
    *id = found;
    return true;
}

static int refuse_size(struct err *err)
{
    return err_set(err, ERR_TOO_LARGE, "array has more than %d tasks", MAX_ARRAY_TASKS);
}

/* "5", "2-9", "0-20:4" onto tasks. */
static int add_range(struct span part, struct slurm_tasks *tasks, struct err *err)
{
    uint64_t first, last, step = 1;
    struct span rest = part;
    if (!take_number(&rest, &first))
        return err_set(err, ERR_INVALID, "array tasks: '%.*s' is no range", SPAN_FMT(part));
    last = first;
    bool is_range = take_char(&rest, '-');
    bool is_good = !is_range || take_number(&rest, &last);
    if (is_good && is_range && take_char(&rest, ':'))
        is_good = take_number(&rest, &step);
    if (!is_good || rest.len || step == 0 || last < first || last > UINT32_MAX)
        return err_set(err, ERR_INVALID, "array tasks: '%.*s' is no range", SPAN_FMT(part));
    if ((last - first) / step >= MAX_MENTIONS - tasks->count)
        return refuse_size(err);
    for (uint64_t task = first; task <= last; task += step)
        *vec_push(tasks->tasks, tasks->count, tasks->cap) = (uint32_t)task;
    return 0;
}

static int compare_tasks(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Slurm makes one task of an index however often it is named: one counted twice would never end. */
static void unify(struct slurm_tasks *tasks)
{
    bool is_ascending = true;
    for (size_t i = 1; i < tasks->count && is_ascending; i++)
        is_ascending = tasks->tasks[i - 1] < tasks->tasks[i];
    if (is_ascending) /* as squeue prints them; so that the common case stays linear */
        return;
    qsort(tasks->tasks, tasks->count, sizeof(*tasks->tasks), compare_tasks);
    size_t kept = 1;
    for (size_t i = 1; i < tasks->count; i++)
        if (tasks->tasks[i] != tasks->tasks[kept - 1])
            tasks->tasks[kept++] = tasks->tasks[i];
    tasks->count = kept;
}

int slurm_tasks_expand(struct span ranges, struct slurm_tasks *tasks, struct err *err)
{
    auto_slurm_tasks struct slurm_tasks found = { 0 };
    size_t percent = span_find_char(ranges, '%');
    uint64_t throttle = 0;
    if (percent < ranges.len) {
        if (!span_u64(span_skip(ranges, percent + 1), &throttle) || throttle > UINT32_MAX)
            return err_set(err, ERR_INVALID, "array tasks: bad throttle in '%.*s'", SPAN_FMT(ranges));
        ranges = span_head(ranges, percent);
    }
    if (span_ends(ranges, "...")) { /* SLURM_BITSTR_LEN cut it, perhaps inside a number */
        found.is_cut = true;
        while (ranges.len && ranges.ptr[ranges.len - 1] != ',')
            ranges.len--;
    }
    struct span part;
    while (span_next(&ranges, ',', &part))
        if (add_range(part, &found, err) < 0)
            return -1;
    unify(&found);
    if (found.count > MAX_ARRAY_TASKS)
        return refuse_size(err);
    if (!found.count && !found.is_cut)
        return err_set(err, ERR_INVALID, "array tasks: none named");
    found.throttle = (uint32_t)throttle;
    *tasks = found;
    found = (struct slurm_tasks){ 0 };
    return 0;
}

void slurm_tasks_clear(struct slurm_tasks *tasks)
{
    free(tasks->tasks);
    *tasks = (struct slurm_tasks){ 0 };
}
