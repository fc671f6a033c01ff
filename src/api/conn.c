#include "api/conn.h"

#include "api/peer.h"
#include "base/mem.h"

#include <netinet/in.h>
#include <string.h>

const struct conn_limits conn_limits_default = {
    .total = 4096,
    .per_address = 64,
    .phase_s = { [CONN_HEADER] = 10, [CONN_BODY] = 30, [CONN_ANSWER] = 300, [CONN_IDLE] = 75 },
};

static bool same_address(const struct sockaddr *a, const struct sockaddr *b)
{
    if (a->sa_family != b->sa_family)
        return false;
    if (a->sa_family == AF_INET)
        return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
               ((const struct sockaddr_in *)b)->sin_addr.s_addr;
    if (a->sa_family != AF_INET6)
        return false;
    const struct in6_addr *x = &((const struct sockaddr_in6 *)a)->sin6_addr;
    const struct in6_addr *y = &((const struct sockaddr_in6 *)b)->sin6_addr;
    /* Who has one IPv6 address has 2^64: the network counts. */
    return memcmp(x, y, IN6_IS_ADDR_V4MAPPED(x) ? sizeof(*x) : sizeof(*x) / 2) == 0;
}

static bool is_over_its_share(const struct conns *conns, const struct sockaddr *addr)
{
    if (peer_is_loopback(addr))
        return false;
    size_t same = 0;
    for (const struct conn *conn = conns->first; conn; conn = conn->next)
        same += same_address((const struct sockaddr *)&conn->addr, addr);
    return same >= conns->limits.per_address;
}

/* For how long nothing was asked there; -1 where something is under way, as a header may be for a second. */
static int64_t waited_us(const struct conns *conns, const struct conn *conn, int64_t now)
{
    if ((conn->phase != CONN_HEADER && conn->phase != CONN_IDLE) || conn->is_going || !conn->deadline_us)
        return -1;
    int64_t waited = now - (conn->deadline_us - conns->limits.phase_s[conn->phase] * US_PER_S);
    return conn->phase == CONN_HEADER && waited < US_PER_S ? -1 : waited;
}

static bool make_room(struct conns *conns)
{
    struct conn *longest = NULL;
    int64_t now = clock_mono_us(conns->clock), most_us = -1;
    for (struct conn *conn = conns->first; conn; conn = conn->next) {
        int64_t waited = waited_us(conns, conn, now);
        if (waited > most_us) {
            most_us = waited;
            longest = conn;
        }
    }
    if (!longest || conns->going >= CONNS_LEAVING_MAX)
        return false;
    (void)shutdown(longest->fd, SHUT_RDWR);
    longest->is_going = true;
    longest->deadline_us = 0;
    conns->going++;
    return true;
}

bool conns_allow(struct conns *conns, const struct sockaddr *addr)
{
    if (is_over_its_share(conns, addr))
        return false;
    return conns->count - conns->going < conns->limits.total || make_room(conns);
}

static size_t address_bytes(const struct sockaddr *addr)
{
    return addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

struct conn *conns_add(struct conns *conns, int fd, const struct sockaddr *addr)
{
    struct conn *conn = mem_zalloc(sizeof(*conn));
    conn->fd = fd;
    memcpy(&conn->addr, addr, address_bytes(addr));
    conn->is_loopback = peer_is_loopback(addr);
    conn->next = conns->first;
    if (conn->next)
        conn->next->prev = conn;
    conns->first = conn;
    conns->count++;
    conn_enter(conns, conn, CONN_HEADER);
    return conn;
}

void conns_remove(struct conns *conns, struct conn *conn)
{
    if (conn->prev)
        conn->prev->next = conn->next;
    else
        conns->first = conn->next;
    if (conn->next)
        conn->next->prev = conn->prev;
    conns->count--;
    conns->going -= conn->is_going;
    mem_free_ptr(&conn);
}

void conn_enter(struct conns *conns, struct conn *conn, enum conn_phase phase)
{
    int64_t seconds = conns->limits.phase_s[phase];
    conn->phase = phase;
    conn->deadline_us = seconds ? clock_mono_us(conns->clock) + seconds * US_PER_S : 0;
}

void conns_sweep(struct conns *conns)
{
    int64_t now = clock_mono_us(conns->clock);
    if (now < conns->next_sweep_us)
        return;
    conns->next_sweep_us = now + US_PER_S;
    for (struct conn *conn = conns->first; conn; conn = conn->next) {
        if (conn->deadline_us && conn->deadline_us <= now) {
            (void)shutdown(conn->fd, SHUT_RDWR);
            conn->deadline_us = 0;
        }
    }
}

int64_t conns_timeout_ms(const struct conns *conns)
{
    if (!conns->first)
        return -1;
    int64_t left_us = conns->next_sweep_us - clock_mono_us(conns->clock);
    return left_us > 0 ? (left_us + US_PER_MS - 1) / US_PER_MS : 0;
}
