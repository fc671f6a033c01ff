/* The Idempotency-Key of a submission, on disk before anything is sent.
 *
 * $XDG_STATE_HOME/sluice/cli-spool/<hash of gateway and request>: a file of mode 0600 that holds the key
 * alone, locked while its program lives. A program that was killed, or gave up, leaves it behind: the same
 * command given again takes the key up, so that a submission whose answer was lost is not made twice. Two
 * programs at the same time have keys of their own: two jobs were meant. A key left longer than
 * SPOOL_KEEP_S is forgotten. */
#ifndef SLUICE_CLI_KEY_SPOOL_H
#define SLUICE_CLI_KEY_SPOOL_H

#include "base/err.h"
#include "base/token.h"
#include "cli/env.h"

enum { SPOOL_KEEP_S = 24 * 3600, SPOOL_KEY_BYTES = 64 };

struct key_spool {
    char *path; /* NULL: nothing on disk */
    int fd;
    char key[SPOOL_KEY_BYTES];
    bool is_taken_up; /* the key is one that an earlier program left */
};

/* Never fails: without a folder to write in there is a key all the same, and a warning in *err (code set). */
void key_spool_open(const struct cli_env *env, const char *gateway, struct span body, struct key_spool *out,
                    struct err *err);
/* A new key in the same place. */
void key_spool_renew(struct key_spool *spool);
/* done: the answer came, and the key is forgotten; else it stays for the next time. */
void key_spool_close(struct key_spool *spool, bool done);

#endif
