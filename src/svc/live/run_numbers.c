#include "svc/live/run_numbers.h"

#include "base/log.h"
#include "base/mem.h"
#include "svc/job_note.h"
#include "text/json_out.h"
#include "text/progress.h"

#include <inttypes.h>
#include <math.h>

enum { PIECE_BYTES = 1024 * 1024 };
#define TELL_EVERY_US (INT64_C(60) * US_PER_S)

struct run_numbers {
    const struct gateway *gw;
    int64_t job_id;
    struct metric_plan plan;
    bool is_array;   /* one task's progress is not the job's, and they speak in turn: none is told */
    bool has_warned; /* of a pattern that is spent */

    struct progress told;
    int64_t told_us, first_us; /* wall; 0: nothing was told */
    double first_fraction;     /* where this attempt began to tell */
};

struct run_numbers *run_numbers_new(const struct gateway *gw, int64_t job_id, bool is_array)
{
    struct run_numbers *numbers = mem_zalloc(sizeof(*numbers));
    numbers->gw = gw;
    numbers->job_id = job_id;
    numbers->is_array = is_array;
    metrics_plan(gw, job_id, &numbers->plan);
    return numbers;
}

void run_numbers_free(struct run_numbers *numbers)
{
    if (!numbers)
        return;
    metric_plan_clear(&numbers->plan);
    mem_free_ptr(&numbers);
}

const struct metric_plan *run_numbers_plan(const struct run_numbers *numbers)
{
    return &numbers->plan;
}

/* --- progress --- */

static bool set_progress(void *ctx, struct job *job)
{
    const struct progress *progress = ctx;
    auto_str struct str text = STR_MAX(256);
    struct json_out out = { .to = &text };
    json_open_object(&out);
    json_member_f64(&out, "fraction", progress->fraction);
    if (progress->eta_s >= 0)
        json_member_f64(&out, "eta_s", progress->eta_s);
    if (progress->step >= 0)
        json_member_int(&out, "step", progress->step);
    if (progress->total > 0)
        json_member_int(&out, "total", progress->total);
    json_close_object(&out);
    mem_replace_str(&job->progress, str_text(&text));
    return true;
}

/* Where the run does not say how long it takes: at the pace since it was first seen. An attempt that begins
 * anew begins a new measure. */
static void estimate(struct run_numbers *numbers, int64_t now_us, struct progress *found)
{
    if (!numbers->first_us || found->fraction < numbers->told.fraction - 0.01) {
        numbers->first_us = now_us;
        numbers->first_fraction = found->fraction;
    }
    double gone = found->fraction - numbers->first_fraction;
    double spent_s = (double)(now_us - numbers->first_us) / (double)US_PER_S;
    if (found->eta_s < 0 && gone > 0.001 && spent_s > 0) /* so a few years at most */
        found->eta_s = (double)(int64_t)((1 - found->fraction) / gone * spent_s + 0.5);
}

static void tell_progress(struct run_numbers *numbers, struct progress *found)
{
    if (numbers->is_array)
        return;
    int64_t now_us = clock_wall_us(numbers->gw->clock);
    double step = found->fraction - numbers->told.fraction;
    estimate(numbers, now_us, found);
    bool is_little = step < 0.01 && step > -0.01;
    bool is_same = step == 0 && found->step == numbers->told.step;
    if (numbers->told_us && is_little && (is_same || now_us - numbers->told_us < TELL_EVERY_US))
        return;
    numbers->told = *found;
    numbers->told_us = now_us;
    job_note(numbers->gw, numbers->job_id,
             &(struct job_note){ .kind = "progress", .set = set_progress, .ctx = found });
}

static void tell_step(struct run_numbers *numbers, double step)
{
    double total = (double)numbers->plan.total;
    if (total <= 0 || numbers->plan.progress || isnan(step) || step < 0 || step > total)
        return;
    struct progress found = { step / total, -1, (int64_t)step, numbers->plan.total };
    tell_progress(numbers, &found);
}

/* A line that is begun is no word yet, but for a bar that is closed: the next may be long in coming. */
static void look_for_progress(struct run_numbers *numbers, const struct metric_seen *seen, struct span bytes,
                              size_t taken)
{
    const struct metric_plan *plan = &numbers->plan;
    struct progress_hint hint = { seen->epoch, seen->epochs, plan->total, plan->progress };
    struct progress found;
    if (progress_find(span_ends(bytes, "]") ? bytes : span_head(bytes, taken), &hint, &found))
        tell_progress(numbers, &found);
    else
        tell_step(numbers, seen->last_step);
}

/* --- bytes --- */

static void warn_of_spent(struct run_numbers *numbers)
{
    const struct metric_plan *plan = &numbers->plan;
    bool is_spent = plan->progress && regex_is_spent(plan->progress);
    for (size_t i = 0; i < plan->pattern_count; i++)
        is_spent = is_spent || regex_is_spent(plan->patterns[i]);
    if (is_spent && !numbers->has_warned)
        log_warn("job %" PRId64
                 ": a pattern of its metrics or progress takes too long on its log, and is not tried "
                 "any more",
                 numbers->job_id);
    numbers->has_warned = is_spent;
}

void run_numbers_file(struct run_numbers *numbers, struct metric_file *file, struct span bytes)
{
    struct metric_seen seen;
    metrics_take(numbers->gw, &numbers->plan, file, bytes, &seen);
    tell_step(numbers, seen.last_step);
}

void run_numbers_log(struct run_numbers *numbers, struct metric_file *file, const struct log_cache *cache,
                     bool is_end)
{
    if (file->offset < cache->base) /* the log was far ahead of us: what was skipped is gone */
        file->offset = cache->base;
    while (file->offset < cache->end) {
        auto_str struct str bytes = STR_MAX(PIECE_BYTES);
        struct metric_seen seen;
        int64_t from = file->offset;
        if (log_cache_read(cache, from, PIECE_BYTES, &bytes, NULL) < 0 || !bytes.len)
            return;
        file->is_end = is_end && from + (int64_t)bytes.len == cache->end;
        metrics_take(numbers->gw, &numbers->plan, file, str_span(&bytes), &seen);
        look_for_progress(numbers, &seen, str_span(&bytes), (size_t)(file->offset - from));
        warn_of_spent(numbers);
        if (file->offset == from)
            return;
    }
}
