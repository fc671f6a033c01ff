#include "api/schemas.h"

#include "base/mem.h"
#include "domain/job.h"
#include "domain/schema.h"
#include "text/json_out.h"

#include <string.h>

enum { MAX_SCHEMA_BYTES = 1024 * 1024 };

#define TIME        "{\"type\":\"string\",\"format\":\"date-time\"}"
#define STRING      "{\"type\":\"string\"}"
#define NULLABLE    "{\"type\":[\"string\",\"null\"]}"
#define INTEGER     "{\"type\":\"integer\"}"
#define MAYBE_INT   "{\"type\":[\"integer\",\"null\"]}"
#define NUMBER      "{\"type\":\"number\"}"
#define BOOLEAN     "{\"type\":\"boolean\"}"
#define STRINGS     "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"
#define OBJECT      "{\"type\":\"object\"}"
#define LEVEL       "{\"enum\":[\"ok\",\"warning\",\"error\"]}"
#define REF(name)   "{\"$ref\":\"#/components/schemas/" name "\"}"
#define LIST(name)  "{\"type\":\"array\",\"items\":" REF(name) "}"
#define P(name, is) "\"" name "\":" is

/* clang-format off */
static const struct {
    const char *name, *json;
} texts[] = {
    { "Anything", OBJECT },
    { "Health", "{\"type\":\"object\",\"required\":[\"ok\"],\"properties\":{" P("ok", BOOLEAN) "}}" },
    { "Ready",
      "{\"type\":\"object\",\"required\":[\"ready\",\"checks\"],\"properties\":{" P("ready", BOOLEAN) ","
      P("checks", "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"name\",\"ok\"],\"properties\":{"
      P("name", STRING) "," P("ok", BOOLEAN) "," P("detail", NULLABLE) "}}}") "}}" },
    { "Version",
      "{\"type\":\"object\",\"required\":[\"name\",\"version\",\"api\"],\"properties\":{" P("name", STRING) ","
      P("version", STRING) "," P("api", STRING) "," P("started_at", TIME) "," P("now", TIME) "}}" },
    { "Counts",
      "{\"type\":\"object\",\"description\":\"Jobs by state\",\"additionalProperties\":{\"type\":\"integer\"}}" },
    { "Event",
      "{\"type\":\"object\",\"required\":[\"id\",\"time\",\"kind\"],\"properties\":{" P("id", INTEGER) ","
      P("time", TIME) "," P("topic", STRING) "," P("kind", STRING) "," P("job", INTEGER) "," P("data", "{}") "}}" },
    { "Metrics",
      "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{"
      P("items", "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"name\",\"total\",\"steps\"],\"properties\":{"
      P("name", STRING) "," P("total", INTEGER) ","
      P("steps", "{\"type\":\"array\",\"items\":{\"type\":[\"number\",\"string\"]}}") ","
      P("values", "{\"type\":\"array\",\"items\":{\"type\":[\"number\",\"string\"]}}") ","
      P("min", "{\"type\":\"array\",\"items\":{\"type\":[\"number\",\"string\"]}}") ","
      P("max", "{\"type\":\"array\",\"items\":{\"type\":[\"number\",\"string\"]}}") ","
      P("last", "{\"type\":[\"number\",\"string\"],\"description\":\"the last value logged; with min and max alone\"}") ","
      P("times", "{\"type\":\"array\",\"items\":{\"type\":\"number\"}}") "}}}") "}}" },
    { "MetricPoints",
      "{\"type\":\"object\",\"required\":[\"points\"],\"additionalProperties\":false,\"properties\":{"
      P("points", "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"additionalProperties\":{\"type\":[\"number\",\"string\",\"boolean\"]}},\"description\":\"numbers by name; step and time are optional, numbers that JSON has no word for are the strings NaN, Infinity, -Infinity\"}") ","
      P("stream", "{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{8,64}$\",\"description\":\"a client's own numbering of its points: sent again, none counts twice\"}") ","
      P("first", "{\"type\":\"integer\",\"minimum\":0,\"description\":\"number of the first point in its stream\"}") "}}" },
    { "LogSearch",
      "{\"type\":\"object\",\"required\":[\"total\",\"items\"],\"properties\":{" P("total", INTEGER) ","
      P("items", "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"line\",\"text\"],\"properties\":{"
      P("line", INTEGER) "," P("text", STRING) "}}}") "," P("next", MAYBE_INT) "}}" },
    { "EventList",
      "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{" P("items", LIST("Event")) ","
      P("next", MAYBE_INT) "}}" },
    { "Cluster",
      "{\"type\":\"object\",\"required\":[\"name\",\"type\",\"state\",\"stale\"],\"properties\":{"
      P("name", STRING) "," P("type", STRING) "," P("scheduler", STRING) "," P("enabled", BOOLEAN) ","
      P("host", STRING) "," P("workspace", STRING) "," P("state", STRING) "," P("observed_at", TIME) ","
      P("stale", BOOLEAN) "," P("error", STRING) "," P("last_error", STRING) "," P("last_error_code", STRING) ","
      P("last_error_at", TIME) "," P("poll_s", NUMBER) "," P("clock_skew_s", INTEGER) ","
      P("instructions", STRING) "," P("requires_vpn", BOOLEAN) "," P("connection", OBJECT) "}}" },
    { "Nothing", "{\"type\":\"object\",\"additionalProperties\":false}" },
    { "Doctor",
      "{\"type\":\"object\",\"required\":[\"cluster\",\"result\",\"lines\"],\"properties\":{"
      P("cluster", STRING) "," P("result", LEVEL) ","
      P("lines", "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"check\",\"status\",\"text\"],\"properties\":{"
      P("check", STRING) "," P("status", LEVEL) "," P("text", STRING) "," P("hint", STRING) "}}}") "}}" },
    { "Connect",
      "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" P("answers", STRINGS) "}}" },
    { "Connection",
      "{\"type\":\"object\",\"required\":[\"cluster\",\"state\",\"prompts\"],\"properties\":{"
      P("cluster", STRING) "," P("state", STRING) "," P("backend", STRING) "," P("error", STRING) ","
      P("instructions", STRING) ","
      P("prompts", "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"text\",\"echo\"],\"properties\":{"
      P("text", STRING) "," P("echo", BOOLEAN) "}}}") "}}" },
    { "ClusterList",
      "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{" P("items", LIST("Cluster")) "}}" },
    { "GpuRow",
      "{\"type\":\"object\",\"required\":[\"cluster\",\"total\"],\"properties\":{" P("cluster", STRING) ","
      P("partition", STRING) "," P("type", STRING) "," P("total", INTEGER) "," P("free", INTEGER) ","
      P("in_use", INTEGER) "," P("mine", INTEGER) "," P("down", INTEGER) "," P("pending", INTEGER) ","
      P("whole_nodes_free", INTEGER) "," P("nodes_total", INTEGER) "," P("observed_at", TIME) "}}" },
    { "GpuList",
      "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{" P("items", LIST("GpuRow")) ","
      P("clusters", "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"name\"],\"properties\":{"
      P("name", STRING) "," P("observed_at", TIME) "," P("stale", BOOLEAN) "," P("error", NULLABLE) ","
      P("queue", "{\"type\":\"array\",\"description\":\"what waits there, of all users\",\"items\":{\"type\":\"object\",\"required\":[\"partition\",\"jobs\",\"gpus\"],\"properties\":{"
      P("partition", STRING) "," P("jobs", INTEGER) "," P("gpus", INTEGER) "}}}") ","
      P("waits", "{\"type\":\"array\",\"description\":\"how long the gateway's newest jobs there waited, 10th to 90th percentile\",\"items\":{\"type\":\"object\",\"required\":[\"jobs\",\"low_s\",\"high_s\"],\"properties\":{"
      P("partition", STRING) "," P("gpu_type", STRING) "," P("jobs", INTEGER) "," P("low_s", INTEGER) "," P("high_s", INTEGER) "}}}") "}}}") "}}" },
    { "Node",
      "{\"type\":\"object\",\"required\":[\"name\"],\"properties\":{" P("cluster", STRING) "," P("name", STRING) ","
      P("state", STRING) "," P("accepts_work", BOOLEAN) "," P("partitions", STRING) ","
      P("gpus", "{\"type\":\"array\",\"items\":" OBJECT "}") "," P("cpus", INTEGER) ","
      P("cpus_in_use", INTEGER) "," P("mem_bytes", INTEGER) "," P("mem_in_use_bytes", INTEGER) ","
      P("observed_at", TIME) "}}" },
    { "NodeList",
      "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{" P("items", LIST("Node")) "}}" },
    { "Limits", OBJECT },
    { "Project",
      "{\"type\":\"object\",\"required\":[\"name\",\"path\"],\"properties\":{" P("name", STRING) ","
      P("path", STRING) "," P("url", NULLABLE) "," P("branch", NULLABLE) "," P("sha", NULLABLE) ","
      P("dirty", "{\"type\":[\"boolean\",\"null\"]}") "," P("group", NULLABLE) "," P("synced_at", TIME) ","
      P("config", "{\"type\":[\"object\",\"null\"]}") "," P("errors", "{\"type\":\"array\",\"items\":{}}") "}}" },
    { "ProjectList",
      "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{" P("items", LIST("Project")) "}}" },
    { "ProjectAdd",
      "{\"type\":\"object\",\"required\":[\"path\"],\"additionalProperties\":false,\"properties\":{"
      P("path", STRING) "," P("name", STRING) "," P("group", NULLABLE) "}}" },
    { "ProjectPatch",
      "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" P("group", NULLABLE) "}}" },
    { "JobList",
      "{\"type\":\"object\",\"required\":[\"items\",\"next\"],\"properties\":{" P("items", LIST("Job")) ","
      P("next", "{\"type\":[\"string\",\"integer\",\"null\"]}") "," P("total", MAYBE_INT) ","
      P("event", INTEGER) "}}" },
    { "JobPatch",
      "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" P("name", STRING) ","
      P("description", NULLABLE) "," P("tags", STRINGS) "," P("group", NULLABLE) "," P("archived", BOOLEAN) "}}" },
    { "Cancel",
      "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
      P("task", "{\"type\":\"integer\",\"minimum\":0}") "}}" },
    { "Requeue",
      "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
      P("attempt", "{\"type\":\"integer\",\"minimum\":1,\"description\":\"the one that is meant: of a later one nothing is done\"}") "}}" },
    { "BulkCancel",
      "{\"type\":\"object\",\"additionalProperties\":false,\"minProperties\":1,\"maxProperties\":1,\"properties\":{"
      P("ids", "{\"type\":\"array\",\"maxItems\":1000,\"items\":{\"type\":[\"integer\",\"string\"]}}") ","
      P("filter", STRING) "}}" },
    { "BulkList",
      "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{"
      P("items", "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"id\",\"status\"],\"properties\":{"
      P("id", "{\"type\":[\"integer\",\"string\"],\"description\":\"as it was asked where there is no such job\"}") "," P("status", INTEGER) "," P("job", REF("Job")) ","
      P("problem", REF("Problem")) "}}}") "}}" },
    { "Manifest",
      "{\"type\":\"object\",\"required\":[\"id\",\"request\",\"resolved\"],\"properties\":{" P("id", INTEGER) ","
      P("request", OBJECT) "," P("resolved", OBJECT) "," P("diff", NULLABLE) "," P("script_sha256", NULLABLE) "}}" },
    { "Rendered",
      "{\"type\":\"object\",\"required\":[\"script\"],\"properties\":{" P("script", STRING) ","
      P("argv", STRINGS) "," P("resolved", OBJECT) "," P("origins", "{}") ","
      P("warnings", "{\"type\":\"array\",\"items\":{}}") "," P("test", "{\"type\":\"object\",\"properties\":{"
      P("accepted", BOOLEAN) "," P("start_at", TIME) "," P("upstream", NULLABLE) "}}") "}}" },
    { "Submitted",
      "{\"description\":\"The job; with dry_run what would have been sent\",\"anyOf\":[{\"$ref\":\"#/components/schemas/Job\"},{\"$ref\":\"#/components/schemas/Rendered\"}]}" },
    { "Delivery",
      "{\"type\":\"object\",\"required\":[\"id\",\"event\",\"occasion\",\"status\",\"tries\",\"created_at\"],\"properties\":{"
      P("id", STRING) "," P("job", INTEGER) "," P("event", INTEGER) "," P("occasion", STRING) ","
      P("state", STRING) "," P("status", "{\"enum\":[\"waiting\",\"delivered\",\"dead\"]}") ","
      P("tries", INTEGER) "," P("created_at", TIME) "," P("last_try_at", TIME) "," P("next_try_at", TIME) ","
      P("done_at", TIME) "," P("answer", INTEGER) "," P("error", STRING) "}}" },
    { "DeliveryList",
      "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{" P("items", LIST("Delivery")) ","
      P("next", NULLABLE) "," P("total", MAYBE_INT) "}}" },
    { "Notifier",
      "{\"type\":\"object\",\"required\":[\"name\",\"type\",\"waiting\",\"delivered\",\"dead\"],\"properties\":{"
      P("name", STRING) "," P("type", "{\"enum\":[\"slack\",\"discord\",\"webhook\",\"ntfy\",\"email\"]}") ","
      P("waiting", INTEGER) "," P("delivered", INTEGER) "," P("dead", INTEGER) ","
      P("last_delivery", REF("Delivery")) "," P("last_failure", REF("Delivery")) ","
      P("problem", "{\"type\":\"string\",\"description\":\"why nothing can be sent: a secret that is missing or open to others\"}") "}}" },
    { "NotifierList",
      "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{" P("items", LIST("Notifier")) ","
      P("next", NULLABLE) "," P("total", MAYBE_INT) "}}" },
    { "NotifierTest",
      "{\"type\":\"object\",\"required\":[\"ok\",\"id\",\"elapsed_ms\"],\"properties\":{" P("ok", BOOLEAN) ","
      P("id", STRING) "," P("status", "{\"type\":\"integer\",\"description\":\"of HTTP or SMTP\"}") ","
      P("answer", "{\"type\":\"string\",\"description\":\"the beginning of what the other side said\"}") ","
      P("error", STRING) "," P("elapsed_ms", INTEGER) "}}" },
    { "Problem",
      "{\"type\":\"object\",\"description\":\"RFC 9457\",\"required\":[\"type\",\"title\",\"status\",\"detail\",\"code\"],\"properties\":{"
      P("type", STRING) "," P("title", STRING) "," P("status", INTEGER) "," P("detail", STRING) ","
      P("instance", STRING) "," P("code", STRING) "," P("hint", STRING) "," P("upstream", STRING) ","
      P("errors", "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"pointer\",\"detail\"],\"properties\":{"
      P("pointer", STRING) "," P("detail", STRING) "," P("origin", STRING) "," P("hint", STRING) "}}}") "}}" },
};
/* clang-format on */

