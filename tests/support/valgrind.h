/* What valgrind cannot show. */
#ifndef TESTS_SUPPORT_VALGRIND_H
#define TESTS_SUPPORT_VALGRIND_H

#include <stdbool.h>
#include <stdlib.h>

/* glibc's posix_spawn learns from memory it shares with the child that nothing could be started. Valgrind
 * makes a plain fork of that, so there the start succeeds and the child ends with 127. scripts/test_parts.py
 * says who runs. */
static inline bool spawn_errors_are_lost(void)
{
    return getenv("SLUICE_VALGRIND") != NULL;
}

#endif
