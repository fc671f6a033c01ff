/* The clock that the loop's timers go by: the system's, ahead by what the test says. One test program
 * includes it once. */
#ifndef SLUICE_TESTS_LOOP_CLOCK_H
#define SLUICE_TESTS_LOOP_CLOCK_H

#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int64_t ahead_ms;

/* Stands for libc's; libuv takes it, too. */
int clock_gettime(clockid_t id, struct timespec *now)
{
    int rc = (int)syscall(SYS_clock_gettime, id, now);
    int64_t ns = now->tv_nsec + ahead_ms % 1000 * 1000000;
    now->tv_sec += ahead_ms / 1000 + ns / 1000000000;
    now->tv_nsec = ns % 1000000000;
    return rc;
}

#endif
