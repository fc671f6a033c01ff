#include "io/net_guard.h"

#include "base/mem.h"
#include "base/span.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_RULE_BYTES = 300 };

struct block {
    int family; /* 0: none */
    unsigned char bytes[16];
    unsigned bits;
};

struct net_rule {
    char *host; /* NULL: block */
    struct block block;
    unsigned port; /* 0: the usual ones */
};

/* --- addresses --- */

static const unsigned char *bytes_of(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return (const unsigned char *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
    if (address->sa_family == AF_INET6)
        return (const unsigned char *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    return NULL;
}

static bool has_prefix(const unsigned char *bytes, const unsigned char *prefix, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (!bytes || memcmp(bytes, prefix, whole) != 0)
        return false;
    return !rest || ((bytes[whole] ^ prefix[whole]) >> (8 - rest)) == 0;
}

/* Not on the internet at large, by the registries of special addresses (RFC 6890 and after). */
static const struct {
    unsigned char bytes[4];
    unsigned bits;
} special_v4[] = {
    { { 0 }, 8 },             /* this network */
    { { 10 }, 8 },            /* private */
    { { 100, 64 }, 10 },      /* shared by carriers */
    { { 127 }, 8 },           /* loopback */
    { { 169, 254 }, 16 },     /* link-local: the clouds' metadata */
    { { 172, 16 }, 12 },      /* private */
    { { 192, 0, 0 }, 24 },    /* protocol assignments */
    { { 192, 0, 2 }, 24 },    /* documentation */
    { { 192, 88, 99 }, 24 },  /* 6to4 relays */
    { { 192, 168 }, 16 },     /* private */
    { { 198, 18 }, 15 },      /* benchmarks */
    { { 198, 51, 100 }, 24 }, /* documentation */
    { { 203, 0, 113 }, 24 },  /* documentation */
    { { 224 }, 4 },           /* multicast */
    { { 240 }, 4 },           /* reserved, broadcast */
};
/* Of IPv6 only 2000::/3 is global; of that these are not, or hide an IPv4 address. */
static const struct {
    unsigned char bytes[8];
    unsigned bits;
} special_v6[] = {
    { { 0x20, 0x01, 0x00 }, 23 },       /* protocol assignments, Teredo */
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation */
    { { 0x20, 0x02 }, 16 },             /* 6to4 */
    { { 0x3f, 0xff, 0x00 }, 20 },       /* documentation */
};

static bool is_public_v6(const unsigned char *bytes)
{
    if (bytes[0] >> 5 != 1)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(special_v6); i++)
        if (has_prefix(bytes, special_v6[i].bytes, special_v6[i].bits))
            return false;
    return true;
}

bool net_address_is_public(const struct sockaddr *address)
{
    const unsigned char *bytes = bytes_of(address);
    if (!bytes)
        return false;
    if (address->sa_family == AF_INET6)
        return is_public_v6(bytes);
    for (size_t i = 0; i < ARRAY_LEN(special_v4); i++)
        if (has_prefix(bytes, special_v4[i].bytes, special_v4[i].bits))
            return false;
    return true;
}

/* --- rules --- */

static bool read_block(const char *text, struct block *block)
{
    struct span rest = span_of(text), address;
    uint64_t bits = 0;
    if (!span_next(&rest, '/', &address))
        return false;
    auto_free char *alone = span_dup(address);
    struct block read = { .family = strchr(alone, ':') ? AF_INET6 : AF_INET };
    unsigned full = read.family == AF_INET6 ? 128 : 32;
    if (inet_pton(read.family, alone, read.bytes) != 1 || (strchr(text, '/') && !rest.len))
        return false;
    if (rest.len && (!span_u64(rest, &bits) || bits > full))
        return false;
    read.bits = rest.len ? (unsigned)bits : full;
    *block = read;
    return true;
}

/* A letter somewhere: digits and dots alone are an address that was mistyped. */
static bool is_host(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
    return len > 0 && text[len] == '\0' && text[0] != '.' && text[0] != '-' &&
           strpbrk(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

/* "[::1]:80", "[::1]", "10.0.0.0/8:80", "host:80", "::1": the name in *name, the port in *port. */
static bool split(const char *rule, char **name, unsigned *port)
{
    struct span all = span_of(rule), digits = { 0 };
    uint64_t number = 0;
    size_t end = span_find_char(all, ']');
    if (all.len && all.ptr[0] == '[') {
        if (end == all.len)
            return false;
        digits = span_skip(all, end + 1);
        all = (struct span){ all.ptr + 1, end - 1 };
    } else if (span_find_char(all, ':') < all.len && strchr(rule, ':') == strrchr(rule, ':')) {
        end = span_find_char(all, ':');
        digits = span_skip(all, end);
        all = span_head(all, end);
    }
    if (digits.len &&
        (digits.ptr[0] != ':' || !span_u64(span_skip(digits, 1), &number) || number == 0 || number > 65535))
        return false;
    *port = (unsigned)number;
    *name = span_dup(all);
    return true;
}

int net_guard_add(struct net_guard *guard, const char *rule, struct err *err)
{
    struct net_rule made = { 0 };
    auto_free char *name = NULL;
    if (strlen(rule) > MAX_RULE_BYTES || !split(rule, &name, &made.port) ||
        !(read_block(name, &made.block) || (rule[0] != '[' && is_host(name))))
        return err_set(err, ERR_INVALID,
                       "webhooks.allow: \"%.100s\" is none of HOST, ADDRESS, ADDRESS/BITS or [IPV6], with or "
                       "without :PORT",
                       rule);
    if (!made.block.family)
        made.host = move_ptr(name);
    *vec_push(guard->rules, guard->count, guard->cap) = made;
    return 0;
}

void net_guard_clear(struct net_guard *guard)
{
    for (size_t i = 0; i < guard->count; i++)
        free(guard->rules[i].host);
    free(guard->rules);
    *guard = (struct net_guard){ 0 };
}

static bool is_usual(const struct net_target *target)
{
    if (target->is_mail)
        return target->port == 25 || target->port == 465 || target->port == 587;
    return target->port == 80 || target->port == 443;
}

static bool rule_fits(const struct net_rule *rule, const struct net_target *target,
                      const struct sockaddr *address)
{
    if (rule->port ? rule->port != target->port : !is_usual(target))
        return false;
    if (rule->host)
        return strcasecmp(rule->host, target->host) == 0;
    return rule->block.family == address->sa_family &&
           has_prefix(bytes_of(address), rule->block.bytes, rule->block.bits);
}

bool net_guard_allows(const struct net_guard *guard, const struct net_target *target,
                      const struct sockaddr *address)
{
    if (!bytes_of(address))
        return false;
    for (size_t i = 0; i < guard->count; i++)
        if (rule_fits(&guard->rules[i], target, address))
            return true;
    return is_usual(target) && net_address_is_public(address);
}
