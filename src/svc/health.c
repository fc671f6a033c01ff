#include "svc/health.h"

#include "store/store.h"
#include "svc/cluster/fleet.h"
#include "svc/jobs.h"
#include "svc/query.h"
#include "svc/settings.h"
#include "text/json_in.h"
#include "text/json_out.h"

#include <sys/statvfs.h>

enum { LEAST_ROOM_BYTES = 256 * 1024 };

static void check(struct json_out *out, const char *name, bool ok, const char *detail)
{
    json_open_object(out);
    json_member_str(out, "name", name);
    json_member_bool(out, "ok", ok);
    json_member_str(out, "detail", detail);
    json_close_object(out);
}

static void check_configuration(struct json_out *out, const struct settings *settings)
{
    auto_str struct str text = STR_MAX(2048);
    const char *problem = settings_problem(settings), *kept = settings_kept(settings);
    if (kept)
        str_addf(&text, "changed, in force from the next start on: %s", kept);
    check(out, "configuration", !problem, problem ? problem : kept ? str_text(&text) : NULL);
}

/* What keeps a submission from being stored: what failed last, or a disk with no room for the next. */
static const char *store_trouble(const struct gateway *gw)
{
    struct statvfs disk;
    const char *problem = store_problem(gw->store);
    if (!problem && statvfs(state_dir_of(gw), &disk) == 0 &&
        (uint64_t)disk.f_bavail * disk.f_frsize < LEAST_ROOM_BYTES)
        problem = "the disk of the state directory is full";
    return problem;
}

bool health_ready(const struct gateway *gw, struct str *text)
{
    struct json_out out = { .to = text };
    const char *store = store_trouble(gw);
    json_open_object(&out);
    json_member_bool(&out, "ready", !store);
    json_key(&out, "checks");
    json_open_array(&out);
    check(&out, "store", !store, store);
    check_configuration(&out, gw->settings);
    for (size_t i = 0; i < fleet_count(gw->fleet); i++) {
        const struct cluster *cluster = fleet_at(gw->fleet, i);
        auto_str struct str name = STR_MAX(256);
        str_addf(&name, "cluster %s", cluster->name);
        if (cluster->config)
            check(&out, str_text(&name), !cluster->unreachable, cluster->last_error);
    }
    json_close_array(&out);
    json_close_object(&out);
    return !store;
}

/* --- Prometheus text format 0.0.4 --- */

