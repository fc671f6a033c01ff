#include "base/crash.h"
#include "cli/cli.h"
#include "daemon.h"
#include "exec/supervisor.h"
#include "svc/render/project_check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* Hands over what comes from outside; everything else is decided in cli/. */

static void pause_ms(int64_t ms)
{
    struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000 };
    (void)nanosleep(&left, NULL);
}

static int columns(void)
{
    struct winsize size;
    const char *text = getenv("COLUMNS");
    int given = text ? (int)strtol(text, NULL, 10) : 0;
    if (given > 0 && given < 10000)
        return given;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Who closes them would have a socket or the store in their place. */
static void open_standard_files(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    close(fd);
}

int main(int argc, char **argv)
{
    open_standard_files();
    bool is_terminal = isatty(STDOUT_FILENO) == 1;
    const struct cli_env env = {
        .vars = (const char *const *)environ,
        .out = stdout,
        .err = stderr,
        .is_terminal = is_terminal,
        .columns = is_terminal ? columns() : 0,
        .clock = &clock_real,
        .pause_ms = pause_ms,
        .version = SLUICE_VERSION,
        .serve = daemon_run,
        .supervise = supervisor_main,
        .check_project = project_check,
    };
    crash_setup(getenv("CRASH_AT"));
    clock_shift(getenv("CLOCK_SHIFT"));
    return cli_main(argc, argv, &env);
}
