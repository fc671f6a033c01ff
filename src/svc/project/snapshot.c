#include "svc/project/snapshot.h"

#include "base/limits.h"
#include "base/mem.h"
#include "io/loop.h"
#include "io/spawn.h"
#include "svc/project/git.h"
#include "svc/project/tree.h"
#include "svc/settings.h"
#include "svc/submit/spool.h"
#include "text/json_out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAR_TIMEOUT_MS = 120000 };

/* One snapshot under way: git, then the choice of files (pool), tar, hash (pool). */
struct shot {
    const struct gateway *gw;
    char *folder, *state_dir;
    struct strs include, exclude;
    struct tree_rules rules; /* borrows them */
    bool in_place, require_clean;
    snapshot_done *done;
    void *ctx;

    bool is_repo, is_dirty;
    char *sha, *branch, *diff, *files;
    size_t files_bytes;
    struct tree tree;
    char tar_path[PATH_MAX]; /* until it has its name; stays where the same tree was packed before */
    int tar_fd;
    char hex[TREE_HEX];
    uint64_t tar_bytes;
    struct err err; /* of the pool's work */
    int rc;
};

static void shot_free(struct shot *shot)
{
    if (shot->tar_fd >= 0)
        close(shot->tar_fd);
    if (shot->tar_path[0])
        unlink(shot->tar_path);
    strs_clear(&shot->include);
    strs_clear(&shot->exclude);
    tree_clear(&shot->tree);
    free(shot->folder);
    free(shot->state_dir);
    free(shot->sha);
    free(shot->branch);
    free(shot->diff);
    free(shot->files);
    free(shot);
}

static void fail(struct shot *shot, const struct err *err)
{
    shot->done(shot->ctx, NULL, err);
    shot_free(shot);
}

static void commit_json(const struct shot *shot, const char *tree, struct str *text)
{
    struct json_out out = { .to = text };
    json_open_object(&out);
    if (shot->sha && *shot->sha)
        json_member_str(&out, "sha", shot->sha);
    if (shot->branch && *shot->branch)
        json_member_str(&out, "branch", shot->branch);
    if (shot->is_repo)
        json_member_bool(&out, "dirty", shot->is_dirty);
    json_member_str(&out, "tree", tree);
    json_close_object(&out);
}

static void succeed(struct shot *shot, const char *tree)
{
    auto_str struct str commit = STR_MAX(MAX_CONFIG_BYTES);
    commit_json(shot, tree, &commit);
    struct snapshot snapshot = { .tree = tree,
                                 .bytes = shot->tar_bytes,
                                 .files = shot->tree.count,
                                 .commit = str_text(&commit),
                                 .diff = shot->diff && *shot->diff ? shot->diff : NULL };
    shot->done(shot->ctx, &snapshot, NULL);
    shot_free(shot);
}

/* --- the hash is the name --- */

static void hash_work(void *ctx)
{
    struct shot *shot = ctx;
    shot->rc = tree_hash_file(shot->tar_fd, shot->hex, &shot->tar_bytes, &shot->err);
    if (shot->rc < 0 || spool_keep_tar(shot->state_dir, shot->hex, shot->tar_bytes))
        return;
    shot->rc = spool_name_tar(shot->state_dir, shot->hex, shot->tar_path, shot->tar_fd, &shot->err);
    if (shot->rc == 0)
        shot->tar_path[0] = '\0';
}

static void hash_done(void *ctx)
{
    struct shot *shot = ctx;
    if (shot->rc < 0)
        fail(shot, &shot->err);
    else
        succeed(shot, shot->hex);
}

/* --- tar: the same bytes for the same files, whoever and whenever --- */

static void on_tar(void *ctx, const struct spawn_result *result)
{
    struct shot *shot = ctx;
    if (result->end == SPAWN_EXITED && result->code == 0) {
        loop_work(shot->gw->loop, hash_work, hash_done, shot);
        return;
    }
    struct span words = span_head(span_trim(result->error), 400);
    if (span_has(words, "No space left") || span_has(words, "quota exceeded"))
        err_set(&shot->err, ERR_FULL, "the state directory has no room for the snapshot of %s", shot->folder);
    else
        err_set(&shot->err, ERR_IO, "tar could not read %s whole (a file changed meanwhile?): %.*s",
                shot->folder, SPAN_FMT(words));
    fail(shot, &shot->err);
}

static int open_tar(struct shot *shot, struct err *err)
{
    int n = snprintf(shot->tar_path, sizeof(shot->tar_path), "%s/spool/.new-XXXXXX", shot->state_dir);
    if (n < 0 || n >= (int)sizeof(shot->tar_path))
        return err_set(err, ERR_TOO_LARGE, "the state directory's path is too long");
    shot->tar_fd = mkostemp(shot->tar_path, O_CLOEXEC);
    return shot->tar_fd < 0 ? err_errno(err, errno, "%s", shot->tar_path) : 0;
}

