#include "exec/ssh_conn.h"

#include "base/log.h"
#include "base/mem.h"
#include "exec/ssh_auth.h"
#include "exec/ssh_hostkey.h"
#include "exec/ssh_methods.h"
#include "exec/ssh_socket.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

enum conn_state { CONN_DOWN, CONN_RESOLVE, CONN_CONNECT, CONN_HANDSHAKE, CONN_AUTH, CONN_UP };
static const char *const state_names[] = { "down", "resolve", "connect", "handshake", "auth", "up" };

enum { MAX_ADDRESSES = 16 };

struct address {
    struct sockaddr_storage addr;
    socklen_t len;
};

struct ssh_conn {
    struct ssh_settings *set;
    struct ssh_conn_owner owner;
    enum conn_state state;
    struct ssh_socket sock;
    LIBSSH2_SESSION *session;
    struct loop_watch *watch;
    struct loop_timer *timer; /* deadline of the step before up, keepalive when up */
    struct loop_resolve *resolve;
    struct address addresses[MAX_ADDRESSES];
    size_t address_count, next_address;
    struct str known_hosts;
    struct ssh_auth *auth;
    struct err last_err;
    bool was_login, needs_person, has_no_reader;
    bool in_pool, is_orphan; /* a pass phrase is at work in the pool: the session is not ours meanwhile */
    enum ssh_auth_step pool_step;
    struct err pool_err, pending; /* pending: a failure that came while in the pool */
};

static void advance(struct ssh_conn *c);
static void connect_next(struct ssh_conn *c);
static void update_watch(struct ssh_conn *c);

static void enter(struct ssh_conn *c, enum conn_state next)
{
    log_debug("ssh %s: %s -> %s", c->set->name, state_names[c->state], state_names[next]);
    c->state = next;
}

/* --- closing --- */

static void close_session(struct ssh_conn *c)
{
    ssh_auth_free(c->auth);
    c->auth = NULL;
    if (c->session) {
        if (c->state == CONN_UP)
            libssh2_session_disconnect_ex(c->session, SSH_DISCONNECT_BY_APPLICATION, "bye", "");
        c->sock.is_dead = true; /* nothing in there may wait any more */
        for (int i = 0; i < 100 && libssh2_session_free(c->session) == LIBSSH2_ERROR_EAGAIN; i++)
            continue;
        c->session = NULL;
    }
    loop_watch_free(c->watch);
    c->watch = NULL;
    ssh_socket_close(&c->sock);
    str_clear(&c->known_hosts);
}

static void close_all(struct ssh_conn *c)
{
    loop_resolve_cancel(c->resolve);
    c->resolve = NULL;
    loop_timer_stop(c->timer);
    close_session(c);
    enter(c, CONN_DOWN);
}

void ssh_conn_fail(struct ssh_conn *c, const struct err *err)
{
    struct err why = *err;
    if (c->state == CONN_DOWN)
        return;
    if (c->in_pool) {
        c->pending = why;
        return;
    }
    bool needs_person = c->needs_person;
    close_all(c);
    c->owner.down(c->owner.ctx, &why, needs_person);
}

static void fail_libssh2(struct ssh_conn *c, const char *what)
{
    struct err err = { 0 };
    char *text = NULL;
    libssh2_session_last_error(c->session, &text, NULL, 0);
    err_set(&err, ERR_OFFLINE, "%s: %s: %s", c->set->host, what, text && *text ? text : "connection closed");
    ssh_conn_fail(c, &err);
}

static void on_timer(void *ctx)
{
    struct ssh_conn *c = ctx;
    struct err err = { 0 };
    if (c->state == CONN_UP) {
        /* want_reply=0: a reply would stay in libssh2's packet list for ever. The kernel notices a silent
         * peer. */
        int unused;
        libssh2_keepalive_send(c->session, &unused);
        update_watch(c);
        return;
    }
    if (c->state == CONN_CONNECT && c->next_address < c->address_count) {
        connect_next(c);
        return;
    }
    static const char *const doing[] = { [CONN_RESOLVE] = "finding its address",
                                         [CONN_CONNECT] = "connecting",
                                         [CONN_HANDSHAKE] = "the key exchange",
                                         [CONN_AUTH] = "the login" };
    err_set(&err, ERR_TIMEOUT, "%s:%u: %s took longer than %lld s", c->set->host, c->set->port,
            doing[c->state], (long long)c->set->connect_timeout_ms / 1000);
    ssh_conn_fail(c, &err);
}

/* --- events --- */

