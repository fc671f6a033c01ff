#include "api/handlers.h"

#include "api/done.h"
#include "api/reply.h"
#include "base/mem.h"
#include "svc/cluster/connect.h"
#include "svc/cluster/doctor.h"
#include "svc/cluster/fleet.h"
#include "svc/cluster/gpus.h"

enum { MAX_FLEET_BYTES = 16 * 1024 * 1024, MAX_AGE_MS = 3600 * 1000 };

void handle_clusters(struct request *request)
{
    auto_str struct str body = STR_MAX(MAX_FLEET_BYTES);
    struct err err;
    if (fleet_json(request->gw->fleet, &body, &err) < 0)
        reply_err(request, &err);
    else
        reply_json(request, 200, &body);
}

void handle_cluster(struct request *request)
{
    auto_free char *name = request_param_dup(request, 0);
    auto_str struct str body = STR_MAX(MAX_FLEET_BYTES);
    struct err err;
    if (fleet_cluster_json(request->gw->fleet, name, &body, &err) < 0)
        reply_err(request, &err);
    else
        reply_json(request, 200, &body);
}

static void list_gpus(struct request *request, const char *cluster)
{
    struct err err;
    int64_t max_age_ms = -1;
    if (request_query_age(request, "max_age", MAX_AGE_MS, &max_age_ms, &err) < 0) {
        reply_err(request, &err);
        return;
    }
    int64_t max_age_s = max_age_ms < 0 ? -1 : max_age_ms / 1000;
    request_hold(request);
    done_started(request, gpus_list(request->gw->gpus, cluster, max_age_s, done_json, request, &err), &err);
}

void handle_gpus(struct request *request)
{
    list_gpus(request, NULL);
}

void handle_cluster_gpus(struct request *request)
{
    auto_free char *name = request_param_dup(request, 0);
    list_gpus(request, name);
}

void handle_nodes(struct request *request)
{
    auto_free char *name = request_param_dup(request, 0);
    struct err err;
    request_hold(request);
    done_started(request, gpus_nodes(request->gw->gpus, name, done_json, request, &err), &err);
}

void handle_partitions(struct request *request)
{
    auto_free char *name = request_param_dup(request, 0);
    struct err err;
    request_hold(request);
    done_started(request, fleet_limits(request->gw->fleet, name, done_json, request, &err), &err);
}

void handle_cluster_check(struct request *request)
{
    auto_free char *name = request_param_dup(request, 0);
    struct err err;
    request_hold(request);
    done_started(request, doctor_check(request->gw, name, done_json, request, &err), &err);
}

void handle_cluster_connect(struct request *request)
{
    auto_free char *name = request_param_dup(request, 0);
    struct err err;
    request_hold(request);
    done_started(request, connect_start(request->gw->connect, name, request->doc, done_json, request, &err),
                 &err);
}