static const char *type_of(enum job_field_type type)
{
    static const char *const types[] = {
        [JOB_STR] = "\"type\":\"string\"",
        [JOB_INT] = "\"type\":\"integer\"",
        [JOB_TIME] = "\"type\":\"string\",\"format\":\"date-time\"",
        [JOB_BOOL] = "\"type\":\"boolean\"",
        [JOB_JSON] = "\"type\":[\"array\",\"object\"]",
        [JOB_STATE] = "\"type\":\"string\"",
        [JOB_PHASE] = "\"type\":\"string\"",
        [JOB_ELAPSED] = "\"type\":\"integer\"",
    };
    return types[type];
}

static void add_states(struct str *out)
{
    str_add(out, ",\"examples\":[");
    for (int state = 1; state < JOB_STATE_COUNT; state++)
        str_addf(out, "%s\"%s\"", state > 1 ? "," : "", job_state_word((enum job_state)state));
    str_add_char(out, ']');
}

static void add_field(struct str *out, struct span name, const struct job_field *field)
{
    struct json_out json = { .to = out };
    json_str_span(&json, name);
    str_addf(out, ":{%s", type_of(field->type));
    if (field->type == JOB_STATE)
        add_states(out);
    if (field->help) {
        str_add(out, ",\"description\":");
        json = (struct json_out){ .to = out };
        json_str(&json, field->help);
    }
    str_add_char(out, '}');
}

