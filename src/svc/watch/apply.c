#include "svc/watch/apply.h"

#include "base/log.h"
#include "base/mem.h"
#include "svc/jobs.h"
#include "svc/submit/launch.h"
#include "svc/watch/apply_job.h"
#include "svc/watch/reopen.h"

#include <stdlib.h>
#include <string.h>

/* The report's rows, sorted by token, then in the order in which job_rows wants them. */
struct index {
    const struct seen_job **rows;
    size_t count;
};

static int compare_spans(struct span a, struct span b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.ptr, b.ptr, n) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_rows(const void *a, const void *b)
{
    const struct seen_job *x = *(const struct seen_job *const *)a, *y = *(const struct seen_job *const *)b;
    int order = compare_spans(x->token, y->token);
    if (!order)
        order = (int)x->source - (int)y->source;
    if (!order)
        order = (x->submitted_s > y->submitted_s) - (x->submitted_s < y->submitted_s);
    return order ? order : (x > y) - (x < y); /* as reported */
}

static struct index index_new(const struct tick_report *report)
{
    struct index index = { .rows = mem_grow(NULL, report->job_count + 1, sizeof(*index.rows)) };
    for (size_t i = 0; i < report->job_count; i++)
        if (report->jobs[i].token.len)
            index.rows[index.count++] = &report->jobs[i];
    if (index.count)
        qsort(index.rows, index.count, sizeof(*index.rows), compare_rows);
    return index;
}

static size_t first_of(const struct index *index, struct span token)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (compare_spans(index->rows[mid]->token, token) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* P3: token and id must be ours. A second job under our token (its claim ends it with 120) is not this job.
 */
static bool is_of(const struct seen_job *row, const struct job *job)
{
    return !job->sched_id || !row->sched_id.len || span_is(row->sched_id, job->sched_id);
}

struct picked {
    struct job_rows rows;
    const struct seen_job **all;
};

static struct picked pick(const struct index *index, const struct job *job)
{
    struct span token = span_of(job->token);
    size_t from = first_of(index, token), to = from;
    while (to < index->count && span_eq(index->rows[to]->token, token))
        to++;
    struct picked picked = { .all = mem_grow(NULL, to - from + 1, sizeof(*picked.all)) };
    struct job_rows *rows = &picked.rows;
    rows->all = picked.all;
    for (size_t i = from; i < to; i++) {
        const struct seen_job *row = index->rows[i];
        if (!is_of(row, job))
            continue;
        picked.all[rows->count++] = row;
        if (row->source == SEEN_QUEUE && !rows->queue)
            rows->queue = row;
        else if (row->source == SEEN_ACCOUNTING)
            rows->accounting = row;
        else if (row->source == SEEN_EXIT_FILE)
            rows->exit_file = row;
    }
    return picked;
}

struct turn {
    const struct gateway *gw;
    const struct tick_report *report;
    struct index index;
    struct span *asked; /* report->asked, sorted */
    struct apply apply;
};

static int compare_tokens(const void *a, const void *b)
{
    return compare_spans(*(const struct span *)a, *(const struct span *)b);
}

static struct span *sort_asked(const struct tick_report *report)
{
    struct span *asked = mem_grow(NULL, report->asked_count + 1, sizeof(*asked));
    if (!report->asked_count)
        return asked;
    memcpy(asked, report->asked, report->asked_count * sizeof(*asked));
    qsort(asked, report->asked_count, sizeof(*asked), compare_tokens);
    return asked;
}

static struct tick_report report_for(const struct turn *turn, const struct job *job)
{
    struct tick_report report = *turn->report;
    struct span token = span_of(job->token);
    report.is_asked =
        report.asked_count && bsearch(&token, turn->asked, report.asked_count, sizeof(token), compare_tokens);
    report.is_accounting_cut = report.is_accounting_cut && !report.is_asked;
    return report;
}

static void apply_one(void *ctx, struct job *job)
{
    struct turn *turn = ctx;
    if (job_is_final(job) || job->phase == PHASE_INTENT)
        return;
    struct picked picked = pick(&turn->index, job);
    if (job->phase != PHASE_SUBMITTED) {
        if (picked.rows.count)
            launch_job(turn->gw->launch, job->id); /* there it is: reconciliation need not wait */
    } else if (job->is_unasked && !picked.rows.count) {
        ; /* a look that began before the job was there cannot miss it */
    } else {
        const struct tick_report report = report_for(turn, job);
        (job->array ? apply_array : apply_job)(&turn->apply, job, &picked.rows, &report);
    }
    free(picked.all);
}

enum { MAX_REOPEN_ROWS = 1000 };

/* Each row of a job that is not active here costs a look into the store: another gateway may have thousands
 * under the same user. Where there are more, another look begins elsewhere. */
static void reopen(const struct turn *turn, const char *cluster)
{
    size_t count = turn->index.count, max = count < MAX_REOPEN_ROWS ? count : MAX_REOPEN_ROWS;
    size_t from = count > max ? (size_t)(turn->apply.mono_us / US_PER_S) % count : 0;
    for (size_t i = 0; i < max; i++)
        reopen_job(&turn->apply, cluster, turn->index.rows[(from + i) % count]);
}

void apply_report(const struct gateway *gw, struct cluster *cluster, const struct tick_report *report)
{
    struct turn turn = {
        .gw = gw, .report = report, .index = index_new(report), .asked = sort_asked(report)
    };
    turn.apply = (struct apply){ .gw = gw,
                                 .now_us = clock_wall_us(gw->clock),
                                 .mono_us = clock_mono_us(gw->clock),
                                 .skew_s = cluster->has_skew ? cluster->clock_skew_s : 0,
                                 .last_skew_s = cluster->has_skew ? cluster->last_skew_s : 0,
                                 .settle_us = fleet_settle_us(gw->fleet, cluster),
                                 .runs_once = report->files_decide };
    reopen(&turn, cluster->name);
    jobs_each(gw->jobs, cluster->name, apply_one, &turn);
    free(turn.index.rows);
    free(turn.asked);
}
