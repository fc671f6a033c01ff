#include "svc/project/git.h"

#include "base/limits.h"
#include "base/mem.h"
#include "io/spawn.h"

#include <stdlib.h>

enum { GIT_TIMEOUT_MS = 60000 };

/* Fields end in NUL: url (or none), any number of empty ones, git|plain, sha, branch, dirty, the diff; the
 * rest is the list. A process costs a millisecond and more, and somebody waits: one `git status` tells most,
 * the url is asked for beside it, a diff is made only where it can say something. $2: state|changes|files,
 * $3: bytes of the diff, $4: options of ls-files. */
static const char program[] =
    "cd -- \"$1\" || exit 3\n"
    "nl='\n'\n"
    "git config -z --get remote.origin.url 2>/dev/null &\n"
    "s=$(LC_ALL=C git status --porcelain=v2 --branch 2>&1)\n"
    "rc=$?\nwait\nprintf '\\0'\n"
    "case $rc in\n"
    "0) ;;\n"
    "127) printf 'plain\\0'; exit 0 ;;\n"
    "*)  case $s in\n"
    "    *'ot a git repository'* | *'must be run in a work tree'*) printf 'plain\\0'; exit 0 ;;\n"
    "    esac\n"
    "    printf '%s\\n' \"$s\" >&2; exit 4 ;;\n"
    "esac\n"
    "sha=${s#*'# branch.oid '} sha=${sha%%\"$nl\"*}\n"
    "head=${s#*'# branch.head '} head=${head%%\"$nl\"*}\n"
    "[ \"$sha\" != '(initial)' ] || sha=\n"
    "[ \"$head\" != '(detached)' ] || head=\n"
    "changed= dirty=\n"
    "case $s in *\"$nl\"[12u]' '*) changed=1 dirty=1 ;; *\"$nl\"'? '*) dirty=1 ;; esac\n"
    "printf 'git\\0%s\\0%s\\0%s\\0' \"$sha\" \"$head\" \"$dirty\"\n"
    "[ \"$2\" != state ] || exit 0\n"
    "[ ! \"$changed\" ] || git diff HEAD 2>/dev/null | head -c \"$3\" | tr -d '\\000'\n"
    "printf '\\0'\n"
    "[ \"$2\" = files ] || exit 0\n"
    "git ls-files -z -c $4 && git ls-files -z -o --exclude-standard\n";

struct look {
    git_done *done;
    void *ctx;
};

static struct span field(struct span *rest)
{
    struct span part = { 0 };
    if (!span_next(rest, '\0', &part))
        return (struct span){ 0 };
    return part;
}

static void parse(struct span output, struct git_state *state)
{
    struct span rest = output, url = field(&rest), kind = { 0 };
    while (!kind.len && rest.len)
        kind = field(&rest);
    state->is_repo = span_is(kind, "git");
    if (!state->is_repo)
        return;
    state->url = url;
    state->sha = field(&rest);
    state->branch = field(&rest);
    state->is_dirty = field(&rest).len > 0;
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
        parse(result->output, &state);
        look->done(look->ctx, &state, NULL);
    }
    free(look);
}

int git_look(struct loop *loop, const char *folder, enum git_depth depth, git_done *done, void *ctx,
             struct err *err)
{
    static const char *const words[] = { [GIT_STATE] = "state",
                                         [GIT_CHANGES] = "changes",
                                         [GIT_FILES] = "files",
                                         [GIT_FILES_OF_SUBMODULES] = "files" };
    const char *submodules = depth == GIT_FILES_OF_SUBMODULES ? "--recurse-submodules" : "";
    _Static_assert(MAX_DIFF_BYTES == 1048576, "as written below");
    const char *argv[] = { "/bin/sh",    "-c",      program,    "sluice-git", folder,
                           words[depth], "1048576", submodules, NULL };
    struct look *look = mem_zalloc(sizeof(*look));
    *look = (struct look){ done, ctx };
    struct spawn_request request = { .argv = argv,
                                     .max_output_bytes = MAX_OUTPUT_BYTES,
                                     .max_error_bytes = MAX_STDERR_BYTES,
                                     .timeout_ms = GIT_TIMEOUT_MS };
    if (spawn_child(loop, &request, on_git, look, NULL, err) == 0)
        return 0;
    free(look);
    return err_wrap(err, "git");
}
