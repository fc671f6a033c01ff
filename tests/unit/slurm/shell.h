/* Runs our shell programs for real, in dash and bash, with faked Slurm commands first on PATH. */
#ifndef SLUICE_TESTS_UNIT_SLURM_SHELL_H
#define SLUICE_TESTS_UNIT_SLURM_SHELL_H

#include "sample.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct shell {
    char dir[64]; /* a temporary folder, home of the programs; bin/ in it comes first on PATH */
};

static inline void shell_setup(struct shell *shell)
{
    char bin[128];
    snprintf(shell->dir, sizeof(shell->dir), "/tmp/sluice-unit-XXXXXX");
    assert_non_null(mkdtemp(shell->dir));
    snprintf(bin, sizeof(bin), "%s/bin", shell->dir);
    assert_int_equal(mkdir(bin, 0700), 0);
}

static inline void shell_write(const struct shell *shell, const char *name, const char *text, int mode)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", shell->dir, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, (mode_t)mode), 0);
}

/* A faked command: a POSIX sh script. */
static inline void shell_fake(const struct shell *shell, const char *name, const char *body)
{
    char path[128], text[16384];
    snprintf(path, sizeof(path), "bin/%s", name);
    snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", body);
    shell_write(shell, path, text, 0700);
}

/* Starts `sh` (dash, bash) on the program file "program" in the folder; gives its pid, out_fd reads stdout.
 */
static inline pid_t shell_start(const struct shell *shell, const char *sh, struct span program, int *out_fd)
{
    static int serial;
    char path[512], name[64], env_path[512];
    snprintf(name, sizeof(name), "program%d", serial++);
    auto_str struct str text = STR_MAX(8 * 1024 * 1024);
    str_add_span(&text, program);
    shell_write(shell, name, str_text(&text), 0600);
    snprintf(path, sizeof(path), "%s/%s", shell->dir, name);
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        snprintf(env_path, sizeof(env_path), "%s/bin:/usr/bin:/bin", shell->dir);
        setenv("PATH", env_path, 1);
        setenv("HOME", shell->dir, 1);
        setenv("SBATCH_TIMELIMIT", "9", 1);
        setenv("SLURM_JOB_ID", "77", 1);
        dup2(fds[1], 1);
        close(fds[0]);
        close(fds[1]);
        if (chdir(shell->dir) == 0)
            execlp(sh, sh, path, (char *)NULL);
        _exit(127);
    }
    close(fds[1]);
    *out_fd = fds[0];
    return pid;
}

static inline int shell_finish(pid_t pid, int out_fd, struct str *out)
{
    char chunk[65536];
    int status;
    for (ssize_t n; (n = read(out_fd, chunk, sizeof(chunk))) > 0;)
        str_add_span(out, (struct span){ chunk, (size_t)n });
    close(out_fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline int shell_run(const struct shell *shell, const char *sh, struct span program, struct str *out)
{
    int fd;
    pid_t pid = shell_start(shell, sh, program, &fd);
    return shell_finish(pid, fd, out);
}

/* Reads a file of the folder. */
static inline struct str shell_read(const struct shell *shell, const char *name)
{
    struct str text = STR_MAX(8 * 1024 * 1024);
    char path[512], chunk[4096];
    snprintf(path, sizeof(path), "%s/%s", shell->dir, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("no file %s", path);
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), file)) > 0;)
        str_add_span(&text, (struct span){ chunk, n });
    fclose(file);
    return text;
}

static inline bool shell_has(const struct shell *shell, const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", shell->dir, name);
    return access(path, F_OK) == 0;
}

static inline void shell_teardown(const struct shell *shell)
{
    struct str out = STR_MAX(1024);
    char program[128];
    snprintf(program, sizeof(program), "cd / && rm -rf '%s'", shell->dir);
    shell_run(shell, "dash", span_of(program), &out);
    str_clear(&out);
}

static const char *const shells[] = { "dash", "bash" };

#endif
