/* What is done now and then: forgetting what is too old. */
#ifndef SLUICE_SVC_UPKEEP_H
#define SLUICE_SVC_UPKEEP_H

#include "svc/gateway.h"

/* Takes up every active job again, as at the start. ctx: the gateway. */
void upkeep_resume(void *ctx);
/* Where the store's last write failed and nobody may have a reason to write again: tries, so that /readyz
 * tells when it is well. The turn's commit brings the outcome. */
void upkeep_retry_store(struct gateway *gw);
/* Idempotency keys of more than 7 days, events past their retention, tars that no job waits for, kept logs
 * past theirs. */
void upkeep_prune(struct gateway *gw);

#endif