/* Fields of one object stand together in the table: "slurm.job_id", "slurm.task". */
static void render_job(struct str *out)
{
    struct span open = { 0 };
    str_add(out, "{\"type\":\"object\",\"required\":[\"id\",\"state\",\"attempt\"],\"properties\":{");
    bool is_first = true;
    for (size_t i = 0; i < job_field_count; i++) {
        struct span name = span_of(job_fields[i].json);
        if (!name.len)
            continue;
        size_t dot = span_find_char(name, '.');
        struct span object = dot < name.len ? span_head(name, dot) : (struct span){ 0 };
        bool goes_on = object.len && span_eq(object, open);
        if (open.len && !goes_on)
            str_add(out, "}}");
        str_add(out, is_first ? "" : ",");
        if (object.len && !goes_on)
            str_addf(out, "\"%.*s\":{\"type\":\"object\",\"properties\":{", SPAN_FMT(object));
        open = object;
        add_field(out, object.len ? span_skip(name, dot + 1) : name, &job_fields[i]);
        is_first = false;
    }
    str_add(out, open.len ? "}}}}" : "}}");
}

void schemas_render(struct str *out)
{
    str_add(out, "{\"Job\":");
    render_job(out);
    str_add(out, ",\"JobRequest\":");
    schema_json(&schema_request, out);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        str_addf(out, ",\"%s\":%s", texts[i].name, texts[i].json);
    str_add_char(out, '}');
}

bool schemas_has(const char *name)
{
    if (strcmp(name, "Job") == 0 || strcmp(name, "JobRequest") == 0)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (strcmp(texts[i].name, name) == 0)
            return true;
    return false;
}
