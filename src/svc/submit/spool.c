#include "svc/submit/spool.h"

#include "base/mem.h"
#include "base/token.h"
#include "io/file.h"
#include "svc/jobs.h"
#include "svc/settings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_SECRETS_BYTES = 256 * 1024, PRUNE_AGE_S = 3600 };

void spool_tar_path(const char *state_dir, const char *tree, struct str *out)
{
    str_addf(out, "%s/spool/%s.tar", state_dir, tree);
}

static void secrets_path(const char *state_dir, const char *token, struct str *out)
{
    str_addf(out, "%s/secrets/%s", state_dir, token);
}

int spool_prepare(const char *state_dir, struct err *err)
{
    static const char *const folders[] = { "spool", "secrets" };
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        auto_str struct str path = STR_MAX(PATH_MAX);
        str_addf(&path, "%s/%s", state_dir, folders[i]);
        if (mkdir(str_text(&path), 0700) < 0 && errno != EEXIST)
            return err_errno(err, errno, "%s", str_text(&path));
    }
    return 0;
}

bool spool_keep_tar(const char *state_dir, const char *tree, uint64_t bytes)
{
    auto_str struct str path = STR_MAX(PATH_MAX);
    struct stat st;
    spool_tar_path(state_dir, tree, &path);
    return stat(str_text(&path), &st) == 0 && (uint64_t)st.st_size == bytes &&
           utimensat(AT_FDCWD, str_text(&path), NULL, 0) == 0;
}

int spool_name_tar(const char *state_dir, const char *tree, const char *from, int fd, struct err *err)
{
    auto_str struct str path = STR_MAX(PATH_MAX);
    spool_tar_path(state_dir, tree, &path);
    if (fsync(fd) < 0)
        return err_errno(err, errno, "snapshot %s", from);
    if (rename(from, str_text(&path)) < 0)
        return err_errno(err, errno, "%s", str_text(&path));
    if (file_sync_dir_of(str_text(&path)) < 0)
        return err_errno(err, errno, "the folder of %s", str_text(&path));
    return 0;
}

int spool_open_tar(const char *state_dir, const char *tree, int *fd, uint64_t *bytes, struct err *err)
{
    auto_str struct str path = STR_MAX(PATH_MAX);
    spool_tar_path(state_dir, tree, &path);
    auto_fd int file = open(str_text(&path), O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (file < 0 || fstat(file, &st) < 0)
        return err_errno(err, errno, "%s", str_text(&path));
    *bytes = (uint64_t)st.st_size;
    *fd = move_fd(file);
    return 0;
}

int spool_put_secrets(const char *state_dir, const char *token, struct span lines, struct err *err)
{
    auto_str struct str path = STR_MAX(PATH_MAX);
    secrets_path(state_dir, token, &path);
    return file_write(str_text(&path), lines, 0600, err);
}

static void token_path(const char *state_dir, const char *token, struct str *out)
{
    str_addf(out, "%s/secrets/%s.token", state_dir, token);
}

int spool_put_token(const char *state_dir, const char *token, struct span lines, struct err *err)
{
    auto_str struct str path = STR_MAX(PATH_MAX);
    token_path(state_dir, token, &path);
    auto_fd int fd = open(str_text(&path), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || file_write_fd(fd, lines) < 0)
        return err_errno(err, errno, "%s", str_text(&path));
    return 0;
}

static int add_file(const char *path, struct str *lines, struct err *err)
{
    auto_str struct str text = STR_MAX(MAX_SECRETS_BYTES);
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return 0;
    if (file_read(path, MAX_SECRETS_BYTES, &text, err) < 0)
        return -1;
    str_add_span(lines, str_span(&text));
    return 0;
}

int spool_get_secrets(const char *state_dir, const char *token, struct str *lines, struct err *err)
{
    auto_str struct str path = STR_MAX(PATH_MAX), own = STR_MAX(PATH_MAX);
    secrets_path(state_dir, token, &path);
    token_path(state_dir, token, &own);
    return add_file(str_text(&path), lines, err) < 0 ? -1 : add_file(str_text(&own), lines, err);
}

void spool_drop_token(const char *state_dir, const char *token)
{
    auto_str struct str path = STR_MAX(PATH_MAX);
    token_path(state_dir, token, &path);
    unlink(str_text(&path));
}

void spool_drop_secrets(const char *state_dir, const char *token)
{
    auto_str struct str path = STR_MAX(PATH_MAX);
    secrets_path(state_dir, token, &path);
    unlink(str_text(&path));
    spool_drop_token(state_dir, token);
}

static void mark_path(const char *state_dir, const char *token, struct str *out)
{
    str_addf(out, "%s/secrets/%s.sent", state_dir, token);
}

bool spool_mark_sent(const char *state_dir, const char *token)
{
    auto_str struct str path = STR_MAX(PATH_MAX), mark = STR_MAX(PATH_MAX);
    secrets_path(state_dir, token, &path);
    mark_path(state_dir, token, &mark);
    if (truncate(str_text(&path), 0) < 0)
        return false;
    return rename(str_text(&path), str_text(&mark)) == 0;
}

void spool_unmark(const char *state_dir, const char *token)
{
    auto_str struct str mark = STR_MAX(PATH_MAX);
    mark_path(state_dir, token, &mark);
    unlink(str_text(&mark));
}

static void each_secret(const char *state_dir, const char *ending, spool_each *fn, void *ctx)
{
    auto_str struct str path = STR_MAX(PATH_MAX);
    str_addf(&path, "%s/secrets", state_dir);
    DIR *dir = opendir(str_text(&path));
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        struct span name = span_of(entry->d_name);
        auto_free char *token = span_dup(span_head(name, TOKEN_CHARS));
        if (span_ends(name, ending) && token_is_valid(span_of(token)))
            fn(ctx, token);
    }
    if (dir)
        closedir(dir);
}

void spool_each_mark(const char *state_dir, spool_each *fn, void *ctx)
{
    each_secret(state_dir, ".sent", fn, ctx);
}

void spool_each_token(const char *state_dir, spool_each *fn, void *ctx)
{
    each_secret(state_dir, ".token", fn, ctx);
}

struct kept {
    const char **codes; /* "code/<project>/<tree>" of jobs that are not submitted yet; borrowed */
    size_t count, cap;
};

static void keep_code(void *ctx, struct job *job)
{
    struct kept *kept = ctx;
    if (job->code && job->phase != PHASE_SUBMITTED && job->phase != PHASE_CLOSED)
        *vec_push(kept->codes, kept->count, kept->cap) = job->code;
}

static bool is_kept(const char *name, const struct kept *kept)
{
    struct span tree = span_head(span_of(name), strcspn(name, "."));
    for (size_t i = 0; i < kept->count; i++)
        if (tree.len && span_find(span_of(kept->codes[i]), tree) < strlen(kept->codes[i]))
            return true;
    return false;
}

void spool_prune(const struct gateway *gw)
{
    auto_str struct str path = STR_MAX(PATH_MAX);
    int64_t before_s = clock_wall_us(gw->clock) / US_PER_S - PRUNE_AGE_S;
    str_addf(&path, "%s/spool", state_dir_of(gw));
    DIR *dir = opendir(str_text(&path));
    if (!dir)
        return;
    struct kept kept = { 0 };
    jobs_each(gw->jobs, NULL, keep_code, &kept);
    const struct dirent *entry;
    while ((entry = readdir(dir))) {
        struct stat st;
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
            st.st_mtime < before_s && !is_kept(entry->d_name, &kept))
            unlinkat(dirfd(dir), entry->d_name, 0);
    }
    free(kept.codes);
    closedir(dir);
}
