/* From what a tick saw to what is stored (reliability.md section 3, P2-P11): finds each job's rows by its
 * token and lets apply_job or apply_array judge them. */
#ifndef SLUICE_SVC_WATCH_APPLY_H
#define SLUICE_SVC_WATCH_APPLY_H

#include "svc/cluster/fleet.h"

/* Applies a report to every followed job of the cluster. Jobs whose submission is in doubt and that stand in
 * the report are reconciled at once. */
void apply_report(const struct gateway *gw, struct cluster *cluster, const struct tick_report *report);

#endif
