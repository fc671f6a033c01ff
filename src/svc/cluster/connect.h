/* A person at a cluster's login: connects, or reconnects after a refusal, and answers what the login asks.
 * Answers when the connection stands, asks something, or has failed; at the latest after a while with
 * "connecting", and the caller asks again. */
#ifndef SLUICE_SVC_CLUSTER_CONNECT_H
#define SLUICE_SVC_CLUSTER_CONNECT_H

#include "svc/answer.h"
#include "svc/gateway.h"
#include "text/doc.h"

struct connect *connect_new(const struct gateway *gw);
void connect_free(struct connect *connect); /* those that wait are answered ERR_CANCELLED */

/* body: {"answers": ["..."]} to what was asked last, or {}. The answer's body: cluster, state (up,
 * needs_login, connecting, refused, backoff), backend, prompts [{text, echo}], error, instructions. */
int connect_start(struct connect *connect, const char *cluster, const struct doc *body, answer_done *done,
                  void *ctx, struct err *err);

#endif
