#include "exec/ssh_agent.h"

#include "base/mem.h"
#include "base/str.h"
#include "exec/ssh_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MSG_LIST = 11, MSG_KEYS = 12, MSG_SIGN = 13, MSG_SIGNATURE = 14 };
enum { LIST_MS = 5000, SIGN_MS = 60000 /* a person may have to confirm */ };

struct agent_key {
    struct span key, comment;
};

struct ssh_agent {
    int fd;
    struct loop_watch *watch;
    struct loop_timer *timer;
    struct str request, reply, list; /* list keeps the bytes that keys point into */
    size_t sent;
    bool is_asking;
    struct agent_key keys[MAX_AGENT_KEYS];
    size_t key_count;
    loop_fn *wake;
    void *ctx;
};

static void on_event(void *ctx, unsigned events)
{
    (void)events;
    struct ssh_agent *agent = ctx;
    loop_watch_set(agent->watch, 0); /* until the next look asks again */
    agent->wake(agent->ctx);
}

int ssh_agent_open(struct loop *loop, const char *socket_path, loop_fn *wake, void *ctx,
                   struct ssh_agent **out, struct err *err)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    if (strlen(socket_path) >= sizeof(addr.sun_path))
        return err_set(err, ERR_INVALID, "the agent's socket path is too long");
    memcpy(addr.sun_path, socket_path, strlen(socket_path));
    auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
        return err_errno(err, errno, "ssh agent %s", socket_path);
    struct ssh_agent *agent = mem_zalloc(sizeof(*agent));
    agent->wake = wake;
    agent->ctx = ctx;
    agent->request = agent->reply = agent->list = STR_MAX(MAX_AGENT_BYTES);
    agent->watch = loop_watch_fd(loop, fd, 0, on_event, agent);
    agent->timer = loop_timer_new(loop, wake, ctx);
    agent->fd = move_fd(fd);
    *out = agent;
    return 0;
}

void ssh_agent_free(struct ssh_agent *agent)
{
    if (!agent)
        return;
    loop_watch_free(agent->watch);
    loop_timer_free(agent->timer);
    close(agent->fd);
    str_clear(&agent->request);
    str_clear(&agent->reply);
    str_clear(&agent->list);
    free(agent);
}

static void ask(struct ssh_agent *agent, struct span body, int64_t patience_ms)
{
    str_cut(&agent->request, 0);
    str_cut(&agent->reply, 0);
    ssh_wire_add_string(&agent->request, body);
    agent->sent = 0;
    agent->is_asking = true;
    loop_timer_start(agent->timer, patience_ms);
}

static int again(struct ssh_agent *agent, unsigned events, struct err *err)
{
    if (!loop_timer_is_running(agent->timer))
        return err_set(err, ERR_TIMEOUT, "the ssh agent does not answer");
    loop_watch_set(agent->watch, events);
    return SSH_AGENT_AGAIN;
}

static int send_request(struct ssh_agent *agent, struct err *err)
{
    while (agent->sent < agent->request.len) {
        struct span rest = span_skip(str_span(&agent->request), agent->sent);
        ssize_t n = send(agent->fd, rest.ptr, rest.len, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN)
            return again(agent, LOOP_WRITE, err);
        if (n < 0)
            return err_errno(err, errno, "ssh agent");
        agent->sent += (size_t)n;
    }
    return 0;
}

/* 0 with the whole answer's body. */
static int receive(struct ssh_agent *agent, struct span *body, struct err *err)
{
    char buf[4096];
    for (;;) {
        struct span have = str_span(&agent->reply);
        if (ssh_wire_take_string(&have, body))
            break;
        ssize_t n = recv(agent->fd, buf, sizeof(buf), 0);
        if (n < 0 && errno == EAGAIN)
            return again(agent, LOOP_READ, err);
        if (n <= 0)
            return err_set(err, ERR_IO, "the ssh agent hung up");
        str_add_span(&agent->reply, (struct span){ buf, (size_t)n });
        if (agent->reply.failed)
            return err_set(err, ERR_TOO_LARGE, "the ssh agent's answer is too large");
    }
    agent->is_asking = false;
    loop_timer_stop(agent->timer);
    return 0;
}

static int parse_keys(struct ssh_agent *agent, struct span body, struct err *err)
{
    uint32_t count = 0;
    str_cut(&agent->list, 0);
    str_add_span(&agent->list, span_skip(body, 1));
    struct span rest = str_span(&agent->list);
    if (!body.len || body.ptr[0] != MSG_KEYS || !ssh_wire_take_u32(&rest, &count))
        return err_set(err, ERR_IO, "the ssh agent lists no keys");
    agent->key_count = 0;
    for (uint32_t i = 0; i < count && i < MAX_AGENT_KEYS; i++) {
        struct agent_key *key = &agent->keys[i];
        if (!ssh_wire_take_string(&rest, &key->key) || !ssh_wire_take_string(&rest, &key->comment))
            return err_set(err, ERR_IO, "the ssh agent's list of keys is cut");
        agent->key_count = i + 1;
    }
    return 0;
}

int ssh_agent_list(struct ssh_agent *agent, struct err *err)
{
    struct span body;
    static const char list[] = { MSG_LIST };
    if (!agent->is_asking)
        ask(agent, (struct span){ list, 1 }, LIST_MS);
    int rc = send_request(agent, err);
    if (rc == 0)
        rc = receive(agent, &body, err);
    return rc == 0 ? parse_keys(agent, body, err) : rc;
}

size_t ssh_agent_count(const struct ssh_agent *agent)
{
    return agent->key_count;
}

struct span ssh_agent_key(const struct ssh_agent *agent, size_t index)
{
    return agent->keys[index].key;
}

struct span ssh_agent_comment(const struct ssh_agent *agent, size_t index)
{
    return agent->keys[index].comment;
}

static void ask_signature(struct ssh_agent *agent, size_t index, struct span data)
{
    auto_str struct str body = STR_MAX(MAX_AGENT_BYTES);
    str_add_char(&body, MSG_SIGN);
    ssh_wire_add_string(&body, agent->keys[index].key);
    ssh_wire_add_string(&body, data);
    ssh_wire_add_u32(&body, 0);
    ask(agent, str_span(&body), SIGN_MS);
}

int ssh_agent_sign(struct ssh_agent *agent, size_t index, struct span data, struct span *sig, struct err *err)
{
    struct span body = { 0 }, blob, type, bare;
    if (!agent->is_asking)
        ask_signature(agent, index, data);
    int rc = send_request(agent, err);
    if (rc == 0)
        rc = receive(agent, &body, err);
    if (rc != 0)
        return rc;
    struct span rest = span_skip(body, 1);
    bool is_good = body.len && body.ptr[0] == MSG_SIGNATURE && ssh_wire_take_string(&rest, &blob) &&
                   ssh_wire_take_string(&blob, &type) && ssh_wire_take_string(&blob, &bare);
    if (!is_good)
        return err_set(err, ERR_AUTH, "the ssh agent refused to sign");
    *sig = (struct span){ span_dup(bare), bare.len };
    return 0;
}
