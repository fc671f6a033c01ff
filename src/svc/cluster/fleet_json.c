/* The clusters as the API shows them. */
#include "svc/cluster/fleet.h"

#include "base/limits.h"
#include "base/mem.h"
#include "text/json_in.h"
#include "text/json_out.h"

#include <stdlib.h>

static const char *const link_words[] = {
    [LINK_IDLE] = "idle",       [LINK_CONNECTING] = "connecting",   [LINK_UP] = "up",
    [LINK_BACKOFF] = "backoff", [LINK_NEEDS_LOGIN] = "needs_login", [LINK_REFUSED] = "refused",
};

const char *fleet_link_word(enum link_state state)
{
    return link_words[state];
}

static const char *state_word(const struct cluster *cluster)
{
    if (!cluster->config->enabled)
        return "disabled";
    struct transport_status status = { 0 };
    if (cluster->executor)
        executor_status(cluster->executor, &status);
    if (status.state == LINK_NEEDS_LOGIN)
        return fleet_link_word(LINK_NEEDS_LOGIN); /* a person can help */
    if (cluster->unreachable)
        return "unreachable";
    return cluster->last_ok_us ? "reachable" : "unknown"; /* nobody has looked yet */
}

static void connection(const struct fleet *fleet, struct cluster *cluster, struct json_out *out)
{
    struct transport_status status = { 0 };
    executor_status(cluster->executor, &status);
    json_key(out, "connection");
    json_open_object(out);
    json_member_str(out, "state", link_words[status.state]);
    json_member_str(out, "backend", status.backend);
    json_member_str(out, "backend_reason", status.why);
    json_member_str(out, "prompt", status.prompt);
    json_member_str(out, "error", status.error);
    json_member_u64(out, "logins", status.logins);
    json_member_u64(out, "login_failures", status.login_failures);
    json_member_u64(out, "logins_last_hour", status.logins_hour);
    json_member_time(out, "login_ends_at", fleet_login_end_us(fleet, cluster, &status));
    json_member_int(out, "max_logins_per_hour", cluster->config->ssh.max_logins_per_hour);
    json_member_u64(out, "commands", status.commands);
    json_member_u64(out, "commands_last_minute", fleet_commands_minute(fleet, cluster));
    json_member_u64(out, "held_back", cluster->held_back);
    json_member_int(out, "max_commands_per_minute", cluster->config->poll.max_commands_per_minute);
    json_member_u64(out, "channels", status.channels);
    json_member_int(out, "max_channels", cluster->config->ssh.max_channels);
    json_member_u64(out, "queued", status.queued);
    if (status.latency_us)
        json_member_f64(out, "latency_s", (double)status.latency_us / (double)US_PER_S);
    json_close_object(out);
}

static void add_cluster(const struct fleet *fleet, struct cluster *cluster, struct json_out *out)
{
    static const char *const types[] = { "slurm", "local", "ssh" };
    const struct cluster_config *config = cluster->config;
    json_open_object(out);
    json_member_str(out, "name", cluster->name);
    json_member_str(out, "type", types[config->type]);
    json_member_str(out, "scheduler", cluster_scheduler(config));
    json_member_bool(out, "enabled", config->enabled);
    json_member_str(out, "host", config->host);
    json_member_str(out, "workspace", config->workspace);
    json_member_str(out, "state", state_word(cluster));
    json_member_time(out, "observed_at", cluster->last_ok_us);
    json_member_bool(out, "stale", cluster->unreachable);
    if (cluster->unreachable)
        json_member_str(out, "error", cluster->last_error);
    if (cluster->last_error) {
        json_member_str(out, "last_error", cluster->last_error);
        json_member_str(out, "last_error_code", err_word(cluster->last_error_code));
        json_member_time(out, "last_error_at", cluster->last_error_us);
    }
    if (cluster->latency_us)
        json_member_f64(out, "poll_s", (double)cluster->latency_us / (double)US_PER_S);
    if (cluster->has_skew)
        json_member_int(out, "clock_skew_s", cluster->clock_skew_s);
    json_member_str(out, "instructions", config->connection_instructions);
    json_member_bool(out, "requires_vpn", config->requires_vpn);
    if (cluster->executor)
        connection(fleet, cluster, out);
    json_close_object(out);
}

int fleet_json(struct fleet *fleet, struct str *text, struct err *err)
{
    struct json_out out = { .to = text };
    json_open_object(&out);
    json_key(&out, "items");
    json_open_array(&out);
    for (size_t i = 0; i < fleet_count(fleet); i++)
        if (fleet_at(fleet, i)->config)
            add_cluster(fleet, fleet_at(fleet, i), &out);
    json_close_array(&out);
    json_member_raw(&out, "next", SPAN_LIT("null"));
    json_member_raw(&out, "total", SPAN_LIT("null"));
    json_close_object(&out);
    return text->failed ? err_set(err, ERR_TOO_LARGE, "the list of clusters is too large") : 0;
}

static struct cluster *configured(struct fleet *fleet, const char *name, struct err *err)
{
    struct cluster *cluster = fleet_find(fleet, name);
    if (cluster && cluster->config)
        return cluster;
    err_set(err, ERR_NOT_FOUND, "no cluster %s is configured", name);
    return NULL;
}

int fleet_cluster_json(struct fleet *fleet, const char *name, struct str *text, struct err *err)
{
    struct cluster *cluster = configured(fleet, name, err);
    if (!cluster)
        return -1;
    add_cluster(fleet, cluster, &(struct json_out){ .to = text });
    return 0;
}

/* --- limits --- */

struct limits_call {
    struct cluster *cluster;
    answer_done *done;
    void *ctx;
};

void fleet_keep_limits(struct cluster *cluster, struct span text)
{
    struct doc *doc = NULL;
    if (json_parse(text, &doc, NULL) < 0)
        return;
    doc_free(cluster->limits);
    cluster->limits = doc;
    const struct doc *timeout = doc_get(doc, "message_timeout_s");
    if (timeout && timeout->kind == DOC_INT && timeout->integer > 0)
        cluster->message_timeout_s = timeout->integer;
}

static void on_limits(void *ctx, struct span text, const struct err *err)
{
    struct limits_call *call = ctx;
    struct answer answer = { .ok = !err, .body = text };
    if (err)
        answer.err = *err;
    else
        fleet_keep_limits(call->cluster, text);
    call->done(call->ctx, &answer);
    free(call);
}

int fleet_limits(struct fleet *fleet, const char *name, answer_done *done, void *ctx, struct err *err)
{
    struct cluster *cluster = configured(fleet, name, err);
    if (!cluster)
        return -1;
    if (!cluster->executor)
        return err_set(err, ERR_OFFLINE, "cluster %s is disabled", name);
    struct limits_call *call = mem_alloc(sizeof(*call));
    *call = (struct limits_call){ cluster, done, ctx };
    if (executor_limits(cluster->executor, on_limits, call, err) == 0)
        return 0;
    free(call);
    return -1;
}
