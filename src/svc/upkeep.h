/* What is done now and then: reading the configuration again, forgetting what is too old. */
#ifndef SLUICE_SVC_UPKEEP_H
#define SLUICE_SVC_UPKEEP_H

#include "svc/gateway.h"

/* Reads the clusters file again; a bad one is refused, told in the log, and the old one stays in force. */
void upkeep_reload(struct gateway *gw);
/* Idempotency keys of more than 7 days, events past their retention, tars that no job waits for. */
void upkeep_prune(struct gateway *gw);

#endif