static int start_tar(struct shot *shot, struct err *err)
{
    static const char *const argv[] = { "tar",
                                        "-c",
                                        "-f",
                                        "-",
                                        "--format=gnu",
                                        "--no-recursion",
                                        "--mtime=@0",
                                        "--owner=0",
                                        "--group=0",
                                        "--numeric-owner",
                                        "--mode=u+rwX,go=",
                                        "--null",
                                        "--verbatim-files-from",
                                        "-T",
                                        "-",
                                        NULL };
    auto_str struct str list = STR_MAX(MAX_OUTPUT_BYTES);
    for (size_t i = 0; i < shot->tree.count; i++)
        str_add_span(&list, (struct span){ shot->tree.paths[i], strlen(shot->tree.paths[i]) + 1 });
    if (list.failed)
        return err_set(err, ERR_TOO_LARGE, "the list of files is too long");
    if (open_tar(shot, err) < 0)
        return -1;
    struct spawn_request request = { .argv = argv,
                                     .cwd = shot->folder,
                                     .input = str_span(&list),
                                     .output_fd = shot->tar_fd,
                                     .max_error_bytes = MAX_STDERR_BYTES,
                                     .timeout_ms = TAR_TIMEOUT_MS };
    return spawn_child(shot->gw->loop, &request, on_tar, shot, NULL, err);
}

static void choose_work(void *ctx)
{
    struct shot *shot = ctx;
    shot->rc = tree_choose(shot->folder, shot->is_repo, (struct span){ shot->files, shot->files_bytes },
                           &shot->rules, &shot->tree, &shot->err);
}

static void choose_done(void *ctx)
{
    struct shot *shot = ctx;
    if (shot->rc < 0 || start_tar(shot, &shot->err) < 0)
        fail(shot, &shot->err);
}

/* --- git --- */

static void keep_git(struct shot *shot, const struct git_state *git)
{
    shot->is_repo = git->is_repo;
    shot->is_dirty = git->is_dirty;
    shot->sha = span_dup(git->sha);
    shot->branch = span_dup(git->branch);
    shot->diff = span_dup(git->diff);
    shot->files = span_dup(git->files);
    shot->files_bytes = git->files.len;
}

static void on_git(void *ctx, const struct git_state *git, const struct err *err)
{
    struct shot *shot = ctx;
    if (err) {
        fail(shot, err);
        return;
    }
    keep_git(shot, git);
    if (shot->require_clean && (git->is_dirty || !git->is_repo)) {
        err_set(&shot->err, ERR_INVALID, "code.require_clean: %s has %s", shot->folder,
                git->is_repo ? "uncommitted changes" : "no git repository");
        fail(shot, &shot->err);
    } else if (shot->in_place) {
        succeed(shot, NULL);
    } else {
        loop_work(shot->gw->loop, choose_work, choose_done, shot);
    }
}

static void copy_list(struct strs *to, const struct doc *list)
{
    for (size_t i = 0; i < list->count; i++)
        strs_push(to, doc_scalar_text(&list->items[i]));
}

int snapshot_take(const struct gateway *gw, const struct snapshot_call *call, snapshot_done *done, void *ctx,
                  struct err *err)
{
    const struct resolved *resolved = call->resolved;
    struct shot *shot = mem_zalloc(sizeof(*shot));
    shot->gw = gw;
    shot->folder = mem_dup_str(call->folder);
    shot->state_dir = mem_dup_str(state_dir_of(gw));
    shot->done = done;
    shot->ctx = ctx;
    shot->tar_fd = -1;
    shot->in_place = strcmp(resolved_str(resolved, "code.mode"), "in_place") == 0;
    shot->require_clean = resolved_bool(resolved, "code.require_clean");
    shot->rules.max_bytes = (uint64_t)resolved_int(resolved, "code.max_size", INT64_MAX);
    copy_list(&shot->include, resolved_doc(resolved, "code.include"));
    copy_list(&shot->exclude, resolved_doc(resolved, "code.exclude"));
    shot->rules.include = shot->include.items;
    shot->rules.include_count = shot->include.count;
    shot->rules.exclude = shot->exclude.items;
    shot->rules.exclude_count = shot->exclude.count;
    enum git_depth depth = shot->in_place                               ? GIT_CHANGES
                           : resolved_bool(resolved, "code.submodules") ? GIT_FILES_OF_SUBMODULES
                                                                        : GIT_FILES;
    if (git_look(gw->loop, shot->folder, depth, on_git, shot, err) == 0)
        return 0;
    shot_free(shot);
    return -1;
}
