/* The doctor: one visit to a cluster, and a line for each thing that must be right, with what to do. */
#ifndef SLUICE_SVC_CLUSTER_DOCTOR_H
#define SLUICE_SVC_CLUSTER_DOCTOR_H

#include "svc/answer.h"
#include "svc/gateway.h"

/* The answer's body: {"cluster", "result": ok|warning|error, "lines": [{check, status, text, hint}]}; a
 * cluster that cannot be reached is an answer too. Counts as what a person asked for. */
int doctor_check(const struct gateway *gw, const char *cluster, answer_done *done, void *ctx,
                 struct err *err);

#endif
