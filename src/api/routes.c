#include "api/routes.h"

#include "api/handlers.h"
#include "api/target.h"
#include "base/limits.h"
#include "base/mem.h"

#include <string.h>

static const struct route_query list_query[] = {
    { "filter", "string", "state:failed cluster:alder gpu:h100 project:x user:me tag:y age:<2d text" },
    { "sort", "string", "newest (default) or oldest" },
    { "cursor", "string", "next of the page before" },
    { "limit", "integer", "rows, at most 200; 50 where not given" },
    { "since", "integer", "only jobs that changed after this event" },
    { "archived", "boolean", "archived ones too" },
    { "total", "boolean", "count all that fit the filter" },
    { NULL, NULL, NULL },
};
static const struct route_query submit_query[] = {
    { "dry_run", "boolean", "render and let the scheduler check, submit nothing" },
    { "wait", "string", "submitted or terminal: answer when it is so" },
    { "timeout", "string", "of the wait: 60s, 5m; at most 10m" },
    { NULL, NULL, NULL },
};
static const struct route_query job_query[] = {
    { "wait", "string", "submitted, terminal or change: answer when it is so" },
    { "timeout", "string", "of the wait: 60s, 5m; at most 10m" },
    { "after", "integer", "of wait=change: the last event known" },
    { NULL, NULL, NULL },
};
static const struct route_query log_query[] = {
    { "attempt", "integer", "from 1; the last where not given" },
    { "task", "integer", "of a job array" },
    { "offset", "integer", "bytes from the start; negative: from the end" },
    { "limit", "integer", "bytes, at most 1 MiB" },
    { "line", "integer", "first line, from 1; negative: from the end" },
    { "lines", "integer", "so many lines instead of bytes" },
    { "source", "string", "job (default), or scheduler for what the scheduler itself wrote" },
    { "follow", "boolean", "go on until the job has ended and all was sent" },
    { "fold", "boolean", "of each line only what follows its last carriage return, as a terminal shows it" },
    { NULL, NULL, NULL },
};
static const struct route_query log_headers[] = {
    { "X-Sluice-Offset", "integer", "where the bytes begin in the log" },
    { "X-Sluice-Size", "integer", "how long the log is now" },
    { "X-Sluice-Begun", "integer", "0: there is no log yet" },
    { NULL, NULL, NULL },
};
static const struct route_query metrics_query[] = {
    { "keys", "string", "names, comma between; all where not given" },
    { "points", "integer", "of each series at most, 2000 where not given: more are merged to min and max" },
    { "from", "number", "first step" },
    { "to", "number", "last step" },
    { "times", "boolean", "the time of each point as well, in seconds since 1970" },
    { NULL, NULL, NULL },
};
static const struct route_query export_query[] = {
    { "format", "string", "csv (default) or jsonl" },
    { NULL, NULL, NULL },
};
static const struct route_query search_query[] = {
    { "q", "string", "what the lines hold" },
    { "regex", "boolean", "q is a POSIX extended regular expression" },
    { "ignore_case", "boolean", "large and small letters are the same" },
    { "limit", "integer", "lines shown, at most 1000; 100 where not given" },
    { "from", "integer", "show from this line on: next of the page before" },
    { "attempt", "integer", "from 1; the last where not given" },
    { "task", "integer", "of a job array" },
    { "source", "string", "job (default), or scheduler for what the scheduler itself wrote" },
    { NULL, NULL, NULL },
};
static const struct route_query stream_query[] = {
    { "after", "integer", "only events after this one; a stream goes on from there (or from Last-Event-ID)" },
    { "limit", "integer", "events of a list, at most 200; 50 where not given" },
    { "stream", "boolean", "text/event-stream, as Accept: text/event-stream asks for it" },
    { "topics", "string", "of the stream: jobs, job:ID, log:ID, clusters, gpus; comma between" },
    { NULL, NULL, NULL },
};
static const struct route_query events_query[] = {
    { "after", "integer", "only events after this one" },
    { "limit", "integer", "events, at most 200; 50 where not given" },
    { "numbers", "boolean", "false: without the news that metrics and progress moved" },
    { NULL, NULL, NULL },
};
static const struct route_query page_query[] = {
    { "cursor", "string", "next of the page before" },
    { "limit", "integer", "rows, at most 200; 50 where not given" },
    { NULL, NULL, NULL },
};
static const struct route_query gpu_query[] = {
    { "max_age", "string",
      "ask clusters whose figures are older (60s); not given: older than their poll.gpu" },
    { NULL, NULL, NULL },
};

