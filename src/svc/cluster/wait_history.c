#include "svc/cluster/wait_history.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "svc/cluster/fleet.h"

#include <stdlib.h>
#include <string.h>

enum { JOBS_LOOKED_AT = 300, KEEP_S = 300 };

void wait_history_clear(struct wait_history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        free(history->places[i].partition);
        free(history->places[i].gpu_type);
    }
    free(history->places);
    *history = (struct wait_history){ 0 };
}

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct wait_place *place_of(struct wait_history *history, const struct started_job *job)
{
    for (size_t i = 0; i < history->count; i++)
        if (is_same(history->places[i].partition, job->partition) &&
            is_same(history->places[i].gpu_type, job->gpu_type))
            return &history->places[i];
    struct wait_place *place = vec_push(history->places, history->count, history->cap);
    *place = (struct wait_place){ .partition = mem_dup_str(job->partition),
                                  .gpu_type = mem_dup_str(job->gpu_type) };
    return place;
}

void wait_history_add(void *ctx, const struct started_job *job)
{
    struct wait_history *history = ctx;
    struct wait_place *place = place_of(history, job);
    int64_t wait_us = job->started_at_us - job->eligible_at_us;
    if (place->count < WAIT_HISTORY_JOBS)
        place->waits_s[place->count++] = wait_us > 0 ? wait_us / US_PER_S : 0;
}

static int compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void add_place(const struct wait_place *place, struct json_out *out)
{
    int64_t sorted[WAIT_HISTORY_JOBS];
    memcpy(sorted, place->waits_s, sizeof(sorted));
    qsort(sorted, place->count, sizeof(*sorted), compare);
    json_open_object(out);
    json_member_str(out, "partition", place->partition);
    json_member_str(out, "gpu_type", place->gpu_type);
    json_member_u64(out, "jobs", place->count);
    json_member_int(out, "low_s", sorted[place->count / 10]);
    json_member_int(out, "high_s", sorted[place->count - 1 - place->count / 10]);
    json_close_object(out);
}

void wait_history_json(const struct wait_history *history, struct json_out *out)
{
    json_open_array(out);
    for (size_t i = 0; i < history->count; i++)
        if (history->places[i].count >= WAIT_HISTORY_LEAST)
            add_place(&history->places[i], out);
    json_close_array(out);
}

const char *wait_history_told(const struct gateway *gw, struct gpu_known *known)
{
    int64_t now_us = clock_mono_us(gw->clock);
    auto_wait_history struct wait_history history = { 0 };
    struct err err = { 0 };
    if (known->waits && now_us - known->waits_us < KEEP_S * US_PER_S)
        return known->waits;
    if (job_store_started(gw->store, known->cluster->name, JOBS_LOOKED_AT, wait_history_add, &history, &err) <
        0)
        log_warn("cluster %s: how long its jobs waited: %s", known->cluster->name, err.text);
    auto_str struct str text = STR_MAX(MAX_OUTPUT_BYTES);
    wait_history_json(&history, &(struct json_out){ .to = &text });
    mem_replace_str(&known->waits, str_text(&text));
    known->waits_us = now_us;
    return known->waits;
}
