/* A thousand running jobs that each write 1 KB a second: what following them costs the gateway, and whether
 * every byte arrives. The cluster is a shell of this machine that runs the tick's own program over real
 * files; the gateway is all services over a real store, without the way between (bench_poll.py has that).
 * Each round is POLL_S seconds of logs at once. Arguments: [JOBS [ROUNDS]]. */
#include "unit/svc/gateway_fixture.h"

#include "base/limits.h"
#include "exec/tick_files.h"
#include "io/file.h"
#include "support/figure.h"
#include "support/spawn.h"
#include "svc/live/follow.h"

#include <sys/stat.h>
#include <time.h>

enum { POLL_S = 30, BYTES_A_SECOND = 1000, MAX_JOBS = 5000 };

static struct bench {
    struct fixture f;
    char tokens[MAX_JOBS][TOKEN_CHARS + 1];
    int64_t ids[MAX_JOBS], steps;
    int jobs;
    size_t execs;
    double gateway_s; /* on the processor */
} b;

static double cpu_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void log_path(int job, char *path, size_t room)
{
    (void)snprintf(path, room, "%s/runs/%s/attempt-1.log", b.f.dir, b.tokens[job]);
}

static void start_jobs(void)
{
    char path[200];
    (void)snprintf(path, sizeof(path), "%s/runs", b.f.dir);
    assert_int_equal(mkdir(path, 0700), 0);
    for (int i = 0; i < b.jobs; i++) {
        struct job *job = fixture_job(&b.f, NULL);
        job->phase = PHASE_SUBMITTED;
        mem_replace_str(&job->sched_id, "7");
        jobs_enter(b.f.gw.jobs, job, JOB_STATE_RUNNING, NULL);
        b.ids[i] = job->id;
        (void)snprintf(b.tokens[i], sizeof(b.tokens[i]), "%s", job->token);
        (void)snprintf(path, sizeof(path), "%s/runs/%s", b.f.dir, b.tokens[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    fixture_turn(&b.f, 1);
}

static void write_logs(void)
{
    auto_str struct str text = STR_MAX(1 << 20);
    while (text.len < POLL_S * BYTES_A_SECOND) {
        b.steps++;
        str_addf(
            &text,
            "[2026-01-31 12:00:00] INFO trainer: step %lld loss %.6f lr 1e-3 (%lld/100000, eta 1:02:03)\n",
            (long long)b.steps, 1.0 / (double)b.steps, (long long)b.steps);
    }
    for (int i = 0; i < b.jobs; i++) {
        char path[200];
        log_path(i, path, sizeof(path));
        FILE *file = fopen(path, "a");
        if (!file || fwrite(text.buf, 1, text.len, file) != text.len || fclose(file) != 0)
            exit(1);
    }
}

static void run_there(const struct str *sh, struct str *out)
{
    char path[100];
    (void)snprintf(path, sizeof(path), "%s/program", b.f.dir);
    const char *const argv[] = { "/bin/sh", path, NULL };
    fixture_write(path, str_text(sh));
    (void)spawn_collect(argv, (struct span){ 0 }, out);
}

/* One tick; true: there is more. */
static bool tick(struct cluster *cluster)
{
    struct nonce nonce = nonce_new();
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES), out = STR_MAX(MAX_OUTPUT_BYTES);
    auto_frame struct frame frame = { 0 };
    auto_tick_files struct tick_files files = { 0 };
    struct tick_report report = { 0 };
    double start = cpu_s();
    const struct tick_follow *ask = follow_begin(b.f.gw.follow, cluster);
    str_addf(&sh, "cd %s\n", b.f.dir);
    frame_begin(&sh, &nonce);
    if (!ask || tick_files_program(&sh, ask, NULL) < 0)
        exit(1);
    frame_end(&sh);
    run_there(&sh, &out);
    b.execs++;
    if (frame_parse(str_span(&out), &nonce, &frame, NULL) < 0 || !frame.ended)
        exit(1);
    tick_files_read(&frame, &files);
    tick_files_report(&files, &report);
    bool more = follow_end(b.f.gw.follow, cluster, &report);
    fixture_turn(&b.f, 1);
    b.gateway_s += cpu_s() - start;
    return more;
}

/* Bytes that are not kept as the file has them. */
static int64_t count_lost(void)
{
    int64_t lost = 0;
    for (int i = 0; i < b.jobs; i++) {
        char path[200];
        struct log_cache cache = { 0 };
        auto_str struct str truth = STR_MAX(1 << 26), kept = STR_MAX(1 << 26);
        log_path(i, path, sizeof(path));
        if (file_read(path, 1 << 26, &truth, NULL) < 0)
            exit(1);
        if (follow_cache(b.f.gw.follow, b.ids[i], 1, -1, &cache))
            (void)log_cache_read(&cache, 0, 1 << 26, &kept, NULL);
        lost += span_eq(str_span(&truth), str_span(&kept)) ? 0 : (int64_t)truth.len;
        log_cache_clear(&cache);
    }
    return lost;
}

int main(int argc, char **argv)
{
    b.jobs = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 1000;
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 3;
    if (b.jobs < 1 || b.jobs > MAX_JOBS)
        return 1;
    fixture_open(&b.f);
    start_jobs();
    struct cluster *cluster = fleet_find(b.f.gw.fleet, "alder");
    for (int i = 0; i < rounds; i++) {
        write_logs();
        while (tick(cluster))
            ;
    }
    figure_at_most("1,000 jobs at 1 KB/s: bytes lost", (double)count_lost(), 0, "bytes");
    figure_at_most("1,000 jobs at 1 KB/s: of a core", b.gateway_s / rounds / POLL_S * 100, 5, "%");
    printf("%.1f ticks of one command each for %d s of logs: a tick has a budget of bytes\n",
           (double)b.execs / rounds, POLL_S);
    fixture_close(&b.f);
    return 0;
}
