/* Crash points of the test build: CRASH_AT=K6 (or K6:3 for its third passing) ends the process there by
 * SIGKILL, as a power cut of the gateway would. In every other build crash_point() is nothing.
 * The list of points and what each must survive is in docs/testing.md. */
#ifndef SLUICE_BASE_CRASH_H
#define SLUICE_BASE_CRASH_H

#include <stddef.h>

#ifdef SLUICE_FAULTS
/* main() hands over the value of CRASH_AT (NULL: none). */
void crash_setup(const char *spec);
void crash_point(const char *name);
/* How much of len bytes to send before the crash_point of that name: half of them where it will end us. */
size_t crash_part(const char *name, size_t len);
#else
static inline void crash_setup(const char *spec)
{
    (void)spec;
}
static inline void crash_point(const char *name)
{
    (void)name;
}
static inline size_t crash_part(const char *name, size_t len)
{
    (void)name;
    return len;
}
#endif

#endif
