#include "svc/cluster/connect.h"

#include "base/limits.h"
#include "base/mem.h"
#include "io/loop.h"
#include "svc/cluster/fleet.h"
#include "text/json_out.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { LOOK_MS = 50, LONGEST_MS = 25 * 1000, MAX_ANSWERS = 8, MAX_STATE_BYTES = 64 * 1024 };

/* One visit: its answers wait for their prompts. */
struct visit {
    struct visit *prev, *next;
    struct connect *connect;
    char *cluster;
    char *answers[MAX_ANSWERS];
    size_t count, given;
    bool has_begun, is_login; /* is_login: one with prompts */
    struct loop_timer *timer;
    int64_t since_ms;
    answer_done *done;
    void *ctx;
};

struct connect {
    const struct gateway *gw;
    struct visit *visits;
};

struct connect *connect_new(const struct gateway *gw)
{
    struct connect *connect = mem_zalloc(sizeof(*connect));
    connect->gw = gw;
    return connect;
}

static void visit_free(struct visit *v)
{
    for (size_t i = 0; i < v->count; i++) {
        explicit_bzero(v->answers[i], strlen(v->answers[i]));
        free(v->answers[i]);
    }
    loop_timer_free(v->timer);
    free(v->cluster);
    free(v);
}

static void end(struct visit *v, const struct answer *answer)
{
    DL_DELETE(v->connect->visits, v);
    v->done(v->ctx, answer);
    visit_free(v);
}

static void fail(struct visit *v, const struct err *err)
{
    const struct answer answer = { .err = *err };
    end(v, &answer);
}

void connect_free(struct connect *connect)
{
    struct err err = { 0 };
    err_set(&err, ERR_CANCELLED, "the gateway is closing");
    while (connect && connect->visits)
        fail(connect->visits, &err);
    free(connect);
}

static struct cluster *cluster_of(const struct visit *v)
{
    struct cluster *cluster = fleet_find(v->connect->gw->fleet, v->cluster);
    return cluster && cluster->executor && cluster->config ? cluster : NULL;
}

static void add_prompts(struct json_out *out, const char *prompt)
{
    json_key(out, "prompts");
    json_open_array(out);
    if (prompt) {
        json_open_object(out);
        json_member_str(out, "text", prompt);
        json_member_bool(out, "echo", false); /* ssh does not tell its helper */
        json_close_object(out);
    }
    json_close_array(out);
}

static void tell(struct visit *v, struct cluster *cluster, const struct transport_status *status)
{
    if (status->state == LINK_UP)
        fleet_note(v->connect->gw->fleet, cluster, NULL, status->latency_us);
    auto_str struct str body = STR_MAX(MAX_STATE_BYTES);
    struct json_out out = { .to = &body };
    json_open_object(&out);
    json_member_str(&out, "cluster", cluster->name);
    json_member_str(&out, "state", fleet_link_word(status->state));
    json_member_str(&out, "backend", status->backend);
    add_prompts(&out, status->prompt);
    if (status->state != LINK_UP)
        json_member_str(&out, "error", status->error);
    json_member_str(&out, "instructions", cluster->config->connection_instructions);
    json_close_object(&out);
    const struct answer answer = { .ok = true, .body = str_span(&body) };
    end(v, &answer);
}

static void on_echo(void *ctx, const struct run_result *result, const struct err *err);

/* A command that does nothing makes the connection, whatever the way. */
static void send_echo(struct visit *v, struct cluster *cluster)
{
    struct err err = { 0 };
    if (executor_echo(cluster->executor, 0, on_echo, v, &err) < 0)
        fail(v, &err);
}

static int begin_login(struct visit *v, struct cluster *cluster, struct err *err)
{
    v->is_login = true;
    if (executor_login(cluster->executor, NULL, err) < 0)
        return -1;
    loop_timer_start(v->timer, LOOK_MS);
    return 0;
}