static void update_watch(struct ssh_conn *c)
{
    if (!c->watch || c->in_pool)
        return;
    bool wants_write = c->state == CONN_CONNECT || ssh_socket_unsent(&c->sock);
    bool wants_read = c->state != CONN_UP || !c->has_no_reader;
    loop_watch_set(c->watch, (wants_read ? LOOP_READ : 0) | (wants_write ? LOOP_WRITE : 0));
}

static void on_event(void *ctx, unsigned events)
{
    (void)events;
    struct ssh_conn *c = ctx;
    if (c->in_pool)
        return;
    if (c->state != CONN_CONNECT)
        ssh_socket_flush(&c->sock);
    if (c->state == CONN_UP)
        c->owner.ready(c->owner.ctx);
    else
        advance(c);
    update_watch(c);
}

/* --- addresses and TCP --- */

static void start_session(struct ssh_conn *c)
{
    struct err err = { 0 };
    str_clear(&c->known_hosts);
    if (ssh_hostkey_read(c->set, &c->known_hosts, &err) < 0) {
        ssh_conn_fail(c, &err);
        return;
    }
    c->session = libssh2_session_init_ex(NULL, NULL, NULL, &c->sock);
    if (!c->session)
        abort();
    libssh2_session_set_blocking(c->session, 0);
    libssh2_session_callback_set(c->session, LIBSSH2_CALLBACK_RECV, (void *)(uintptr_t)ssh_socket_recv);
    libssh2_session_callback_set(c->session, LIBSSH2_CALLBACK_SEND, (void *)(uintptr_t)ssh_socket_send);
    if (ssh_methods_set(c->session, c->set, str_span(&c->known_hosts), &err) < 0) {
        ssh_conn_fail(c, &err);
        return;
    }
    c->was_login = true;
    enter(c, CONN_HANDSHAKE);
    loop_timer_start(c->timer, c->set->connect_timeout_ms);
    advance(c);
}

static void connect_next(struct ssh_conn *c)
{
    loop_watch_free(c->watch);
    c->watch = NULL;
    ssh_socket_close(&c->sock);
    while (c->next_address < c->address_count) {
        const struct address *a = &c->addresses[c->next_address++];
        if (ssh_socket_connect(&c->sock, (const struct sockaddr *)&a->addr, a->len, c->set->keepalive_ms,
                               &c->last_err) < 0)
            continue;
        c->watch = loop_watch_fd(c->set->loop, c->sock.fd, LOOP_READ | LOOP_WRITE, on_event, c);
        loop_timer_start(c->timer, c->set->connect_timeout_ms);
        return;
    }
    struct err err = c->last_err;
    err_wrap(&err, "%s:%u", c->set->host, c->set->port);
    ssh_conn_fail(c, &err);
}

static void on_resolved(void *ctx, const struct addrinfo *addrs, const struct err *err)
{
    struct ssh_conn *c = ctx;
    c->resolve = NULL;
    if (err) {
        ssh_conn_fail(c, err);
        return;
    }
    c->address_count = c->next_address = 0;
    for (; addrs && c->address_count < MAX_ADDRESSES; addrs = addrs->ai_next) {
        struct address *a = &c->addresses[c->address_count++];
        memcpy(&a->addr, addrs->ai_addr, addrs->ai_addrlen);
        a->len = addrs->ai_addrlen;
    }
    enter(c, CONN_CONNECT);
    connect_next(c);
}

static void step_connect(struct ssh_conn *c)
{
    if (ssh_socket_connected(&c->sock, &c->last_err) < 0)
        connect_next(c);
    else
        start_session(c);
}

/* --- key exchange and login --- */

static void fail_handshake(struct ssh_conn *c, int rc)
{
    struct err err = { 0 };
    if (rc != LIBSSH2_ERROR_KEX_FAILURE || !ssh_methods_explain(str_span(&c->sock.first), &err)) {
        fail_libssh2(c, "key exchange");
        return;
    }
    err_wrap(&err, "%s", c->set->host);
    ssh_conn_fail(c, &err);
}

static void wake_auth(void *ctx)
{
    struct ssh_conn *c = ctx;
    if (c->state == CONN_AUTH && !c->in_pool) {
        advance(c);
        update_watch(c);
    }
}

static void step_handshake(struct ssh_conn *c)
{
    struct err err = { 0 };
    int rc = libssh2_session_handshake(c->session, c->sock.fd);
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return;
    if (rc != 0) {
        fail_handshake(c, rc);
        return;
    }
    if (ssh_hostkey_check(c->session, c->set, str_span(&c->known_hosts), &err) < 0) {
        ssh_conn_fail(c, &err);
        return;
    }
    str_clear(&c->known_hosts);
    c->sock.first.max = c->sock.first.len;
    c->auth = ssh_auth_new(c->session, c->set, wake_auth, c);
    enter(c, CONN_AUTH);
    loop_timer_start(c->timer, c->set->connect_timeout_ms);
    advance(c);
}

