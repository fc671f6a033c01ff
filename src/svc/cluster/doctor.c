#include "svc/cluster/doctor.h"

#include "base/mem.h"
#include "base/str.h"
#include "io/loop.h"
#include "svc/cluster/doctor_lines.h"
#include "svc/cluster/fleet.h"

#include <stdlib.h>

enum { MAX_DOCTOR_BYTES = 256 * 1024, SLOT_TEST_MS = 400, MAX_SLOTS = 10 };

struct visit {
    const struct gateway *gw;
    char *cluster;
    unsigned echoes; /* of the test of channels, under way */
    unsigned slots;
    answer_done *done;
    void *ctx;
};

static struct cluster *cluster_of(const struct visit *v)
{
    struct cluster *cluster = fleet_find(v->gw->fleet, v->cluster);
    return cluster && cluster->config && cluster->executor ? cluster : NULL;
}

static void end(struct visit *v, const struct answer *answer)
{
    v->done(v->ctx, answer);
    free(v->cluster);
    free(v);
}

static void tell(struct visit *v, struct cluster *cluster, const struct run_result *result,
                 const struct err *err)
{
    auto_str struct str body = STR_MAX(MAX_DOCTOR_BYTES);
    struct json_out out = { .to = &body };
    struct transport_status link;
    executor_status(cluster->executor, &link);
    const struct doctor_patient patient = { .config = cluster->config,
                                            .link = &link,
                                            .result = result,
                                            .err = err,
                                            .now_s = clock_wall_us(v->gw->clock) / US_PER_S,
                                            .free_slots = v->slots };
    json_open_object(&out);
    json_member_str(&out, "cluster", cluster->name);
    json_key(&out, "lines");
    json_open_array(&out);
    enum doctor_level worst = doctor_lines(&patient, &out);
    json_close_array(&out);
    json_member_str(&out, "result", doctor_level_word(worst));
    json_close_object(&out);
    const struct answer answer = { .ok = true, .body = str_span(&body) };
    end(v, &answer);
}

static void on_checkup(void *ctx, const struct run_result *result, const struct err *err)
{
    struct visit *v = ctx;
    struct cluster *cluster = cluster_of(v);
    if (cluster && (!err || err->code != ERR_CANCELLED)) {
        fleet_note(v->gw->fleet, cluster, err, result->elapsed_us);
        tell(v, cluster, err ? NULL : result, err);
        return;
    }
    struct answer answer = { .err = { ERR_CANCELLED, "the cluster's configuration changed meanwhile" } };
    end(v, &answer);
}

static void checkup(struct visit *v)
{
    struct err err = { 0 };
    struct cluster *cluster = cluster_of(v);
    if (cluster && executor_checkup(cluster->executor, on_checkup, v, &err) == 0)
        return;
    if (!cluster)
        err_set(&err, ERR_CANCELLED, "the cluster's configuration changed meanwhile");
    const struct answer answer = { .err = err };
    end(v, &answer);
}

/* So many at once as may be: what the server refuses shows in the limit that the transport learns. */
static void on_echo(void *ctx, const struct run_result *result, const struct err *err)
{
    struct visit *v = ctx;
    struct transport_status link;
    struct cluster *cluster = cluster_of(v);
    (void)result;
    if (cluster && !err) {
        executor_status(cluster->executor, &link);
        unsigned max = (unsigned)cluster->config->ssh.max_channels;
        unsigned now = link.channel_limit && link.channel_limit < max ? link.channel_limit : max;
        v->slots = !v->slots || now < v->slots ? now : v->slots;
    }
    if (--v->echoes == 0)
        checkup(v);
}

static void test_channels(void *ctx)
{
    struct visit *v = ctx;
    struct transport_status link;
    struct cluster *cluster = cluster_of(v);
    if (!cluster) {
        checkup(v);
        return;
    }
    executor_status(cluster->executor, &link);
    if (link.state != LINK_UP)
        executor_reconnect(cluster->executor); /* a person asks: an old refusal is no answer */
    unsigned count = cluster->config->host ? (unsigned)cluster->config->ssh.max_channels : 1;
    if (count > MAX_SLOTS)
        count = MAX_SLOTS;
    v->echoes = 1; /* ours, until all are sent */
    for (unsigned i = 0; i < count; i++)
        if (executor_echo(cluster->executor, count > 1 ? SLOT_TEST_MS : 0, on_echo, v, NULL) == 0)
            v->echoes++;
    if (--v->echoes == 0)
        checkup(v);
}

int doctor_check(const struct gateway *gw, const char *name, answer_done *done, void *ctx, struct err *err)
{
    struct cluster *cluster = fleet_find(gw->fleet, name);
    if (!cluster || !cluster->config)
        return err_set(err, ERR_NOT_FOUND, "no cluster %s is configured", name);
    if (!cluster->executor)
        return err_set(err, ERR_CONFLICT, "cluster %s is disabled or cannot be used%s%s", name,
                       cluster->last_error ? ": " : "", cluster->last_error ? cluster->last_error : "");
    struct visit *v = mem_zalloc(sizeof(*v));
    *v = (struct visit){ .gw = gw, .cluster = mem_dup_str(name), .done = done, .ctx = ctx };
    loop_defer(gw->loop, test_channels, v);
    return 0;
}