/* Nobody but a person gets in: then this is the person. */
static void on_echo(void *ctx, const struct run_result *result, const struct err *err)
{
    (void)result;
    struct visit *v = ctx;
    struct err why = { 0 };
    struct cluster *cluster = cluster_of(v);
    if (!cluster) {
        fail(v, err ? err : &(const struct err){ ERR_NOT_FOUND, "the cluster has gone" });
        return;
    }
    struct transport_status status;
    executor_status(cluster->executor, &status);
    if (status.state != LINK_NEEDS_LOGIN || v->is_login || status.prompt)
        tell(v, cluster, &status);
    else if (begin_login(v, cluster, &why) < 0)
        fail(v, &why);
}

static bool is_settled(const struct transport_status *status)
{
    return status->prompt || status->state != LINK_CONNECTING;
}

static void begin(struct visit *v, struct cluster *cluster);

static void look(void *ctx)
{
    struct visit *v = ctx;
    struct err err = { 0 };
    struct cluster *cluster = cluster_of(v);
    struct transport_status status;
    if (!cluster) {
        err_set(&err, ERR_NOT_FOUND, "cluster %s has gone", v->cluster);
        fail(v, &err);
        return;
    }
    if (!v->has_begun) {
        begin(v, cluster);
        return;
    }
    executor_status(cluster->executor, &status);
    bool has_more = status.prompt && v->given < v->count;
    if (has_more && executor_login(cluster->executor, v->answers[v->given++], &err) < 0) {
        fail(v, &err);
        return;
    }
    bool is_late = loop_now_ms(v->connect->gw->loop) - v->since_ms > LONGEST_MS;
    if (is_late || (!has_more && is_settled(&status)))
        tell(v, cluster, &status);
    else
        loop_timer_start(v->timer, LOOK_MS);
}

static int read_answers(struct visit *v, const struct doc *body, struct err *err)
{
    const struct doc *list = doc_get(body, "answers");
    if (!list || list->kind == DOC_NULL)
        return 0;
    if (list->kind != DOC_SEQ || list->count > MAX_ANSWERS)
        return err_set(err, ERR_INVALID, "answers is a list of at most %d strings", MAX_ANSWERS);
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].kind != DOC_STR)
            return err_set(err, ERR_INVALID, "answers[%zu] is no string", i);
        v->answers[v->count++] = mem_dup_str(list->items[i].text);
    }
    return 0;
}

/* After this, done will be called. */
static void begin(struct visit *v, struct cluster *cluster)
{
    struct err err = { 0 };
    struct transport_status status;
    v->has_begun = true;
    executor_status(cluster->executor, &status);
    if (v->count || status.prompt || status.state == LINK_CONNECTING) {
        if (v->count && !status.prompt) {
            err_set(&err, ERR_CONFLICT, "the login of %s asks nothing now", cluster->name);
            fail(v, &err);
            return;
        }
        loop_timer_start(v->timer, 0);
        return;
    }
    if (status.state != LINK_UP)
        executor_reconnect(cluster->executor);
    send_echo(v, cluster);
}

int connect_start(struct connect *connect, const char *name, const struct doc *body, answer_done *done,
                  void *ctx, struct err *err)
{
    struct cluster *cluster = fleet_find(connect->gw->fleet, name);
    if (!cluster || !cluster->config)
        return err_set(err, ERR_NOT_FOUND, "no cluster %s is configured", name);
    if (!cluster->executor)
        return err_set(err, ERR_CONFLICT, "cluster %s is disabled or cannot be used%s%s", name,
                       cluster->last_error ? ": " : "", cluster->last_error ? cluster->last_error : "");
    struct visit *v = mem_zalloc(sizeof(*v));
    *v = (struct visit){ .connect = connect, .cluster = mem_dup_str(name), .done = done, .ctx = ctx };
    if (read_answers(v, body, err) < 0) {
        visit_free(v);
        return -1;
    }
    DL_APPEND(connect->visits, v);
    v->since_ms = loop_now_ms(connect->gw->loop);
    v->timer = loop_timer_new(connect->gw->loop, look, v);
    loop_timer_start(v->timer, 0);
    return 0;
}
