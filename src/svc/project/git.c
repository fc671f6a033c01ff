#include "svc/project/git.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/spawn.h"

#include <stdlib.h>
#include <string.h>

enum { GIT_TIMEOUT_MS = 60000 };

/* What `git status` does not tell, where more is wanted: a process costs a millisecond and more, and somebody
 * waits. url NUL, or diff NUL list. $2: state|changes|files, $3: whether tracked files changed, $4: bytes of
 * the diff, $5: options of ls-files. */
static const char more_program[] =
    "cd -- \"$1\" || exit 3\n"
    "[ \"$2\" != state ] || { git config -z --get remote.origin.url 2>/dev/null; exit 0; }\n"
    "[ ! \"$3\" ] || git diff HEAD 2>/dev/null | head -c \"$4\" | tr -d '\\000'\n"
    "printf '\\0'\n"
    "[ \"$2\" = files ] || exit 0\n"
    "git ls-files -z -c $5 && git ls-files -z -o --exclude-standard\n";

struct look {
    struct loop *loop;
    char *folder;
    enum git_depth depth;
    bool is_english;   /* how it is asked */
    bool has_changes;  /* of tracked files */
    struct str status; /* what the state's spans point into */
    struct git_state state;
    git_done *done;
    void *ctx;
};

static void look_free(struct look *look)
{
    str_clear(&look->status);
    free(look->folder);
    free(look);
}

static void succeed(void *ctx)
{
    struct look *look = ctx;
    look->done(look->ctx, &look->state, NULL);
    look_free(look);
}

static void fail(struct look *look, const struct err *err)
{
    look->done(look->ctx, NULL, err);
    look_free(look);
}

static void fail_of_child(struct look *look, const struct spawn_result *result)
{
    struct err err = { 0 };
    struct span words = span_trim(result->error);
    if (!words.len)
        words = SPAN_LIT("no answer");
    err_set(&err, result->end == SPAWN_TOO_MUCH ? ERR_TOO_LARGE : ERR_IO, "git: %.*s",
            SPAN_FMT(span_head(words, 400)));
    fail(look, &err);
}

/* --- what status does not tell --- */

static void on_more(void *ctx, const struct spawn_result *result)
{
    struct look *look = ctx;
    struct span rest = result->output;
    if (result->end != SPAWN_EXITED || result->code != 0) {
        fail_of_child(look, result);
        return;
    }
    struct span *first = look->depth == GIT_STATE ? &look->state.url : &look->state.diff;
    if (span_next(&rest, '\0', first))
        look->state.files = rest;
    succeed(look);
}

static int ask_more(struct look *look, struct err *err)
{
    static const char *const words[] = { [GIT_STATE] = "state",
                                         [GIT_CHANGES] = "changes",
                                         [GIT_FILES] = "files",
                                         [GIT_FILES_OF_SUBMODULES] = "files" };
    const char *submodules = look->depth == GIT_FILES_OF_SUBMODULES ? "--recurse-submodules" : "";
    _Static_assert(MAX_DIFF_BYTES == 1048576, "as written below");
    const char *argv[] = { "/bin/sh",
                           "-c",
                           more_program,
                           "sluice-git",
                           look->folder,
                           words[look->depth],
                           look->has_changes ? "1" : "",
                           "1048576",
                           submodules,
                           NULL };
    struct spawn_request request = { .argv = argv,
                                     .max_output_bytes = MAX_OUTPUT_BYTES,
                                     .max_error_bytes = MAX_STDERR_BYTES,
                                     .timeout_ms = GIT_TIMEOUT_MS };
    return spawn_child(look->loop, &request, on_more, look, NULL, err);
}

/* --- status --- */

/* "# branch.oid SHA", "# branch.head NAME", then a line for each file: "1 ", "2 " and "u " tracked ones that
 * changed, "? " untracked ones. */
static void read_status(struct look *look)
{
    static const char oid[] = "# branch.oid ", head[] = "# branch.head ";
    struct git_state *state = &look->state;
    struct span rest = str_span(&look->status), line;
    state->is_repo = true;
    while (span_next_line(&rest, &line)) {
        if (span_starts(line, oid))
            state->sha = span_skip(line, strlen(oid));
        else if (span_starts(line, head))
            state->branch = span_skip(line, strlen(head));
        else if (span_starts(line, "1 ") || span_starts(line, "2 ") || span_starts(line, "u "))
            look->has_changes = state->is_dirty = true;
        else if (span_starts(line, "? "))
            state->is_dirty = true;
    }
    if (span_is(state->sha, "(initial)"))
        state->sha = (struct span){ 0 };
    if (span_is(state->branch, "(detached)"))
        state->branch = (struct span){ 0 };
}

static bool is_enough(const struct look *look)
{
    return look->depth == GIT_CHANGES && !look->has_changes;
}

static void on_status(void *ctx, const struct spawn_result *result);

/* Its answer is the same in every language; its complaints are not, but who asks in English for them alone
 * spares a process. Without the lock by which git would keep what it found: a commit that its user makes just
 * then would fail of it, and writing it takes half a millisecond. (`git diff` takes it whatever it is told.)
 */
static int ask_status(struct look *look, struct err *err)
{
    const char *argv[] = { "env",      "LC_ALL=C",   "git",    "--no-optional-locks",
                           "-C",       look->folder, "status", "--porcelain=v2",
                           "--branch", NULL };
    struct spawn_request request = { .argv = look->is_english ? argv : argv + 2,
                                     .max_output_bytes = MAX_OUTPUT_BYTES,
                                     .max_error_bytes = MAX_STDERR_BYTES,
                                     .timeout_ms = GIT_TIMEOUT_MS };
    return spawn_child(look->loop, &request, on_status, look, NULL, err);
}

static bool says_plain(struct span complaint)
{
    return span_has(complaint, "ot a git repository") || span_has(complaint, "must be run in a work tree");
}

static void complained(struct look *look, const struct spawn_result *result)
{
    bool was_english = look->is_english;
    look->is_english = true;
    if (result->end == SPAWN_EXITED && says_plain(result->error))
        succeed(look);
    else if (was_english || ask_status(look, NULL) < 0)
        fail_of_child(look, result);
}

static void on_status(void *ctx, const struct spawn_result *result)
{
    struct look *look = ctx;
    struct err err = { 0 };
    if (result->end != SPAWN_EXITED || result->code != 0) {
        complained(look, result);
        return;
    }
    str_add_span(&look->status, result->output);
    read_status(look);
    if (is_enough(look)) {
        succeed(look);
    } else if (ask_more(look, &err) < 0) {
        err_wrap(&err, "git");
        fail(look, &err);
    }
}

int git_look(struct loop *loop, const char *folder, enum git_depth depth, git_done *done, void *ctx,
             struct err *err)
{
    struct err why = { 0 };
    struct look *look = mem_zalloc(sizeof(*look));
    *look = (struct look){
        .loop = loop, .folder = mem_dup_str(folder), .depth = depth, .done = done, .ctx = ctx
    };
    look->status = STR_MAX(MAX_OUTPUT_BYTES);
    if (ask_status(look, &why) == 0)
        return 0;
    if (why.code == ERR_NOT_FOUND) { /* a machine without git has no repositories */
        loop_defer(loop, succeed, look);
        return 0;
    }
    look_free(look);
    return err_set(err, why.code, "git: %s", why.text);
}
