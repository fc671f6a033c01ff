#include "slurm/budgets.h"

#include "base/mem.h"

#include <stdlib.h>

/* "6000(12)": the limit, and what counts against it; N: none. */
static void read_pair(struct span text, int64_t *limit, int64_t *used)
{
    size_t open = span_find_char(text, '(');
    struct span inside = span_skip(text, open + 1);
    uint64_t value;
    *limit = SLURM_UNLIMITED;
    *used = 0;
    if (span_u64(span_head(text, open), &value) && value <= INT64_MAX)
        *limit = (int64_t)value;
    if (span_u64(span_head(inside, span_find_char(inside, ')')), &value) && value <= INT64_MAX)
        *used = (int64_t)value;
}

/* "cpu=N(0),gres/gpu=10(4),gres/gpu:a100=N(4)": the total of GPUs. */
static void read_gpus(struct span tres, int64_t *limit, int64_t *used)
{
    struct span item;
    while (span_next(&tres, ',', &item))
        if (span_starts(item, "gres/gpu="))
            read_pair(span_skip(item, sizeof("gres/gpu=") - 1), limit, used);
}

static void read_word(struct slurm_budget *row, struct span key, struct span value)
{
    if (span_is(key, "Account"))
        row->account = value;
    else if (span_is(key, "UserName"))
        row->user = span_head(value, span_find_char(value, '('));
    else if (span_is(key, "Partition"))
        row->partition = value;
    else if (span_is(key, "QOS"))
        row->qos = span_head(value, span_find_char(value, '('));
    else if (span_is(key, "GrpTRES"))
        read_gpus(value, &row->gpus, &row->gpus_in_use);
    else if (span_is(key, "GrpTRESMins"))
        read_gpus(value, &row->gpu_minutes, &row->gpu_minutes_used);
}

static bool read_row(struct span line, struct slurm_budget *row)
{
    struct span word;
    *row = (struct slurm_budget){ .gpus = SLURM_UNLIMITED, .gpu_minutes = SLURM_UNLIMITED };
    if (!span_starts(line, "ClusterName=") && !span_starts(line, "QOS="))
        return false;
    while (span_next(&line, ' ', &word)) {
        size_t equals = span_find_char(word, '=');
        if (equals < word.len)
            read_word(row, span_head(word, equals), span_skip(word, equals + 1));
    }
    return (row->account.len || row->qos.len) &&
           (row->gpus != SLURM_UNLIMITED || row->gpu_minutes != SLURM_UNLIMITED);
}

int slurm_parse_budgets(struct span text, struct slurm_budgets *budgets, struct err *err)
{
    struct span line;
    struct slurm_budget row;
    while (span_next_line(&text, &line)) {
        if (!read_row(line, &row))
            continue;
        if (budgets->count == MAX_BUDGET_ROWS)
            return err_set(err, ERR_TOO_LARGE, "the cluster lists more than %d budgets", MAX_BUDGET_ROWS);
        *vec_push(budgets->rows, budgets->count, budgets->cap) = row;
    }
    return 0;
}

void slurm_budgets_clear(struct slurm_budgets *budgets)
{
    free(budgets->rows);
    *budgets = (struct slurm_budgets){ 0 };
}
