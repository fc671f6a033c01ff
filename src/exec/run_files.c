#include "exec/run_files.h"

#include "base/limits.h"
#include "base/mem.h"

#include <string.h>

enum { STAGE_BASE_MS = 120 * 1000, STAGE_BYTES_PER_MS = 100, STAGE_MAX_MS = 3600 * 1000 };

/* A word that may stand in a path: no blank, no quote, no way up. */
static bool is_path(const char *text, const char *extra)
{
    for (const char *at = text; *at; at++) {
        bool is_word = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
        if (!is_word && !strchr(extra, *at))
            return false;
    }
    return text[0] && text[0] != '/' && text[0] != '-' && text[0] != '.' && !strstr(text, "..");
}

/* --- read --- */

/* offset is worked out first, by byte or by line, then the bytes are cut out the same way. A count from the
 * end is only true when the file did not grow meanwhile: three tries. */
static const char read_text[] =
    "if ! [ -f \"$f\" ]; then echo none; exit 0; fi\n"
    "size=$(stat -Lc %s -- \"$f\") || exit 1\n"
    "if [ $lines -eq 0 ]; then\n"
    "  if [ $at -lt 0 ]; then at=$((size + at)); if [ $at -lt 0 ]; then at=0; fi; fi\n"
    "elif [ $first -lt 0 ]; then\n"
    "  for try in 1 2 3; do\n"
    "    at=$((size - $(tail -n $((0 - first)) -- \"$f\" | wc -c))); now=$(stat -Lc %s -- \"$f\")\n"
    "    if [ \"$now\" = \"$size\" ]; then break; fi; size=$now\n"
    "  done; if [ $at -lt 0 ]; then at=0; fi\n"
    "else at=$(head -n $((first - 1)) -- \"$f\" | wc -c); fi\n"
    "echo \"$at $size\"\n"
    "left=$((size - at)); if [ $left -gt $max ]; then left=$max; fi\n"
    "if [ $left -le 0 ]; then exit 0; fi\n"
    "if [ $lines -eq 0 ]; then tail -c +$((at + 1)) -- \"$f\" | head -c $left\n"
    "else tail -c +$((at + 1)) -- \"$f\" | head -n $lines | head -c $left; fi\n";

static int read_parse(const struct run_result *result, struct span *bytes, int64_t *offset, int64_t *size,
                      struct err *err)
{
    struct span data, head, word;
    if (call_section(result, "file", &data, err) < 0)
        return -1;
    if (!span_next_line(&data, &head))
        return err_set(err, ERR_IO, "the file could not be read: %.*s",
                       SPAN_FMT(span_trim(result->err_text)));
    if (span_is(head, "none"))
        return err_set(err, ERR_NOT_FOUND, "no such file yet");
    if (!span_next(&head, ' ', &word) || !span_i64(word, offset) || !span_i64(head, size))
        return err_set(err, ERR_CORRUPT, "the answer to a read makes no sense");
    *bytes = data;
    return 0;
}

static void read_answer(struct call *call, const struct run_result *result)
{
    struct err err;
    struct span bytes;
    int64_t offset, size;
    if (read_parse(result, &bytes, &offset, &size, &err) < 0)
        call->done.read(call->ctx, (struct span){ "", 0 }, 0, 0, &err);
    else
        call->done.read(call->ctx, bytes, offset, size, NULL);
}

int run_files_read(struct call *call, const struct read_spec *spec, struct err *err)
{
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    size_t max = spec->max_bytes < MAX_LOG_CHUNK_BYTES ? spec->max_bytes : MAX_LOG_CHUNK_BYTES;
    if (!token_is_valid(span_of(spec->token)) || !is_path(spec->file, "._/-"))
        return err_set(err, ERR_INVALID, "no file of a run has such a name");
    if (call_program(call, &sh, err) < 0)
        return -1;
    call_section_open(&sh, "file");
    int64_t first = spec->first_line ? spec->first_line : 1;
    str_addf(&sh, "f=runs/%s/%s at=%lld max=%zu lines=%lld first=%lld\n", spec->token, spec->file,
             (long long)spec->offset, max, (long long)(spec->lines > 0 ? spec->lines : 0), (long long)first);
    str_add(&sh, read_text);
    call_section_close(&sh, "file");
    struct call_send how = { .what = "read", .urgent = true, .max_output_bytes = max + 64 * 1024 };
    return call_send(call, &sh, &how, read_answer, err);
}

/* --- plain answers --- */

static void plain_end(struct call *call, const struct run_result *result, const char *section,
                      const char *good, const char *what)
{
    struct err err;
    struct span said;
    if (call_section(result, section, &said, &err) < 0) {
        call->done.plain(call->ctx, &err);
        return;
    }
    said = span_trim(said);
    if (span_is(said, good)) {
        call->done.plain(call->ctx, NULL);
        return;
    }
    err_set(&err, span_has(said, "No space left") || span_has(said, "quota") ? ERR_FULL : ERR_IO, "%s: %.*s",
            what, SPAN_FMT(span_head(said, 400)));
    call->done.plain(call->ctx, &err);
}

