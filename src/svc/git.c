#include "svc/git.h"

#include "base/limits.h"
#include "base/mem.h"
#include "io/spawn.h"

#include <stdlib.h>

enum { GIT_TIMEOUT_MS = 60000 };

/* Fields end in NUL: git|plain, sha, branch, url, dirty, length of the diff, the diff; the rest is the list.
 */
static const char program[] =
    "cd -- \"$1\" || exit 3\n"
    "git rev-parse --is-inside-work-tree >/dev/null 2>&1 || {\n"
    "    e=$(git rev-parse --is-inside-work-tree 2>&1)\n"
    "    case $e in *'dubious ownership'*) printf '%s\\n' \"$e\" >&2; exit 4;; esac\n"
    "    printf 'plain\\0'; exit 0; }\n"
    "printf 'git\\0%s\\0%s\\0%s\\0%s\\0' \"$(git rev-parse -q --verify HEAD)\" \\\n"
    "    \"$(git symbolic-ref -q --short HEAD)\" \"$(git config --get remote.origin.url)\" \\\n"
    "    \"$(git status --porcelain 2>/dev/null | head -n 1)\"\n"
    "[ \"$2\" = files ] || exit 0\n"
    "d=$(git diff HEAD 2>/dev/null | head -c \"$3\" | tr -d '\\000')\n"
    "printf '%s\\0' \"$d\"\n"
    "git ls-files -z -c $4 && git ls-files -z -o --exclude-standard\n";

struct look {
    git_done *done;
    void *ctx;
    bool with_files;
};

static struct span field(struct span *rest)
{
    struct span part = { 0 };
    if (!span_next(rest, '\0', &part))
        return (struct span){ 0 };
    return part;
}

static void parse(struct span output, bool with_files, struct git_state *state)
{
    struct span rest = output;
    state->is_repo = span_is(field(&rest), "git");
    if (!state->is_repo)
        return;
    state->sha = field(&rest);
    state->branch = field(&rest);
    state->url = field(&rest);
    state->is_dirty = field(&rest).len > 0;
    if (!with_files)
        return;
    state->diff = field(&rest);
    state->files = rest;
}

static void on_git(void *ctx, const struct spawn_result *result)
{
    struct look *look = ctx;
    struct git_state state = { 0 };
    struct err err = { 0 };
    if (result->end != SPAWN_EXITED || result->code != 0) {
        struct span words = span_trim(result->error);
        if (!words.len)
            words = SPAN_LIT("no answer");
        err_set(&err, result->end == SPAWN_TOO_MUCH ? ERR_TOO_LARGE : ERR_IO, "git: %.*s",
                SPAN_FMT(span_head(words, 400)));
        look->done(look->ctx, NULL, &err);
    } else {
        parse(result->output, look->with_files, &state);
        look->done(look->ctx, &state, NULL);
    }
    free(look);
}

int git_look(struct loop *loop, const char *folder, enum git_depth depth, git_done *done, void *ctx,
             struct err *err)
{
    bool with_files = depth != GIT_STATE, submodules = depth == GIT_FILES_OF_SUBMODULES;
    char diff_bytes[32] = "1048576";
    _Static_assert(MAX_DIFF_BYTES == 1048576, "as written above");
    const char *argv[] = { "/bin/sh",  "-c",
                           program,    "sluice-git",
                           folder,     with_files ? "files" : "state",
                           diff_bytes, submodules ? "--recurse-submodules" : "",
                           NULL };
    struct look *look = mem_zalloc(sizeof(*look));
    *look = (struct look){ done, ctx, with_files };
    struct spawn_request request = { .argv = argv,
                                     .max_output_bytes = MAX_OUTPUT_BYTES,
                                     .max_error_bytes = MAX_STDERR_BYTES,
                                     .timeout_ms = GIT_TIMEOUT_MS };
    if (spawn_child(loop, &request, on_git, look, NULL, err) == 0)
        return 0;
    free(look);
    return err_wrap(err, "git");
}
