/* When may we log in? Pure: the time is handed in, in monotonic microseconds.
 *
 * A refusal stops everything until it is forgotten by a person. A failure backs off, 2 s doubling to 5 min, a
 * quarter either way. A connection that broke may come back once at once; if it broke within 10 s of its
 * login, the next loss backs off. Logins are counted over an hour; an urgent run is let through the budget
 * and, 2 s after the last try, through the back-off. */
#ifndef SLUICE_EXEC_SSH_POLICY_H
#define SLUICE_EXEC_SSH_POLICY_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { SSH_POLICY_MAX_LOGINS = 256 };

struct ssh_policy {
    unsigned max_logins_per_hour;
    unsigned failures;
    int64_t last_try_us, next_try_us, up_us; /* 0 none */
    int64_t logins[SSH_POLICY_MAX_LOGINS];   /* a ring, newest at login_count - 1 */
    uint64_t login_count, login_failures;    /* a server that nobody reached refused no login */
    struct err last, refused;                /* code ERR_NONE: none */
    bool needs_person;
};

void ssh_policy_init(struct ssh_policy *p, unsigned max_logins_per_hour);
bool ssh_policy_may_try(struct ssh_policy *p, int64_t now_us, bool urgent, struct err *err);
void ssh_policy_try(struct ssh_policy *p, int64_t now_us);
void ssh_policy_up(struct ssh_policy *p, int64_t now_us);
/* The connection, or the try, ended. was_login: it got as far as the key exchange. random is any number. */
void ssh_policy_down(struct ssh_policy *p, int64_t now_us, const struct err *err, bool was_login,
                     uint32_t random);
unsigned ssh_policy_logins_hour(const struct ssh_policy *p, int64_t now_us);
void ssh_policy_forget(struct ssh_policy *p); /* a person asked */

#endif