static void metric(struct str *out, const char *name, const char *type, const char *help)
{
    str_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

struct cluster_metric {
    const char *name, *type, *help;
    double (*value)(const struct cluster *cluster, const struct transport_status *status);
};

static double up(const struct cluster *c, const struct transport_status *s)
{
    (void)s;
    return c->unreachable ? 0 : 1;
}
static double logins(const struct cluster *c, const struct transport_status *s)
{
    (void)c;
    return (double)s->logins;
}
static double login_failures(const struct cluster *c, const struct transport_status *s)
{
    (void)c;
    return (double)s->login_failures;
}
static double commands(const struct cluster *c, const struct transport_status *s)
{
    (void)c;
    return (double)s->commands;
}
static double polls(const struct cluster *c, const struct transport_status *s)
{
    (void)s;
    return (double)c->polls;
}
static double latency(const struct cluster *c, const struct transport_status *s)
{
    (void)s;
    return (double)c->latency_us / (double)US_PER_S;
}
static double skew(const struct cluster *c, const struct transport_status *s)
{
    (void)s;
    return c->has_skew ? (double)c->clock_skew_s : 0;
}

static double logins_hour(const struct cluster *c, const struct transport_status *s)
{
    (void)c;
    return (double)s->logins_hour;
}
static double max_logins(const struct cluster *c, const struct transport_status *s)
{
    (void)s;
    return (double)c->config->ssh.max_logins_per_hour;
}
static double max_commands(const struct cluster *c, const struct transport_status *s)
{
    (void)s;
    return (double)c->config->poll.max_commands_per_minute;
}
static double held_back(const struct cluster *c, const struct transport_status *s)
{
    (void)s;
    return (double)c->held_back;
}
static double channels(const struct cluster *c, const struct transport_status *s)
{
    (void)c;
    return (double)s->channels;
}
static double needs_login(const struct cluster *c, const struct transport_status *s)
{
    (void)c;
    return s->state == LINK_NEEDS_LOGIN ? 1 : 0;
}

static const struct cluster_metric cluster_metrics[] = {
    { "sluice_cluster_up", "gauge", "1 where the last look at the cluster succeeded.", up },
    { "sluice_cluster_logins_total", "counter", "Logins since the gateway started.", logins },
    { "sluice_cluster_login_failures_total", "counter", "Logins that failed.", login_failures },
    { "sluice_cluster_logins_last_hour", "gauge", "Logins of the last hour.", logins_hour },
    { "sluice_cluster_logins_per_hour_max", "gauge", "Logins the gateway may start itself.", max_logins },
    { "sluice_cluster_needs_login", "gauge", "1 where a person must log in.", needs_login },
    { "sluice_cluster_commands_per_minute_max", "gauge", "Commands the gateway may start itself.",
      max_commands },
    { "sluice_cluster_held_back_total", "counter", "Ticks put off by that budget.", held_back },
    { "sluice_cluster_channels", "gauge", "Commands under way.", channels },
    { "sluice_cluster_commands_total", "counter", "Commands run on the cluster.", commands },
    { "sluice_cluster_polls_total", "counter", "Ticks that told how its jobs stand.", polls },
    { "sluice_cluster_poll_seconds", "gauge", "How long the last tick took.", latency },
    { "sluice_cluster_clock_skew_seconds", "gauge", "The cluster's clock minus ours.", skew },
};

static void add_cluster_metrics(const struct gateway *gw, struct str *out)
{
    for (size_t m = 0; m < sizeof(cluster_metrics) / sizeof(*cluster_metrics); m++) {
        const struct cluster_metric *row = &cluster_metrics[m];
        metric(out, row->name, row->type, row->help);
        for (size_t i = 0; i < fleet_count(gw->fleet); i++) {
            const struct cluster *cluster = fleet_at(gw->fleet, i);
            struct transport_status status = { 0 };
            if (!cluster->config || !cluster->executor)
                continue;
            executor_status(cluster->executor, &status);
            str_addf(out, "%s{cluster=\"%s\"} %.17g\n", row->name, cluster->name,
                     row->value(cluster, &status));
        }
    }
}

static void add_job_counts(const struct gateway *gw, struct str *out)
{
    auto_str struct str counts = STR_MAX(16384);
    auto_doc struct doc *doc = NULL;
    metric(out, "sluice_jobs", "gauge", "Jobs by state.");
    if (query_counts(gw, &counts, NULL) < 0 || json_parse(str_span(&counts), &doc, NULL) < 0)
        return;
    for (size_t i = 0; i < doc->count; i++)
        str_addf(out, "sluice_jobs{state=\"%s\"} %lld\n", doc->items[i].key,
                 (long long)doc->items[i].integer);
}

void health_metrics(const struct gateway *gw, struct str *out)
{
    metric(out, "sluice_build_info", "gauge", "The version that runs.");
    str_addf(out, "sluice_build_info{version=\"%s\"} 1\n", gw->version);
    metric(out, "sluice_uptime_seconds", "gauge", "Since the gateway started.");
    str_addf(out, "sluice_uptime_seconds %.3f\n",
             (double)(clock_wall_us(gw->clock) - gw->started_at_us) / (double)US_PER_S);
    metric(out, "sluice_active_jobs", "gauge", "Jobs that have not ended.");
    str_addf(out, "sluice_active_jobs %zu\n", jobs_active_count(gw->jobs));
    metric(out, "sluice_events_total", "counter", "The newest event's id.");
    str_addf(out, "sluice_events_total %lld\n", (long long)query_last_event(gw));
    add_job_counts(gw, out);
    add_cluster_metrics(gw, out);
}
