/* What may be reached from here when somebody else chose the address: webhooks and mail servers.
 *
 * Judged is the very address that a socket is about to be opened to, not the name it was found under: no
 * spelling and no resolver that changes its mind gets around it. Without a rule only public addresses on the
 * usual ports pass. A rule (webhooks.allow) opens HOST, HOST:PORT, ADDRESS, ADDRESS:PORT, ADDRESS/BITS,
 * ADDRESS/BITS:PORT, [IPV6] or [IPV6]:PORT; without a port the usual ones. */
#ifndef SLUICE_IO_NET_GUARD_H
#define SLUICE_IO_NET_GUARD_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct sockaddr;
struct net_rule;

struct net_guard {
    struct net_rule *rules;
    size_t count, cap;
};

int net_guard_add(struct net_guard *guard, const char *rule, struct err *err);
void net_guard_clear(struct net_guard *guard);

/* On the internet at large: not loopback, private, link-local, shared, mapped, translated, multicast,
 * documentation or reserved. */
bool net_address_is_public(const struct sockaddr *address);

struct net_target {
    const char *host; /* as the URL names it: lower case, no brackets */
    unsigned port;
    bool is_mail; /* usual are 25, 465, 587; else 80, 443 */
};
bool net_guard_allows(const struct net_guard *guard, const struct net_target *target,
                      const struct sockaddr *address);

#endif
