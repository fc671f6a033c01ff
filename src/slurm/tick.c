#include "slurm/tick.h"

#include "base/mem.h"
#include "slurm/value.h"
#include "text/frame.h"

#include <stdlib.h>
#include <string.h>

enum { SEP = 0x1f };

/* Cuts "<nonce> US" off a line; false for lines that are not rows. */
static bool take_nonce(struct span *line, const struct nonce *rows)
{
    if (!span_starts(*line, rows->text) || line->len <= NONCE_CHARS || line->ptr[NONCE_CHARS] != SEP)
        return false;
    *line = span_skip(*line, NONCE_CHARS + 1);
    return true;
}

static struct tick_part part_of(const struct frame_section *section)
{
    return section ? (struct tick_part){ true, section->complete ? section->rc : -1 }
                   : (struct tick_part){ 0 };
}

static struct span data_of(const struct frame_section *section)
{
    return section ? section->data : (struct span){ 0 };
}

/* "7 500", with or without " alone". */
static void read_left(struct slurm_tick_report *report, struct span words)
{
    struct span left, next;
    uint64_t count, first;
    if (!span_next(&words, ' ', &left) || !span_next(&words, ' ', &next) || !span_u64(left, &count) ||
        !span_u64(next, &first))
        return;
    report->gone_left = (size_t)count;
    report->gone_next = (size_t)first;
}

static void read_gone(struct slurm_tick_report *report, struct span data)
{
    struct span line, id;
    while (span_next_line(&data, &line)) {
        if (span_starts(line, "+")) {
            read_left(report, span_skip(line, 1));
            continue;
        }
        if (!span_next(&line, ' ', &id) || !token_is_valid(line) || report->gone_count == MAX_TICK_GONE)
            continue;
        *vec_push(report->gone, report->gone_count, report->gone_cap) = (struct tick_gone){ id, line };
    }
}

static void read_exits(struct slurm_tick_report *report, struct span data, const struct nonce *rows)
{
    struct span line;
    while (span_next_line(&data, &line)) {
        struct tick_exit item;
        if (!take_nonce(&line, rows) || !span_next(&line, SEP, &item.id) ||
            !span_next(&line, SEP, &item.file))
            continue;
        item.text = span_trim(line);
        *vec_push(report->exits, report->exit_count, report->exit_cap) = item;
    }
}

static void read_demand(struct slurm_tick_report *report, struct span data, const struct nonce *rows)
{
    struct span line, jobs;
    while (span_next_line(&data, &line)) {
        struct tick_demand item = { .jobs = 0 };
        if (!take_nonce(&line, rows) || !span_next(&line, SEP, &jobs) || !span_u64(jobs, &item.jobs) ||
            !span_next(&line, SEP, &item.partitions) || !span_next(&line, SEP, &item.gres))
            continue;
        (void)slurm_count(line, &item.nodes);
        *vec_push(report->demand, report->demand_count, report->demand_cap) = item;
    }
}

/* The sections with parsers of their own. */
static int read_tables(struct slurm_tick_report *report, const struct frame *frame, const struct nonce *rows,
                       struct err *err)
{
    if (slurm_parse_squeue(data_of(frame_get(frame, "squeue")), rows, &report->queue, err) < 0 ||
        slurm_parse_nodes(data_of(frame_get(frame, "nodes")), &report->nodes, err) < 0)
        return err_wrap(err, "poll");
    /* The nonce passed with squeue's rows. */
    (void)slurm_parse_sacct(data_of(frame_get(frame, "sacct")), rows, &report->sacct, NULL);
    (void)slurm_parse_sacct(data_of(frame_get(frame, "recent")), rows, &report->recent, NULL);
    return 0;
}

static void read_lists(struct slurm_tick_report *report, const struct frame *frame, const struct nonce *rows)
{
    struct span clock = span_trim(data_of(frame_get(frame, "clock")));
    (void)slurm_epoch_s(clock, &report->clock_s);
    report->queue_part = part_of(frame_get(frame, "squeue"));
    report->gone_part = part_of(frame_get(frame, "gone"));
    report->sacct_part = part_of(frame_get(frame, "sacct"));
    report->recent_part = part_of(frame_get(frame, "recent"));
    report->exits_part = part_of(frame_get(frame, "exits"));
    report->nodes_part = part_of(frame_get(frame, "nodes"));
    report->demand_part = part_of(frame_get(frame, "demand"));
    read_gone(report, data_of(frame_get(frame, "gone")));
    read_exits(report, data_of(frame_get(frame, "exits")), rows);
    read_demand(report, data_of(frame_get(frame, "demand")), rows);
}

int tick_read(const struct frame *frame, const struct nonce *rows, struct slurm_tick_report *report,
              struct err *err)
{
    auto_tick_report struct slurm_tick_report found = { 0 };
    if (!frame->ended)
        return err_set(err, ERR_CORRUPT, "poll: the answer was cut");
    if (read_tables(&found, frame, rows, err) < 0)
        return -1;
    read_lists(&found, frame, rows);
    *report = found;
    found = (struct slurm_tick_report){ 0 };
    return 0;
}

int tick_parse(struct span out, const struct nonce *frame, const struct nonce *rows,
               struct slurm_tick_report *report, struct err *err)
{
    auto_frame struct frame sections = { 0 };
    if (frame_parse(out, frame, &sections, err) < 0)
        return err_wrap(err, "poll");
    return tick_read(&sections, rows, report, err);
}

void tick_report_clear(struct slurm_tick_report *report)
{
    squeue_clear(&report->queue);
    sacct_clear(&report->sacct);
    sacct_clear(&report->recent);
    slurm_nodes_clear(&report->nodes);
    free(report->gone);
    free(report->exits);
    free(report->demand);
    *report = (struct slurm_tick_report){ 0 };
}

bool tick_queue_is_good(const struct slurm_tick_report *report)
{
    return report->queue_part.asked && report->queue_part.rc == 0 && report->queue.rejected == 0;
}

bool tick_sacct_is_good(const struct slurm_tick_report *report)
{
    return report->sacct_part.asked && report->sacct_part.rc == 0 && report->sacct.rejected == 0;
}
