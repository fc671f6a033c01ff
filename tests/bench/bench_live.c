/* What live data costs: metric lines parsed and stored, a zoom of a million points, links and verdicts found.
 * Prints figures. */
#include "support/store_help.h"

#include "base/mem.h"
#include "domain/verdict.h"
#include "store/metric_store.h"
#include "support/figure.h"
#include "text/links.h"
#include "text/log_lines.h"
#include "text/metric_csv.h"
#include "text/metric_lines.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { POINTS = 1000000, PIECE = 10000, SCAN_BYTES = 64 << 20 };

static double now_s(void)
{
    return (double)clock_mono_us(&clock_real) / 1e6;
}

/* Of a thing that only computes, time on the processor: a busy machine does not blur it. */
static double cpu_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void count_row(void *ctx, const struct metric_row *row)
{
    *(size_t *)ctx += row->count;
}

static void bench_parse(void)
{
    auto_str struct str text = STR_MAX((size_t)256 << 20);
    size_t points = 0;
    for (int i = 0; i < POINTS / 4; i++)
        str_addf(&text, "{\"step\":%d,\"loss\":%.6f,\"acc\":%.4f,\"lr\":0.001,\"grad\":NaN}\n", i,
                 1.0 / (i + 1), i / 1e6);
    double start = now_s();
    (void)metric_jsonl(str_span(&text), count_row, &points);
    double spent = now_s() - start;
    figure_at_least("metric lines (JSONL) parsed", (double)points / spent / 1e6, 1, "M points/s");
}

static double read_rate(struct span text, struct log_reader *reader, size_t *points)
{
    double start = now_s();
    log_lines(reader, text, count_row, points);
    return (double)text.len / (now_s() - start) / 1e6;
}

/* A log that a preset or a pattern of one's own finds two numbers in on each line. */
static void bench_log_lines(void)
{
    auto_str struct str text = STR_MAX((size_t)SCAN_BYTES + 1024);
    for (int i = 0; text.len < SCAN_BYTES; i++)
        str_addf(&text,
                 "[2026-01-31 12:00:00] epoch %d step %d loss: 0.%06d acc=0.98 time 12.3s eta 1:02:03\n",
                 i / 1000, i, i % 1000000);
    struct regex *regex = NULL;
    if (regex_compile(SPAN_LIT("step (?<step>\\d+) loss: (?<loss>\\S+) acc=(?<acc>\\S+)"), &regex, NULL) < 0)
        exit(1);
    size_t by_preset = 0, by_pattern = 0;
    struct log_reader presets = { .presets = LOG_ALL, .epoch = -1, .epochs = -1 };
    struct log_reader patterns = { .patterns = &regex, .pattern_count = 1, .epoch = -1, .epochs = -1 };
    double preset_rate = read_rate(str_span(&text), &presets, &by_preset);
    double pattern_rate = read_rate(str_span(&text), &patterns, &by_pattern);
    printf("log lines by all presets        %8.0f MB/s  (%.2f M points)\n", preset_rate,
           (double)by_preset / 1e6);
    printf("log lines by an own pattern     %8.0f MB/s  (%.2f M points)\n", pattern_rate,
           (double)by_pattern / 1e6);
    regex_free(regex);
}

static void bench_csv(void)
{
    auto_str struct str text = STR_MAX((size_t)256 << 20), header = STR_MAX(MAX_CSV_HEADER_BYTES);
    size_t points = 0;
    str_add(&text, "step,loss,acc,lr,grad\n");
    for (int i = 0; i < POINTS / 4; i++)
        str_addf(&text, "%d,%.6f,%.4f,0.001,nan\n", i, 1.0 / (i + 1), i / 1e6);
    double start = now_s();
    (void)metric_csv(&header, str_span(&text), count_row, &points);
    printf("CSV parsed                      %8.2f M points/s\n", (double)points / (now_s() - start) / 1e6);
}

static void bench_store(void)
{
    struct store_help h;
    store_help_init(&h);
    int64_t job = store_help_insert(h.store, 1, JOB_STATE_RUNNING);
    struct bucket *points = mem_alloc(PIECE * sizeof(*points));
    double start = now_s();
    for (int from = 0; from < POINTS; from += PIECE) {
        for (int i = 0; i < PIECE; i++)
            points[i] = (struct bucket){ from + i, from + i, (double)(i % 997), (double)(i % 997), 0 };
        struct series_write write = { job, SPAN_LIT("loss"), SERIES_OF_FILE, 0, points, PIECE };
        if (metric_store_append(h.store, &write, NULL) < 0 || store_flush(h.store, NULL) < 0)
            exit(1);
    }
    figure_at_least("metric points stored", POINTS / (now_s() - start), 100000, "points/s");
    free(points);
    double worst = 0;
    for (int i = 0; i < 200; i++) {
        double from = i % 2 ? -(double)INFINITY : i * 4000.0,
               to = i % 2 ? (double)INFINITY : from + 1000.0 * i;
        struct series_query query = { job, SPAN_LIT("loss"), from, to, 1000 };
        struct series_answer answer;
        start = now_s();
        if (metric_store_read(h.store, &query, &answer, NULL) < 0)
            exit(1);
        double spent = now_s() - start;
        worst = spent > worst ? spent : worst;
        series_answer_clear(&answer);
    }
    figure_at_most("worst zoom of 1M points to 1,000", worst * 1e3, 5, "ms");
    store_help_end(&h);
}

static void count_link(void *ctx, const struct link *link)
{
    (void)link;
    ++*(size_t *)ctx;
}

/* As logs have them: times of day, a bar that redraws itself, paths, addresses of no tracker. */
static void add_log_lines(struct str *text, int i)
{
    str_addf(text, "[2026-01-31 12:00:00] epoch 7 step %d loss %.6f acc 0.98 lr 1e-3 eta 1:02:03\n", i,
             i / 1e6);
    str_addf(text, "\rEpoch 3:  45%%|####      | %d/100000 [02:17<02:47, 3.28it/s, loss=%.6f]", i, i / 1e6);
    str_addf(text, "saved checkpoint /scratch/user/runs/exp-12/ckpt/step_%d.pt in 3.2 s\n", i);
    str_addf(text, "INFO:torch.distributed: rank %d joined tcp://10.0.0.1:29500 (rdzv /tmp/rdzv)\n", i);
}

static void bench_scan(void)
{
    auto_str struct str text = STR_MAX((size_t)SCAN_BYTES + 1024), out = STR_MAX(1 << 16);
    struct link_scan scan = { 0 };
    size_t links = 0;
    for (int i = 0; text.len < SCAN_BYTES; i++)
        add_log_lines(&text, i);
    str_add(&text, "wandb: https://wandb.ai/a/b/runs/1\nRuntimeError: CUDA out of memory\n");
    double start = cpu_s();
    links_feed(&scan, str_span(&text), count_link, &links);
    double link_s = cpu_s() - start;
    struct verdict_facts facts = {
        .state = JOB_STATE_FAILED, .log = str_span(&text), .first_line = 1, .task = -1
    };
    start = cpu_s();
    verdict_json(&facts, &out);
    double verdict_s = cpu_s() - start;
    printf("links %.0f MB/s (%zu found), verdict %.0f MB/s\n", SCAN_BYTES / link_s / 1e6, links,
           SCAN_BYTES / verdict_s / 1e6);
    figure_at_least("log scanned for links and verdicts", SCAN_BYTES / (link_s + verdict_s) / 1e6, 300,
                    "MB/s");
}

int main(void)
{
    bench_parse();
    bench_csv();
    bench_log_lines();
    bench_store();
    bench_scan();
    return 0;
}