#define API "/api/v1"
enum { W = ROUTE_WRITES, BODY = MAX_BODY_BYTES, SUBMIT_BODY = MAX_SUBMIT_BODY_BYTES };

/* clang-format off */
const struct route routes[] = {
    { "GET", "/healthz", handle_health, ROUTE_PUBLIC, .answer_schema = "Health", .status = 200, .scope = "read", .summary = "Whether the gateway lives" },
    { "GET", "/readyz", handle_ready, .answer_schema = "Ready", .status = 200, .scope = "read", .summary = "Whether a submit would be accepted, by dependency (503 where not)" },
    { "GET", "/metrics", handle_metrics, .answer_type = "text/plain; version=0.0.4; charset=utf-8", .status = 200, .scope = "read", .summary = "Figures for Prometheus" },
    { "GET", "/docs", handle_docs, .answer_type = "text/html; charset=utf-8", .status = 200, .scope = "read", .summary = "This list, to read" },
    { "GET", "/docs/{file}", handle_asset, .answer_type = "text/css; charset=utf-8", .status = 200, .scope = "read", .summary = "What the pages need" },
    { "GET", "/assets/{file}", handle_asset, .answer_type = "application/octet-stream", .status = 200, .scope = "read", .summary = "Files of the page" },

    { "GET", API "/version", handle_version, .answer_schema = "Version", .status = 200, .scope = "read", .summary = "Version and start of the gateway" },
    { "GET", API "/openapi.json", handle_openapi, .answer_schema = "Anything", .status = 200, .scope = "read", .summary = "This interface as an OpenAPI 3.1 document" },
    { "GET", API "/schemas/{name}", handle_schema, .answer_schema = "Anything", .answer_type = "application/schema+json", .status = 200, .scope = "read", .summary = "JSON Schema of a configuration file: project, clusters, sluice, request" },
    { "GET", API "/counts", handle_counts, .answer_schema = "Counts", .status = 200, .scope = "read", .summary = "Jobs by state" },
    { "GET", API "/events", handle_events, .answer_schema = "EventList", .status = 200, .query = stream_query, .scope = "read", .summary = "Everything that happened, oldest first: a list, or a stream of events" },

    { "GET", API "/clusters", handle_clusters, .answer_schema = "ClusterList", .status = 200, .scope = "read", .summary = "Clusters: health, latency, last error" },
    { "GET", API "/clusters/{cluster}", handle_cluster, .answer_schema = "Cluster", .status = 200, .scope = "read", .summary = "One cluster" },
    { "GET", API "/clusters/{cluster}/gpus", handle_cluster_gpus, .answer_schema = "GpuList", .status = 200, .query = gpu_query, .scope = "read", .summary = "GPUs of one cluster by type and partition" },
    { "GET", API "/clusters/{cluster}/nodes", handle_nodes, .answer_schema = "NodeList", .status = 200, .scope = "read", .summary = "Nodes of one cluster" },
    { "GET", API "/clusters/{cluster}/partitions", handle_partitions, .answer_schema = "Limits", .status = 200, .scope = "read", .summary = "Partitions, associations and limits" },
    { "POST", API "/clusters/{cluster}/check", handle_cluster_check, W | ROUTE_NO_KEY | ROUTE_BODY_OPTIONAL, BODY, "Nothing", "Doctor", .status = 200, .scope = "submit", .summary = "The doctor: what must be right on a cluster, and what to do" },
    { "POST", API "/clusters/{cluster}/connect", handle_cluster_connect, W | ROUTE_NO_KEY | ROUTE_BODY_OPTIONAL, BODY, "Connect", "Connection", .status = 200, .scope = "admin", .summary = "Log in to a cluster, again after a refusal, or answer what its login asks" },
    { "GET", API "/gpus", handle_gpus, .answer_schema = "GpuList", .status = 200, .query = gpu_query, .scope = "read", .summary = "GPUs of all clusters by type and partition" },

    { "GET", API "/projects", handle_projects, .answer_schema = "ProjectList", .status = 200, .scope = "read", .summary = "Registered projects" },
    { "POST", API "/projects", handle_project_add, W, BODY, "ProjectAdd", "Project", .status = 201, .scope = "submit", .summary = "Register a folder; again is fine" },
    { "GET", API "/projects/{project}", handle_project, .answer_schema = "Project", .status = 200, .scope = "read", .summary = "One project: git state, configuration and its errors" },
    { "PATCH", API "/projects/{project}", handle_project_patch, W, BODY, "ProjectPatch", "Project", .status = 200, .scope = "submit", .summary = "Change its group" },
    { "DELETE", API "/projects/{project}", handle_project_remove, W, .status = 204, .scope = "submit", .summary = "Forget a project; its jobs stay" },
    { "POST", API "/projects/{project}/sync", handle_project_sync, W, BODY, .answer_schema = "Project", .status = 200, .scope = "submit", .summary = "Read the project's folder again" },

    { "GET", API "/notifiers", handle_notifiers, .answer_schema = "NotifierList", .status = 200, .scope = "read", .summary = "Who can be told of jobs: counts, last delivery, last failure" },
    { "POST", API "/notifiers/{notifier}/test", handle_notifier_test, W | ROUTE_NO_KEY | ROUTE_BODY_OPTIONAL, BODY, "Anything", .answer_schema = "NotifierTest", .status = 200, .scope = "submit", .summary = "Send a test message now; answers what the other side said" },
    { "GET", API "/notifiers/{notifier}/deliveries", handle_deliveries, .answer_schema = "DeliveryList", .status = 200, .query = page_query, .scope = "read", .summary = "Its messages and their tries, newest first" },

    { "GET", API "/jobs", handle_jobs, .answer_schema = "JobList", .status = 200, .query = list_query, .scope = "read", .summary = "Jobs, newest first" },
    { "POST", API "/jobs", handle_submit, W | ROUTE_KEEPS_KEY, SUBMIT_BODY, "JobRequest", "Submitted", .trial_schema = "Rendered", .status = 202, .query = submit_query, .scope = "submit", .summary = "Submit a job" },
    { "POST", API "/jobs:render", handle_render, W | ROUTE_NO_KEY, SUBMIT_BODY, "JobRequest", "Rendered", .status = 200, .scope = "read", .summary = "The script a request would make, with the origin of every value" },
    { "POST", API "/jobs:cancel", handle_bulk_cancel, W, BODY, "BulkCancel", "BulkList", .status = 200, .scope = "cancel", .summary = "Cancel many jobs, by id or by filter" },
    { "GET", API "/jobs/{job}", handle_job, .answer_schema = "Job", .status = 200, .query = job_query, .scope = "read", .summary = "One job, by id, token or `last`; can wait for it" },
    { "PATCH", API "/jobs/{job}", handle_job_patch, W, BODY, "JobPatch", "Job", .status = 200, .scope = "submit", .summary = "Change name, description, tags, group, archived" },
    { "POST", API "/jobs/{job}/cancel", handle_job_cancel, W | ROUTE_BODY_OPTIONAL, BODY, "Cancel", "Job", .status = 202, .scope = "cancel", .summary = "Cancel a job, or one task of its array" },
    { "POST", API "/jobs/{job}/requeue", handle_job_requeue, W | ROUTE_BODY_OPTIONAL, BODY, "Requeue", "Job", .status = 202, .scope = "cancel", .summary = "Send a running Slurm job back into the queue" },
    { "GET", API "/jobs/{job}/log", handle_log, .answer_type = "text/plain; charset=utf-8", .status = 200, .query = log_query, .headers = log_headers, .scope = "read", .summary = "The log, by bytes or by lines" },
    { "GET", API "/jobs/{job}/log/search", handle_log_search, .answer_schema = "LogSearch", .status = 200, .query = search_query, .scope = "read", .summary = "Lines of the whole log, counted exactly" },
    { "GET", API "/jobs/{job}/metrics", handle_job_metrics, .answer_schema = "Metrics", .status = 200, .query = metrics_query, .scope = "read", .summary = "Curves, cut down to so many points" },
    { "POST", API "/jobs/{job}/metrics", handle_job_metrics_post, W | ROUTE_JOB_TOKEN, SUBMIT_BODY, "MetricPoints", .status = 204, .scope = "submit", .summary = "Add points to a job's curves" },
    { "GET", API "/jobs/{job}/metrics/export", handle_job_metrics_export, .answer_type = "text/csv; charset=utf-8", .status = 200, .query = export_query, .scope = "read", .summary = "Every point of every curve; merged ones by step_to, min and max" },
    { "GET", API "/jobs/{job}/script", handle_job_script, .answer_type = "text/plain; charset=utf-8", .status = 200, .scope = "read", .summary = "The batch script as it was sent" },
    { "GET", API "/jobs/{job}/request", handle_job_request, .answer_schema = "JobRequest", .status = 200, .scope = "read", .summary = "What was asked for, as it was sent; a form is filled again by it" },
    { "GET", API "/jobs/{job}/manifest", handle_job_manifest, .answer_schema = "Manifest", .status = 200, .scope = "read", .summary = "What a job was made of: its request, resolved values with origins, uncommitted changes" },
    { "GET", API "/jobs/{job}/events", handle_job_events, .answer_schema = "EventList", .status = 200, .query = events_query, .scope = "read", .summary = "What happened to a job, oldest first" },
};
/* clang-format on */
const size_t route_count = ARRAY_LEN(routes);

