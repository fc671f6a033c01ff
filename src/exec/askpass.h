/* The questions of an ssh that has no terminal. ssh runs the helper we put into a folder of ours (0700) for
 * each prompt; the helper leaves the question there as a file and waits at a FIFO for the answer. So a pass
 * phrase or code stands in no environment, no argument list and no file, and lives no longer than needed. */
#ifndef SLUICE_EXEC_ASKPASS_H
#define SLUICE_EXEC_ASKPASS_H

#include "base/err.h"
#include "base/str.h"

enum { MAX_PROMPT_BYTES = 4096 };

/* Writes the helper; forgets old questions. */
int askpass_prepare(const char *dir, struct err *err);
/* The oldest question nobody has answered: its text, and its name for the answer. False: none. */
bool askpass_next(const char *dir, struct str *name, struct str *text);
bool askpass_is_open(const char *dir, const char *name); /* it still waits */
/* -1 where the helper has gone away; with ERR_BUSY: it will listen in a moment, ask again. */
int askpass_answer(const char *dir, const char *name, const char *answer, struct err *err);

#endif
