#include "svc/live/kept_logs.h"

#include "base/log.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/loop.h"
#include "svc/jobs.h"
#include "svc/settings.h"
#include "text/log_block.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void kept_logs_prepare(const struct gateway *gw)
{
    auto_str struct str path = STR_MAX(PATH_MAX);
    struct err err;
    str_addf(&path, "%s/logs", state_dir_of(gw));
    if (file_make_dirs(str_text(&path), 0700, &err) < 0)
        log_warn("logs are not kept: %s", err.text);
}

void kept_logs_path(const struct gateway *gw, int64_t job_id, struct span name, struct str *out)
{
    str_addf(out, "%s/logs/%" PRId64 ".%.*s", state_dir_of(gw), job_id, SPAN_FMT(name));
}

int64_t kept_logs_share(const struct gateway *gw, size_t logs)
{
    int64_t share = settings_daemon(gw->settings)->job_log_bytes / (int64_t)(logs ? logs : 1);
    return share > LOG_BLOCK_BYTES ? share : LOG_BLOCK_BYTES;
}

struct pruning { /* the pool's own: shares nothing with the loop */
    char *folder;
    int64_t before_s;
    int64_t *active; /* ascending */
    size_t count, cap;
};

static int compare_ids(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void add_active(void *ctx, struct job *job)
{
    struct pruning *pruning = ctx;
    *vec_push(pruning->active, pruning->count, pruning->cap) = job->id;
}

static bool is_active(const struct pruning *pruning, const char *name)
{
    struct span rest = span_of(name), part;
    int64_t id;
    if (!span_next(&rest, '.', &part) || !span_i64(part, &id))
        return true; /* none of ours */
    return pruning->count && bsearch(&id, pruning->active, pruning->count, sizeof(id), compare_ids);
}

static void prune(void *ctx)
{
    const struct pruning *pruning = ctx;
    DIR *dir = opendir(pruning->folder);
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        struct stat st;
        if (!is_active(pruning, entry->d_name) &&
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
            st.st_mtime < pruning->before_s)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir)
        closedir(dir);
}

static void pruned(void *ctx)
{
    struct pruning *pruning = ctx;
    free(pruning->folder);
    free(pruning->active);
    free(pruning);
}

void kept_logs_prune(const struct gateway *gw)
{
    int64_t keep_s = settings_daemon(gw->settings)->retention_logs_s;
    auto_str struct str folder = STR_MAX(PATH_MAX);
    if (keep_s == BIND_NONE)
        return;
    struct pruning *pruning = mem_zalloc(sizeof(*pruning));
    str_addf(&folder, "%s/logs", state_dir_of(gw));
    pruning->folder = str_steal(&folder);
    pruning->before_s = clock_wall_us(gw->clock) / US_PER_S - keep_s;
    jobs_each(gw->jobs, NULL, add_active, pruning);
    if (pruning->count)
        qsort(pruning->active, pruning->count, sizeof(*pruning->active), compare_ids);
    loop_work(gw->loop, prune, pruned, pruning);
}
