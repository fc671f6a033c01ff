#include "api/peer.h"

#include "api/peer_ask.h"
#include "base/mem.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* Some 150 bytes a socket; beyond this many the list is read no further and the peer stays unknown. */
enum { MAX_TABLE_BYTES = 16 * 1024 * 1024, END_BYTES = 48 };

static bool is_mapped_loopback(const struct in6_addr *addr)
{
    return IN6_IS_ADDR_V4MAPPED(addr) && addr->s6_addr[12] == 127;
}

bool peer_is_loopback(const struct sockaddr *addr)
{
    if (addr->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)addr)->sin_addr.s_addr) >> 24 == 127;
    if (addr->sa_family != AF_INET6)
        return false;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)addr)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(six) || is_mapped_loopback(six);
}

/* Columns: sl local_address rem_address st queues tr:when retrnsmt uid timeout inode ... */
enum { COLUMN_LOCAL = 1, COLUMN_REMOTE, COLUMN_UID = 7, COLUMN_INODE = 9, COLUMN_COUNT };

static bool split_row(struct span line, struct span columns[COLUMN_COUNT])
{
    size_t count = 0;
    struct span part;
    while (count < COLUMN_COUNT && span_next(&line, ' ', &part))
        if (part.len)
            columns[count++] = part;
    return count == COLUMN_COUNT;
}

bool peer_find(struct span table, struct span local, struct span remote, uid_t *uid)
{
    struct span line, columns[COLUMN_COUNT];
    while (span_next_line(&table, &line)) {
        uint64_t owner, inode;
        /* A cheap look first: most rows are somebody else's. */
        if (span_find(line, local) == line.len || !split_row(line, columns))
            continue;
        if (!span_eq(columns[COLUMN_LOCAL], local) || !span_eq(columns[COLUMN_REMOTE], remote))
            continue;
        if (!span_u64(columns[COLUMN_UID], &owner) || !span_u64(columns[COLUMN_INODE], &inode) || inode == 0)
            return false;
        *uid = (uid_t)owner;
        return true;
    }
    return false;
}

/* The kernel prints each 32-bit word of the address as a number of this machine. */
static void format_end(const struct sockaddr_storage *addr, struct str *to)
{
    if (addr->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)addr;
        str_addf(to, "%08X:%04X", four->sin_addr.s_addr, ntohs(four->sin_port));
        return;
    }
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)addr;
    for (size_t i = 0; i < 4; i++) {
        uint32_t word;
        memcpy(&word, &six->sin6_addr.s6_addr[4 * i], sizeof(word));
        str_addf(to, "%08X", word);
    }
    str_addf(to, ":%04X", ntohs(six->sin6_port));
}

static int cannot_ask(const char *path, const char *why, struct err *err)
{
    return err_set(err, ERR_BUSY, "%s: %s", path, why);
}

static int read_table(const char *path, struct str *table, struct err *err)
{
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cannot_ask(path, strerror(errno), err);
    char chunk[32 * 1024];
    ssize_t got;
    while ((got = read(fd, chunk, sizeof(chunk))) > 0)
        str_add_span(table, (struct span){ chunk, (size_t)got });
    if (got < 0)
        return cannot_ask(path, strerror(errno), err);
    return table->failed ? cannot_ask(path, "too long", err) : 0;
}

/* A peer that spoke IPv4 to a socket of ours that listens on both shows as IPv4-mapped to us only. */
static void unmap(struct sockaddr_storage *addr)
{
    struct sockaddr_in6 six;
    memcpy(&six, addr, sizeof(six));
    if (addr->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&six.sin6_addr))
        return;
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = six.sin6_port };
    memcpy(&four.sin_addr, &six.sin6_addr.s6_addr[12], sizeof(four.sin_addr));
    memset(addr, 0, sizeof(*addr));
    memcpy(addr, &four, sizeof(four));
}

static int find_in_table(const char *path, const struct sockaddr_storage *theirs,
                         const struct sockaddr_storage *ours, uid_t *uid, struct err *err)
{
    auto_str struct str table = STR_MAX(MAX_TABLE_BYTES);
    auto_str struct str local = STR_MAX(END_BYTES);
    auto_str struct str remote = STR_MAX(END_BYTES);
    format_end(theirs, &local);
    format_end(ours, &remote);
    if (read_table(path, &table, err) < 0)
        return -1;
    if (!peer_find(str_span(&table), str_span(&local), str_span(&remote), uid))
        return err_set(err, ERR_DENIED, "%s lists no owner of the connection's other end", path);
    return 0;
}

/* The kernel walks its whole table for the list (measured: 8 ms); asked for one socket it takes microseconds.
 * Where it may not be asked (a sandbox without netlink), the list serves. */
static int find(const struct sockaddr_storage *theirs, const struct sockaddr_storage *ours, uid_t *uid,
                struct err *err)
{
    switch (peer_ask(theirs, ours, uid)) {
    case PEER_FOUND:
        return 0;
    case PEER_NONE:
        return err_set(err, ERR_DENIED, "the kernel knows no owner of the connection's other end");
    case PEER_CANNOT_ASK:
        break;
    }
    return find_in_table(theirs->ss_family == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6", theirs, ours, uid,
                         err);
}

/* Who is not found as IPv6 may stand in the other list; who could not be looked for is not denied by it. */
int peer_uid(int fd, uid_t *uid, struct err *err)
{
    struct err first = { 0 };
    struct sockaddr_storage theirs = { 0 }, ours = { 0 };
    socklen_t len = sizeof(theirs);
    if (getpeername(fd, (struct sockaddr *)&theirs, &len) < 0)
        return cannot_ask("getpeername", strerror(errno), err);
    len = sizeof(ours);
    if (getsockname(fd, (struct sockaddr *)&ours, &len) < 0)
        return cannot_ask("getsockname", strerror(errno), err);
    if (find(&theirs, &ours, uid, &first) == 0)
        return 0;
    unmap(&theirs);
    unmap(&ours);
    if (first.code == ERR_DENIED && theirs.ss_family == AF_INET && ours.ss_family == AF_INET)
        return find(&theirs, &ours, uid, err);
    return err_set(err, first.code, "%s", first.text);
}