const struct route page_route = {
    .method = "GET",
    .pattern = "/",
    .handler = handle_page,
    .flags = ROUTE_ANY_QUERY,
    .answer_type = "text/html; charset=utf-8",
    .status = 200,
    .scope = "read",
    .summary = "The page",
};

bool routes_is_page(const char *method, const char *path)
{
    static const char *const others[] = { "/api", "/assets", "/docs", "/healthz", "/readyz", "/metrics" };
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        size_t len = strlen(others[i]);
        if (strncmp(path, others[i], len) == 0 && (path[len] == '/' || path[len] == '\0'))
            return false;
    }
    return true;
}

static void add_allowed(struct str *allow, const char *method)
{
    str_addf(allow, "%s%s", allow->len ? ", " : "", method);
    if (strcmp(method, "GET") == 0)
        str_add(allow, ", HEAD");
}

const struct route *routes_find(const char *method, const char *path, struct span params[ROUTE_PARAMS],
                                struct str *allow)
{
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    for (size_t i = 0; i < route_count; i++) {
        if (!target_match(routes[i].pattern, path, params, ROUTE_PARAMS))
            continue;
        if (strcmp(routes[i].method, wanted) == 0)
            return &routes[i];
        add_allowed(allow, routes[i].method);
    }
    return NULL;
}

bool route_has_query(const struct route *route, const char *name)
{
    for (const struct route_query *query = route->query; query && query->name; query++)
        if (strcmp(query->name, name) == 0)
            return true;
    return false;
}
