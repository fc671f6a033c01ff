/* Asking the gateway from a verb: what goes wrong is told on stderr in words, and the exit status says what
 * kind it was. */
#ifndef SLUICE_CLI_ASK_H
#define SLUICE_CLI_ASK_H

#include "cli/exit_code.h"
#include "cli/client.h"
#include "cli/screen.h"
#include "cli/verb.h"
#include "text/doc.h"

#define API "/api/v1"

struct answer {
    struct client_reply reply;
    struct doc *doc; /* the body, where it is JSON */
};
void answer_clear(struct answer *answer);
#define auto_answer __attribute__((cleanup(answer_clear)))

/* Makes the connection; -1 where SLUICE_URL is none. */
int ask_open(struct cli *cli, struct err *err);
/* One exchange without a word; -1 for a lost answer as client_exchange. */
int ask_raw(struct cli *cli, const struct client_call *call, struct answer *answer, struct err *err);
/* 0 for a 2xx, with the answer; else an exit status, and everything has been told. */
int ask(struct cli *cli, const struct client_call *call, struct answer *answer);
/* GET of a path made from a format; anything of the user's in it must be encoded. */
int ask_get(struct cli *cli, struct answer *answer, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Tells a problem document (or whatever else came with the status) and gives the exit status. */
int ask_tell_problem(struct cli *cli, const struct answer *answer);
/* "sluice: text" and the exit status of the code. */
int ask_fail(struct cli *cli, const struct err *err);
/* A wrong command line: the text, how the verb is used, EXIT_USAGE_WRONG. */
int ask_misused(struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* With --json: prints the answer as it came, and true. */
bool ask_printed_json(struct cli *cli, const struct answer *answer);
/* The encoded path of a job as the user named it; no word or "last" is the last one. */
void ask_add_job(struct str *path, const char *job);

#endif
