/* The steps between a request's first byte and its handler. Each answers the request where it refuses it.
 * Split from api/access.h, which knows the server; this does not. */
#ifndef SLUICE_API_JUDGE_H
#define SLUICE_API_JUDGE_H

#include "api/edge.h"
#include "api/request.h"

/* Fills request->target; a bad one is remembered and refused by judge_edge. */
void judge_target(struct request *request, struct span raw);
/* Bytes, framing, Host: -1 and answered where the connection cannot be trusted further (it ends). */
int judge_edge(struct request *request, const struct edge_request *edge, const struct edge_hosts *hosts);
/* Method and path, Origin. request->reply.status tells, here and below. */
void judge_route(struct request *request, const struct edge_request *edge);
/* Who asks (request->user), query, type and length of the body. */
void judge_request(struct request *request, const struct edge_request *edge);
/* Parses the body. -1 and answered where it is none. */
int judge_body(struct request *request);

#endif
