#include "cli/screen.h"

#include "base/mem.h"
#include "domain/job_state.h"
#include "text/terminal.h"

#include <errno.h>
#include <string.h>

enum { MAX_SCREEN_BYTES = 256 * 1024 * 1024 };

static const char *const tints[] = {
    [TINT_NONE] = "",         [TINT_GOOD] = "\x1b[32m", [TINT_BAD] = "\x1b[31m",   [TINT_BUSY] = "\x1b[36m",
    [TINT_WAIT] = "\x1b[33m", [TINT_FAINT] = "\x1b[2m", [TINT_STRONG] = "\x1b[1m",
};

bool screen_has_color(const struct cli_env *env)
{
    const char *term = cli_var(env, "TERM");
    return env->is_terminal && !cli_var(env, "NO_COLOR") && !(term && strcmp(term, "dumb") == 0);
}

enum tint screen_state_tint(const char *word)
{
    enum job_state state = job_state_of(span_of(word));
    if (state == JOB_STATE_COMPLETED)
        return TINT_GOOD;
    if (state == JOB_STATE_CANCELLED || state == JOB_STATE_REVOKED)
        return TINT_FAINT;
    if (job_state_is_terminal(state))
        return TINT_BAD;
    return job_state_group(state) == JOB_GROUP_ACTIVE ? TINT_BUSY : TINT_WAIT;
}

static void put(FILE *to, struct span text)
{
    auto_str struct str safe = STR_MAX(MAX_SCREEN_BYTES);
    terminal_escape(&safe, text, TERMINAL_LINES);
    (void)fwrite(str_text(&safe), 1, safe.len, to);
}

__attribute__((format(printf, 2, 0))) static void putv(FILE *to, const char *fmt, va_list args)
{
    auto_str struct str text = STR_MAX(MAX_SCREEN_BYTES);
    str_addv(&text, fmt, args);
    put(to, str_span(&text));
}

void screen_put(const struct cli_env *env, struct span text)
{
    put(env->out, text);
}

void screen_putf(const struct cli_env *env, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    putv(env->out, fmt, args);
    va_end(args);
}

void screen_errf(const struct cli_env *env, const char *fmt, ...)
{
    va_list args;
    (void)fflush(env->out); /* what was said before comes before */
    va_start(args, fmt);
    putv(env->err, fmt, args);
    va_end(args);
}

void screen_error(const struct cli_env *env, const struct err *err)
{
    screen_errf(env, "sluice: %s\n", err->text);
}

void screen_add_tinted(const struct cli_env *env, struct str *to, struct span text, enum tint tint)
{
    bool is_tinted = tint != TINT_NONE && screen_has_color(env);
    if (is_tinted)
        str_add(to, tints[tint]);
    str_add_span(to, text);
    if (is_tinted)
        str_add(to, "\x1b[0m");
}

void screen_bytes(const struct cli_env *env, struct span bytes)
{
    if (env->is_terminal)
        put(env->out, bytes);
    else if (bytes.len)
        (void)fwrite(bytes.ptr, 1, bytes.len, env->out);
}

void screen_json(const struct cli_env *env, struct span json)
{
    screen_bytes(env, json);
    if (!json.len || json.ptr[json.len - 1] != '\n')
        (void)fputc('\n', env->out);
}

int screen_end(const struct cli_env *env, struct err *err)
{
    errno = 0;
    if (fflush(env->out) == 0 && !ferror(env->out))
        return 0;
    return errno ? err_errno(err, errno, "writing the output") : err_set(err, ERR_IO, "writing the output");
}
