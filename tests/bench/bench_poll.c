/* What reading squeue's answer costs beside a bare scan of the same bytes for their separators, for 1, 100
 * and 10,000 jobs; whether time grows with the rows and memory with nothing but them. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "slurm/squeue.h"
#include "support/figure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <malloc.h>

enum { ROUNDS = 41, MANY = 10000 };

static const char nonce_text[] = "c0ffee00112233445566778899aabbcc";

static void add_row(struct str *to, int n)
{
    const char *mark = nonce_text;
    char token[TOKEN_CHARS + 1];
    memcpy(token, token_new(n).text, sizeof(token));
    str_addf(to, "%s\037%d\037%d\037%s\037", mark, 100000 + n, 100000 + n, n % 4 ? "PENDING" : "RUNNING");
    str_addf(to, "ada\037gpu\037ml\037normal\037%s\0371\0378\037", n % 4 ? "" : "gpu-a100-017");
    str_add(to, "1795186400\0371795186490\037N/A\0374294901757\0372-00:00:00\037");
    str_addf(to, "%s=gres:gpu:a100:4%s=(null)%s=%s", mark, mark, mark, n % 4 ? "Priority" : "None");
    str_addf(to, "%s=resnet-sweep-%d%s=%s", mark, n, mark, token);
    str_addf(to, "%s=/home/ada/sluice/runs/%s", mark, token);
    str_addf(to, "%s=/home/ada/sluice/runs/%s/script.sh%s.\n", mark, token, mark);
}

/* Each separator found, nothing kept: less than this no reader can do. */
static size_t scan(struct span text)
{
    size_t found = 0;
    const char *at = text.ptr, *end = text.ptr + text.len;
    while ((at = memchr(at, '\037', (size_t)(end - at)))) {
        found++;
        at++;
    }
    struct span rest = text;
    for (size_t hit; (hit = span_find(rest, span_of(nonce_text))) < rest.len; found++)
        rest = span_skip(rest, hit + sizeof(nonce_text) - 1);
    return found;
}

static double time_scan(struct span text, size_t times)
{
    static volatile size_t sink; /* or the scan is thrown away as useless */
    int64_t start = clock_mono_us(&clock_real);
    for (size_t i = 0; i < times; i++)
        sink += scan(text);
    return (double)(clock_mono_us(&clock_real) - start) / (double)times;
}

static double time_parse(struct span text, size_t jobs, size_t times)
{
    struct nonce nonce;
    memcpy(nonce.text, nonce_text, sizeof(nonce_text));
    int64_t start = clock_mono_us(&clock_real);
    for (size_t i = 0; i < times; i++) {
        auto_squeue struct squeue rows = { 0 };
        if (slurm_parse_squeue(text, &nonce, &rows, NULL) < 0 || rows.count != jobs || rows.rejected ||
            !rows.rows[jobs - 1].token.len)
            exit(1);
    }
    return (double)(clock_mono_us(&clock_real) - start) / (double)times;
}

/* Microseconds of one parse: turn by turn with the scan, so that a busy moment hits both. */
static double bench(size_t jobs)
{
    auto_str struct str text = STR_MAX((size_t)64 << 20);
    double parse[ROUNDS], bare[ROUNDS], ratio[ROUNDS];
    for (size_t i = 0; i < jobs; i++)
        add_row(&text, (int)i);
    size_t times = MANY / jobs;
    for (size_t i = 0; i < ROUNDS; i++) {
        parse[i] = time_parse(str_span(&text), jobs, times);
        bare[i] = time_scan(str_span(&text), times);
        ratio[i] = parse[i] / bare[i];
    }
    char name[64];
    snprintf(name, sizeof(name), "squeue of %zu jobs read / bare scan", jobs);
    double took = figure_median(parse, ROUNDS);
    printf("%zu jobs, %zu bytes: read in %.1f us, scanned in %.1f us\n", jobs, text.len, took,
           figure_median(bare, ROUNDS));
    figure_at_most(name, figure_median(ratio, ROUNDS), 2, "x");
    return took / (double)jobs;
}

int main(void)
{
    double one = bench(1), hundred = bench(100);
    struct mallinfo2 before = mallinfo2();
    double many = bench(MANY);
    struct mallinfo2 after = mallinfo2();
    (void)one;
    figure_at_most("time a job: 10,000 jobs / 100 jobs", many / hundred, 1.2, "x");
    figure_at_most("memory kept after reading 10,000 jobs",
                   ((double)after.uordblks - (double)before.uordblks) / 1024, 1, "KB");
    return 0;
}
