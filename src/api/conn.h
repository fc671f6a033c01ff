/* The connections of the HTTP server: who they come from, how many an address has, and until when each must
 * have got on (libmicrohttpd's own time-out starts anew with every byte).
 *
 * A connection past its deadline is shut down; the server then finds it closed. Times are monotonic.
 *
 * At the total, who has waited longest without asking anything makes room for a newcomer: thousands of idle
 * connections, or of headers that never end, keep nobody out. Requests under way are never ended for that. */
#ifndef SLUICE_API_CONN_H
#define SLUICE_API_CONN_H

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum conn_phase {
    CONN_HEADER, /* a new connection's first header: header_s */
    CONN_BODY,   /* the header is there, the body is not: body_s */
    CONN_WORK,   /* we are at it: no deadline */
    CONN_ANSWER, /* the answer is being taken: answer_s */
    CONN_IDLE,   /* kept alive; the next header must be whole after idle_s */
    CONN_PHASE_COUNT
};

enum conn_trust { TRUST_UNKNOWN, TRUST_YES, TRUST_NO };

struct conn {
    struct conn *prev, *next;
    int fd; /* the server's; borrowed */
    struct sockaddr_storage addr;
    bool is_loopback;
    enum conn_trust trust; /* who the peer is does not change while it lives */
    enum conn_phase phase;
    bool is_going;       /* shut down to make room; the server has yet to notice */
    int64_t deadline_us; /* 0 none */
};

struct conn_limits {
    size_t total, per_address; /* an address; loopback is exempt */
    int64_t phase_s[CONN_PHASE_COUNT];
};

enum { CONNS_LEAVING_MAX = 64 }; /* those that make room and have not gone yet, beyond the total */
extern const struct conn_limits conn_limits_default; /* 4,096, 64; 10 s, 30 s, none, 300 s, 75 s */

struct conns {
    const struct clock *clock;
    struct conn_limits limits;
    struct conn *first;
    size_t count, going; /* going: of count, those that make room */
    int64_t next_sweep_us;
};

/* Whether one more from there may come. At the total: after one has been sent away for it. */
bool conns_allow(struct conns *conns, const struct sockaddr *addr);
struct conn *conns_add(struct conns *conns, int fd, const struct sockaddr *addr);
void conns_remove(struct conns *conns, struct conn *conn); /* and frees it */
void conn_enter(struct conns *conns, struct conn *conn, enum conn_phase phase);
/* Shuts down who is late; looks at most once a second. */
void conns_sweep(struct conns *conns);
/* Until the next sweep, -1 where there is no connection. */
int64_t conns_timeout_ms(const struct conns *conns);

#endif
