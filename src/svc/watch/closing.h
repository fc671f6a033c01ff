/* Takes away what must not stay beside a job that is over: the secrets file in its run directory. Without
 * Slurm the script does so itself where it can; under Slurm it cannot know whether it comes back. What is
 * still to be done is on disk (a mark in the spool), so that a restart or a cluster that is down only delays
 * it. */
#ifndef SLUICE_SVC_WATCH_CLOSING_H
#define SLUICE_SVC_WATCH_CLOSING_H

#include "svc/gateway.h"

struct closing;
struct closing *closing_new(const struct gateway *gw);
void closing_free(struct closing *closing);
/* The job was submitted: the gateway's own copy of its secrets goes, a mark stays until the job is closed. */
void closing_expect(struct closing *closing, const char *token);

#endif
