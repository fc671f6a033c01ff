/* Runs a program with bytes on stdin (a pipe, at most 60,000) and collects its stdout. For tests of shell
 * text. */
#ifndef TESTS_SUPPORT_SPAWN_H
#define TESTS_SUPPORT_SPAWN_H

#include "base/str.h"

/* The exit status, -1 for a signal; stderr goes to /dev/null. out may be NULL. */
int spawn_collect(const char *const *argv, struct span input, struct str *out);
/* Whether the program is on PATH's usual places. */
bool spawn_has(const char *program);

#endif