static void finish_auth(struct ssh_conn *c, enum ssh_auth_step step, const struct err *err)
{
    if (step == SSH_AUTH_AGAIN)
        return;
    if (step != SSH_AUTH_DONE) {
        c->needs_person = step == SSH_AUTH_PROMPTS;
        ssh_conn_fail(c, err);
        return;
    }
    ssh_auth_free(c->auth);
    c->auth = NULL;
    str_clear(&c->sock.first);
    c->sock.first.max = 0;
    libssh2_keepalive_config(c->session, 0, 2);
    enter(c, CONN_UP);
    loop_timer_repeat(c->timer, c->set->keepalive_ms, c->set->keepalive_ms);
    c->owner.up(c->owner.ctx);
}

static void go_to_pool(struct ssh_conn *c);

static void in_pool(void *ctx)
{
    struct ssh_conn *c = ctx;
    c->pool_step = ssh_auth_step(c->auth, &c->pool_err);
}

static void after_pool(void *ctx)
{
    struct ssh_conn *c = ctx;
    c->in_pool = false;
    if (c->is_orphan) {
        ssh_conn_free(c);
        return;
    }
    if (c->pending.code != ERR_NONE) {
        ssh_conn_fail(c, &c->pending);
        return;
    }
    if (c->pool_step == SSH_AUTH_POOL)
        go_to_pool(c);
    else
        finish_auth(c, c->pool_step, &c->pool_err);
    update_watch(c);
}

static void go_to_pool(struct ssh_conn *c)
{
    loop_watch_set(c->watch, 0);
    c->in_pool = true;
    c->pending = (struct err){ 0 };
    loop_work(c->set->loop, in_pool, after_pool, c);
}

static void step_auth(struct ssh_conn *c)
{
    struct err err = { 0 };
    enum ssh_auth_step step = ssh_auth_step(c->auth, &err);
    if (step != SSH_AUTH_POOL) {
        finish_auth(c, step, &err);
        return;
    }
    go_to_pool(c);
}

static void advance(struct ssh_conn *c)
{
    if (c->state == CONN_CONNECT)
        step_connect(c);
    else if (c->state == CONN_HANDSHAKE)
        step_handshake(c);
    else if (c->state == CONN_AUTH)
        step_auth(c);
}

/* --- from outside --- */

struct ssh_conn *ssh_conn_new_take(struct ssh_settings *set, const struct ssh_conn_owner *owner)
{
    struct ssh_conn *c = mem_zalloc(sizeof(*c));
    c->set = set;
    c->owner = *owner;
    ssh_socket_init(&c->sock);
    c->timer = loop_timer_new(set->loop, on_timer, c);
    return c;
}

void ssh_conn_free(struct ssh_conn *c)
{
    if (!c)
        return;
    if (c->in_pool) {
        c->is_orphan = true;
        loop_timer_stop(c->timer);
        return;
    }
    close_all(c);
    loop_timer_free(c->timer);
    ssh_settings_clear(c->set);
    free(c->set);
    free(c);
}

void ssh_conn_start(struct ssh_conn *c)
{
    c->was_login = c->needs_person = false;
    c->last_err = (struct err){ .code = ERR_OFFLINE, .text = "no address" };
    enter(c, CONN_RESOLVE);
    loop_timer_start(c->timer, c->set->connect_timeout_ms);
    c->resolve = loop_resolve(c->set->loop, c->set->host, c->set->port, on_resolved, c);
}

bool ssh_conn_is_up(const struct ssh_conn *c)
{
    return c->state == CONN_UP;
}

bool ssh_conn_is_down(const struct ssh_conn *c)
{
    return c->state == CONN_DOWN;
}

bool ssh_conn_was_login(const struct ssh_conn *c)
{
    return c->was_login;
}

LIBSSH2_SESSION *ssh_conn_session(const struct ssh_conn *c)
{
    return c->session;
}

uint64_t ssh_conn_received(const struct ssh_conn *c)
{
    return c->sock.received;
}

bool ssh_conn_is_full(const struct ssh_conn *c)
{
    return ssh_socket_unsent(&c->sock) > SSH_SEND_HIGH_BYTES;
}

void ssh_conn_calm(struct ssh_conn *c)
{
    c->sock.wants_quick_ack = false;
}

uint64_t ssh_conn_sent(const struct ssh_conn *c)
{
    return c->sock.sent;
}

void ssh_conn_sync(struct ssh_conn *c, bool has_reader)
{
    c->has_no_reader = !has_reader;
    update_watch(c);
}
