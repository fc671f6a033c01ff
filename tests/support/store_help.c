#include "support/store_help.h"

#include "base/mem.h"
#include "base/token.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void store_help_dir(struct store_help *help)
{
    memset(help, 0, sizeof(*help));
    strncpy(help->dir, "/tmp/sluice-store-XXXXXX", sizeof(help->dir) - 1);
    char *made = mkdtemp(help->dir);
    assert(made);
    (void)made;
    clock_fake_init(&help->clock, INT64_C(1700000000) * US_PER_S);
}

void store_help_reopen(struct store_help *help)
{
    struct err err = { 0 };
    store_close(help->store);
    help->store = NULL;
    if (store_open(help->dir, &help->clock.clock, &help->store, &err) < 0) {
        (void)fprintf(stderr, "store_open: %s\n", err.text);
        abort();
    }
}

void store_help_init(struct store_help *help)
{
    store_help_dir(help);
    store_help_reopen(help);
}

void store_help_path(const struct store_help *help, const char *name, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/%s", help->dir, name);
}

void store_help_end(struct store_help *help)
{
    store_close(help->store);
    help->store = NULL;
    DIR *dir = opendir(help->dir);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[512];
        store_help_path(help, entry->d_name, path, sizeof(path));
        (void)unlink(path);
    }
    if (dir)
        closedir(dir);
    (void)rmdir(help->dir);
}

struct job *store_help_job(int n)
{
    static const char *const clusters[] = { "alder", "birch", "local" };
    static const char *const users[] = { "ada", "bob" };
    static const char *const gpus[] = { "h100", "a100", NULL, NULL };
    char name[64];
    struct job *job = job_new();
    (void)snprintf(name, sizeof(name), "train-%d", n);
    mem_replace_str(&job->token, token_new(n).text);
    mem_replace_str(&job->name, name);
    mem_replace_str(&job->project, n % 2 ? "resnet" : "bert");
    mem_replace_str(&job->user, users[n % 2]);
    mem_replace_str(&job->cluster, clusters[n % 3]);
    mem_replace_str(&job->scheduler, "slurm");
    mem_replace_str(&job->gpu_type, gpus[n % 4]);
    mem_replace_str(&job->args, "[\"lr=3e-4\",\"epochs=90\"]");
    mem_replace_str(&job->argv, "[\"python\",\"train.py\",\"lr=3e-4\",\"epochs=90\"]");
    mem_replace_str(&job->tags, n % 10 ? NULL : "[\"nightly\",\"x\"]");
    job->gpus = 4;
    job->time_s = 7200;
    job->created_at_us = (INT64_C(1700000000) + n) * US_PER_S;
    return job;
}

int64_t store_help_insert(struct store *store, int n, enum job_state state)
{
    struct err err = { 0 };
    auto_job struct job *job = store_help_job(n);
    job->state = state;
    if (job_is_final(job))
        job->phase = PHASE_CLOSED;
    if (job_store_insert(store, job, NULL, &err) < 0) {
        (void)fprintf(stderr, "job_store_insert: %s\n", err.text);
        abort();
    }
    return job->id;
}
