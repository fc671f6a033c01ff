/* Real processes in tests of services. */
#ifndef SLUICE_TESTS_CHILD_H
#define SLUICE_TESTS_CHILD_H

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Lets a child run for a moment; the loop under test is turned by hand, so it cannot block on it. */
static inline void child_pause(void)
{
    struct timespec moment = { .tv_nsec = 1000000 };
    nanosleep(&moment, NULL);
}

static inline void child_git_init(const char *folder)
{
    static const char text[] = "cd \"$1\" && git init -q -b main && git add -A && "
                               "git -c user.name=t -c user.email=t@example.org commit -q -m t";
    pid_t pid = fork();
    if (pid == 0) {
        execlp("sh", "sh", "-c", text, "git", folder, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    if (status != 0)
        abort();
}

#endif
