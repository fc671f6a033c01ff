#include "exec/run_shell.h"

enum { MAX_PROGRAMS = 200, MAX_AGE_MS = 5 * 60 * 1000 };

void run_shell_give(struct run_shell *shell, const struct run *run)
{
    shell->given++;
    for (size_t i = 0; i < RUN_SHELL_STREAMS; i++)
        frame_next_expect(&shell->next[i], &run->nonce);
}

int run_shell_add(struct run_shell *shell, enum run_shell_stream stream, struct run *run, struct span bytes,
                  struct err *err)
{
    if (!run || run->is_shared)
        (void)frame_next_add(&shell->next[stream], bytes);
    if (!run)
        return 0;
    if (stream == RUN_SHELL_ERR)
        run_add_error(run, bytes);
    else if (!run_add_output(run, bytes))
        return err_set(err, ERR_TOO_LARGE, "%s answered more than %zu bytes", run->what, run->out.max);
    return 0;
}

bool run_shell_is_over(const struct run_shell *shell)
{
    return shell->next[RUN_SHELL_OUT].has_come && shell->next[RUN_SHELL_ERR].has_come;
}

bool run_shell_is_odd(const struct run_shell *shell)
{
    return shell->next[RUN_SHELL_OUT].has_more || shell->next[RUN_SHELL_ERR].has_more;
}

void run_shell_why(const struct run_shell *shell, const struct run *run, struct err *err)
{
    struct span said = str_span(&run->err_text);
    size_t end = span_find(said, span_of(shell->next[RUN_SHELL_ERR].mark));
    err_set(err, ERR_IO, "%s ended with status %d and without its end mark: %.*s", run->what,
            shell->next[RUN_SHELL_OUT].rc, SPAN_FMT(span_head(span_head(said, end), 300)));
}

bool run_shell_may_go_on(const struct run_shell *shell, int64_t now_ms)
{
    return run_shell_is_over(shell) && !run_shell_is_odd(shell) && shell->given < MAX_PROGRAMS &&
           now_ms - shell->since_ms < MAX_AGE_MS;
}
