/* A gateway of real services over a real store in a temporary folder, a fake clock and a fake executor: what
 * the tests of svc/ share. */
#ifndef SLUICE_TESTS_GATEWAY_FIXTURE_H
#define SLUICE_TESTS_GATEWAY_FIXTURE_H

#include "fake_executor.h"

#include "base/log.h"
#include "io/loop.h"
#include "store/job_store.h"
#include "svc/cluster/fleet.h"
#include "svc/cluster/gpus.h"
#include "svc/jobs.h"
#include "svc/submit/launch.h"
#include "svc/live/logs.h"
#include "svc/watch/poll.h"
#include "svc/project/projects.h"
#include "svc/query.h"
#include "svc/services.h"
#include "svc/settings.h"
#include "svc/submit/spool.h"
#include "svc/submit/submit.h"
#include "svc/watch/waits.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct gateway gw;
    struct clock_fake clock;
    char dir[64], clusters[96], state[96];
    char extra[160]; /* lines of sluice.yaml, in force from the next settings_load on */
    struct daemon_source source;
};

static const char fixture_clusters[] = "clusters:\n"
                                       "  - name: alder\n"
                                       "    type: slurm\n"
                                       "    host: me@login.example\n";

static inline void fixture_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* A daemon_source's load: ctx is the fixture. */
static inline int fixture_load(void *ctx, struct daemon_config **out, struct errs *errs)
{
    const struct fixture *f = ctx;
    char yaml[512];
    snprintf(yaml, sizeof(yaml), "state_dir: %s\nclusters_file: %s\nt_settle: 12s\n%s", f->state, f->clusters,
             f->extra);
    struct daemon_input in = { .text = span_of(yaml), .file = "sluice.yaml" };
    return daemon_config_parse(&in, out, errs);
}

static inline void fixture_services(struct fixture *f)
{
    struct gateway *gw = &f->gw;
    struct err err = { 0 };
    auto_errs struct errs errs = { 0 };
    f->source = (struct daemon_source){ fixture_load, f };
    gw->settings = settings_new(&f->source);
    if (settings_load(gw->settings, &errs) < 0)
        fail_msg("settings: %s", errs.count ? errs.items[0].text : "?");
    if (services_open(gw, &err) < 0)
        fail_msg("services: %s", err.text);
    poll_clusters_changed(gw->poll);
}

static inline void fixture_open(struct fixture *f)
{
    *f = (struct fixture){ 0 };
    fake = (struct fake){ 0 };
    log_setup(LOG_ERROR + 1, false);
    clock_fake_init(&f->clock, INT64_C(1700000000) * US_PER_S);
    snprintf(f->dir, sizeof(f->dir), "/tmp/sluice-svc-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->clusters, sizeof(f->clusters), "%s/clusters.yaml", f->dir);
    snprintf(f->state, sizeof(f->state), "%s/state", f->dir);
    fixture_write(f->clusters, fixture_clusters);
    f->gw.clock = &f->clock.clock;
    f->gw.version = "test";
    fixture_services(f);
}

/* As a kill -9 would: nothing is told that the end has come but what is on disk. */
static inline void fixture_stop(struct fixture *f)
{
    services_close(&f->gw);
    settings_free(f->gw.settings);
}

static inline void fixture_restart(struct fixture *f)
{
    fixture_stop(f);
    fake = (struct fake){ 0 };
    fixture_services(f);
}

static inline void fixture_close(struct fixture *f)
{
    char command[128];
    fixture_stop(f);
    snprintf(command, sizeof(command), "%s", f->dir);
    const char *argv[] = { "rm", "-rf", command, NULL };
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
}

static inline void fixture_beat(void *ctx)
{
    (void)ctx;
}

/* Turns of the loop: commits what is open, runs what is due. The fake clock moves by ms first. */
static inline void fixture_turn(struct fixture *f, int64_t ms)
{
    clock_fake_advance(&f->clock, ms * US_PER_MS);
    for (int i = 0; i < 6; i++) {
        loop_defer(f->gw.loop, fixture_beat, f);
        loop_step(f->gw.loop);
        while (store_has_pending(f->gw.store))
            assert_int_equal(store_flush(f->gw.store, NULL), 0);
    }
}

/* For what a nudge leads to: it is not sent at once, by the loop's own clock. */
static inline void fixture_until_tick(struct fixture *f)
{
    for (int i = 0; i < 1000 && !fake.tick.is_open; i++) {
        usleep(1000);
        fixture_turn(f, 0);
    }
}

/* Of this turn: not committed yet. */
static inline struct job *fixture_new_job(struct fixture *f, const char *array)
{
    struct err err = { 0 };
    struct job *job = job_new();
    struct token token = token_new(clock_wall_us(f->gw.clock));
    job->token = mem_dup_str(token.text);
    job->name = mem_dup_str("train");
    job->project = mem_dup_str("p");
    job->user = mem_dup_str("me");
    job->cluster = mem_dup_str("alder");
    job->scheduler = mem_dup_str("slurm");
    job->array = mem_dup_str(array);
    job->created_at_us = clock_wall_us(f->gw.clock);
    struct job_script script = {
        .script = (char *)"#!/bin/bash\ntrue\n",
        .resolved = (char *)"{\"slurm.partition\":{\"value\":\"gpu\",\"origin\":{\"text\":\"a.yaml:3:14\"}},"
                            "\"slurm.qos\":{\"value\":\"x\"}}",
    };
    if (jobs_add_take(f->gw.jobs, job, &script, &err) < 0)
        fail_msg("insert: %s", err.text);
    return job;
}

static inline struct job *fixture_job(struct fixture *f, const char *array)
{
    struct job *job = fixture_new_job(f, array);
    fixture_turn(f, 0);
    return job;
}

#endif
