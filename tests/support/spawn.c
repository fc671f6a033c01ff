#include "support/spawn.h"

#include <assert.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int pipe_holding(struct span input)
{
    int ends[2];
    assert(input.len <= 60000); /* what a pipe takes without a reader */
    int rc = pipe2(ends, O_CLOEXEC);
    assert(rc == 0);
    ssize_t n = input.len ? write(ends[1], input.ptr, input.len) : 0;
    assert(n == (ssize_t)input.len);
    (void)rc, (void)n;
    close(ends[1]);
    return ends[0];
}

static void read_all(int fd, struct str *out)
{
    char block[65536];
    lseek(fd, 0, SEEK_SET);
    for (ssize_t n; (n = read(fd, block, sizeof(block))) > 0;)
        str_add_span(out, (struct span){ block, (size_t)n });
}

int spawn_collect(const char *const *argv, struct span input, struct str *out)
{
    static char home[] = "HOME=/nonexistent", path[] = "PATH=/usr/local/bin:/usr/bin:/bin",
                lang[] = "LC_ALL=C";
    char *env[] = { home, path, lang, NULL };
    int in = pipe_holding(input);
    int result = memfd_create("out", MFD_CLOEXEC);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, 0);
    posix_spawn_file_actions_adddup2(&actions, result, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int rc = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, env);
    posix_spawn_file_actions_destroy(&actions);
    close(in);
    int status = -1;
    if (rc == 0)
        waitpid(pid, &status, 0);
    if (out)
        read_all(result, out);
    close(result);
    return rc == 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool spawn_has(const char *program)
{
    static const char *const places[] = { "/bin", "/usr/bin", "/usr/local/bin" };
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        char path[256];
        (void)snprintf(path, sizeof(path), "%s/%s", places[i], program);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}
