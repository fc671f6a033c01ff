#include "api/peer_ask.h"

#include "base/mem.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

struct question {
    struct nlmsghdr header;
    struct inet_diag_req_v2 about;
};

static void set_end(const struct sockaddr_storage *from, __be16 *port, __be32 address[4])
{
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)from;
        *port = four->sin_port;
        address[0] = four->sin_addr.s_addr;
        return;
    }
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
    *port = six->sin6_port;
    memcpy(address, &six->sin6_addr, sizeof(six->sin6_addr));
}

static bool ask(int fd, const struct sockaddr_storage *theirs, const struct sockaddr_storage *ours)
{
    struct question question = {
        .header = { .nlmsg_len = sizeof(question),
                    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                    .nlmsg_flags = NLM_F_REQUEST },
        .about = { .sdiag_family = (__u8)theirs->ss_family,
                   .sdiag_protocol = IPPROTO_TCP,
                   .idiag_states = ~0U,
                   .id = { .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } } },
    };
    set_end(theirs, &question.about.id.idiag_sport, question.about.id.idiag_src);
    set_end(ours, &question.about.id.idiag_dport, question.about.id.idiag_dst);
    return send(fd, &question, sizeof(question), 0) == (ssize_t)sizeof(question);
}

/* The kernel falls back on a listening socket of that address where there is no connection: it has another
 * remote end. */
static bool is_it(const struct inet_diag_msg *message, const struct sockaddr_storage *ours)
{
    __be16 port = 0;
    __be32 address[4] = { 0 };
    set_end(ours, &port, address);
    size_t bytes = ours->ss_family == AF_INET ? sizeof(address[0]) : sizeof(address);
    return message->id.idiag_dport == port && memcmp(message->id.idiag_dst, address, bytes) == 0;
}

static bool is_unknown(const struct nlmsghdr *header)
{
    struct nlmsgerr failure;
    memcpy(&failure, header + 1, sizeof(failure));
    return failure.error == -ENOENT;
}

enum peer_answer peer_ask(const struct sockaddr_storage *theirs, const struct sockaddr_storage *ours,
                          uid_t *uid)
{
    auto_fd int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
    if (fd < 0 || !ask(fd, theirs, ours))
        return PEER_CANNOT_ASK;
    /* The kernel answers within the sending. */
    struct {
        struct nlmsghdr header;
        struct inet_diag_msg message;
        char more[1024];
    } answer = { 0 };
    ssize_t len = recv(fd, &answer, sizeof(answer), 0);
    if (len >= (ssize_t)sizeof(answer.header) && answer.header.nlmsg_type == NLMSG_ERROR)
        return is_unknown(&answer.header) ? PEER_NONE : PEER_CANNOT_ASK;
    if (len < (ssize_t)(sizeof(answer.header) + sizeof(answer.message)) ||
        answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return PEER_CANNOT_ASK;
    if (answer.message.idiag_inode == 0 || !is_it(&answer.message, ours))
        return PEER_NONE;
    *uid = answer.message.idiag_uid;
    return PEER_FOUND;
}
