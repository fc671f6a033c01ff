/* Covers: svc/live/kept_logs. */
#include "unit/svc/fixture_group.h"

#include "svc/live/follow.h"
#include "svc/live/kept_logs.h"
#include "text/log_block.h"

#include <sys/stat.h>
#include <fcntl.h>
#include <time.h>

static void old_file(struct fixture *f, const char *name, int64_t age_s, char *path, size_t room)
{
    (void)snprintf(path, room, "%s/logs/%s", f->state, name);
    fixture_write(path, "x");
    time_t at = (time_t)(clock_wall_us(f->gw.clock) / US_PER_S - age_s);
    struct timespec times[2] = { { .tv_sec = at }, { .tv_sec = at } };
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void wait_for_the_pool(struct fixture *f)
{
    do
        fixture_turn(f, 1);
    while (loop_is_busy(f->gw.loop));
}

static void logs_past_their_retention_go_but_not_those_of_active_jobs(void **state)
{
    struct fixture *f = *state;
    enum { DAY = 86400 };
    char old[160], tail[160], young[160], active[160], alien[160], name[64];
    struct job *job = fixture_job(f, NULL);
    (void)snprintf(name, sizeof(name), "%lld.attempt-1.log", (long long)job->id);
    old_file(f, name, 91 * DAY, active, sizeof(active));
    old_file(f, "900.attempt-1.log", 91 * DAY, old, sizeof(old));
    old_file(f, "900.attempt-2.log.tail", 91 * DAY, tail, sizeof(tail));
    old_file(f, "901.attempt-1.log", 89 * DAY, young, sizeof(young));
    old_file(f, "notes", 91 * DAY, alien, sizeof(alien));
    kept_logs_prune(&f->gw);
    wait_for_the_pool(f);
    assert_int_equal(access(old, F_OK), -1);
    assert_int_equal(access(tail, F_OK), -1);
    assert_int_equal(access(young, F_OK), 0);
    assert_int_equal(access(active, F_OK), 0);
    assert_int_equal(access(alien, F_OK), 0);
}

static void forever_keeps_them(void **state)
{
    struct fixture *f = *state;
    char old[160];
    (void)snprintf(f->extra, sizeof(f->extra), "retention: {logs: forever}\n");
    fixture_restart(f);
    old_file(f, "900.attempt-1.log", 1000 * 86400, old, sizeof(old));
    kept_logs_prune(&f->gw);
    wait_for_the_pool(f);
    assert_int_equal(access(old, F_OK), 0);
}

static void the_logs_of_a_job_share_its_limit(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(kept_logs_share(&f->gw, 0), 16 << 20);
    assert_int_equal(kept_logs_share(&f->gw, 4), 4 << 20);
    assert_int_equal(kept_logs_share(&f->gw, 100000), LOG_BLOCK_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(logs_past_their_retention_go_but_not_those_of_active_jobs),
        TEST(forever_keeps_them),
        TEST(the_logs_of_a_job_share_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