/* --- stage --- */

struct staging {
    char *project, *tree;
    int fd;
    uint64_t bytes;
};

static void staging_free(void *state)
{
    struct staging *staging = state;
    mem_close_fd(&staging->fd);
    mem_clear_str(&staging->project);
    mem_clear_str(&staging->tree);
    mem_free_ptr(&staging);
}

/* Unpacked beside its place while it comes and hashed on the way, marked complete and only then renamed:
 * nobody ever sees half a tree, and of two gateways at once one wins and the other finds it done. A tree
 * without the mark is moved out of the way. What tar makes of the stream counts before the hash: a full disk
 * ends both. */
static const char stage_text[] =
    "if [ -f \"$d/.sluice-complete\" ]; then cat >/dev/null; echo done; exit 0; fi\n"
    "trap 'rm -rf \"$tmp\"' EXIT\n"
    "mkdir -p \"$tmp\" || exit 1\n"
    "sum=$({ { tee /dev/fd/3 | b2sum -l 256 >&4; } 3>&1 | tar -xf - -C \"$tmp\" --no-same-owner "
    "--no-same-permissions; } 4>&1) || exit 1\n"
    "if [ \"${sum%% *}\" != $tree ]; then echo 'the stream arrived cut or damaged'; exit 1; fi\n"
    ": >\"$tmp/.sluice-complete\" || exit 1\n"
    "for try in 1 2; do\n"
    "  if mv -T \"$tmp\" \"$d\" 2>/dev/null || [ -f \"$d/.sluice-complete\" ]; then echo done; exit 0; fi\n"
    "  mv -T \"$d\" \"$tmp.broken\" && rm -rf \"$tmp.broken\"\n"
    "done\n"
    "echo 'the tree could not be moved into its place'; exit 1\n";

static void stage_sent(struct call *call, const struct run_result *result)
{
    plain_end(call, result, "stage", "done", "the code could not be staged");
}

static int stage_send(struct call *call, struct staging *staging, struct err *err)
{
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    if (call_program(call, &sh, err) < 0)
        return -1;
    call_section_open(&sh, "stage");
    str_addf(&sh, "exec 2>&1\ntree=%s d=code/%s/%s tmp=code/%s/tmp.%s\n", staging->tree, staging->project,
             staging->tree, staging->project, call->nonce.text);
    str_add(&sh, stage_text);
    call_section_close(&sh, "stage");
    uint64_t ms = STAGE_BASE_MS + staging->bytes / STAGE_BYTES_PER_MS;
    struct call_send how = { .what = "stage", .urgent = true, .stream_bytes = staging->bytes };
    how.timeout_ms = ms < STAGE_MAX_MS ? (int64_t)ms : STAGE_MAX_MS;
    how.stream_fd = move_fd(staging->fd);
    return call_send(call, &sh, &how, stage_sent, err);
}

static void stage_known(struct call *call, const struct run_result *result)
{
    struct err err;
    struct span said;
    if (call_section(result, "known", &said, &err) < 0)
        call->done.plain(call->ctx, &err);
    else if (span_starts(said, "known"))
        call->done.plain(call->ctx, NULL);
    else if (stage_send(call, call->state, &err) < 0)
        call->done.plain(call->ctx, &err);
}

int run_files_stage(struct call *call, const struct stage_spec *spec, struct err *err)
{
    struct staging *staging = mem_zalloc(sizeof(*staging));
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    staging->fd = spec->tar_fd;
    staging->bytes = spec->bytes;
    staging->project = mem_dup_str(spec->project);
    staging->tree = mem_dup_str(spec->tree);
    call->state = staging;
    call->state_free = staging_free;
    if (!is_path(spec->project, "._-") || !is_path(spec->tree, "") || spec->bytes == 0)
        return err_set(err, ERR_INVALID, "no code tree has such a name: %s/%s", spec->project, spec->tree);
    if (call_program(call, &sh, err) < 0)
        return -1;
    call_section_open(&sh, "known");
    str_addf(&sh, "if [ -f code/%s/%s/.sluice-complete ]; then echo known; else echo absent; fi\n",
             spec->project, spec->tree);
    call_section_close(&sh, "known");
    struct call_send how = { .what = "stage", .urgent = true };
    return call_send(call, &sh, &how, stage_known, err);
}

/* --- close --- */

static void close_answer(struct call *call, const struct run_result *result)
{
    plain_end(call, result, "close", "done", "the job's secrets could not be removed");
}

int run_files_close(struct call *call, const char *token, struct err *err)
{
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    if (!token_is_valid(span_of(token)))
        return err_set(err, ERR_INVALID, "not a job's token");
    if (call_program(call, &sh, err) < 0)
        return -1;
    call_section_open(&sh, "close");
    str_addf(&sh, "rm -f runs/%s/secrets 2>&1 && echo done\n", token);
    call_section_close(&sh, "close");
    return call_send(call, &sh, &(struct call_send){ .what = "close" }, close_answer, err);
}
