/* HTTP request bytes through the real server: libmicrohttpd as api/http.c sets it up, our edge, judges,
 * routes and handlers, the real event stream; the services behind are the unit tests' fakes. The first byte
 * says in how many pieces the bytes come, and what happens at the end.
 *
 * A request that two servers could read as different ones (edge.h) is refused and closes the connection, no
 * answer says 500, and nothing stays behind when the client has gone. */
#include "fuzz.h"

#include "unit/api/fake_services.h"

#include "io/loop.h"
#include "support/store_help.h"
#include "svc/fanout.h"

#include <arpa/inet.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ENDS_HALF = 0x80,
    TIME_PASSES = 0x40,
    LATE_ANSWERS = 0x20,
    PIECES = 0x0f,
    MAX_ROUNDS = 10000,
    MAX_DIALS = 500
};

static struct store_help help;
static struct gateway gateway;
static struct http *http;

int LLVMFuzzerInitialize(int *argc, char ***argv);

static void stop(void)
{
    http_free(http);
    fanout_free(gateway.fanout);
    loop_free(gateway.loop);
    store_help_end(&help);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fake_reset();
    store_help_init(&help);
    gateway = (struct gateway){ .clock = &fake.clock.clock, .version = "1.2.3", .store = help.store };
    gateway.loop = loop_new();
    gateway.fanout = fanout_new(&gateway);
    must(event_store_add(help.store, "jobs", "state", NULL, NULL, NULL) == 0);
    must(store_flush(help.store, NULL) == 0);
    static const char *const names[] = { "gate.example" };
    const struct http_options options = { .auth_mode = AUTH_LOOPBACK,
                                          .user = "ada",
                                          .base_path = "/sluice",
                                          .extra_hosts = names,
                                          .extra_host_count = 1 };
    must(http_new(&options, &gateway, &http, NULL) == 0);
    (void)atexit(stop);
    return 0;
}

/* --- the client: a real connection; its end is a reset, so that no address stays taken --- */

static void answer_all(void)
{
    while (fake.call_count)
        fake_answer_json("{\"id\":5}", 5);
}

/* Until the server has nothing to do. */
static void serve(bool answers)
{
    struct pollfd fd = { .fd = http_epoll_fd(http), .events = POLLIN };
    int rounds = 0;
    do {
        if (answers)
            answer_all();
        http_run(http);
        must(++rounds < MAX_ROUNDS);
    } while (poll(&fd, 1, 0) > 0 || http_timeout_ms(http) == 0 || (answers && fake.call_count));
}

/* A connect may fail for reasons of the machine: libFuzzer's own alarm interrupts it, or the thousands a
 * second before have left no port free for a moment. */
static int dial(void)
{
    const struct linger at_once = { .l_onoff = 1 };
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(http)) };
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int tries = 0; tries < MAX_DIALS; tries++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) == 0);
        if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
            return fd;
        if (tries == 0)
            perror("connect");
        (void)close(fd);
        serve(false); /* the half of it that the server may have taken up */
        (void)poll(NULL, 0, tries ? 10 : 0);
    }
    must(!"so many connects in a row");
    return -1;
}

static void take(int fd, struct str *got)
{
    char chunk[16384];
    ssize_t n;
    while ((n = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT)) > 0)
        str_add_span(got, (struct span){ chunk, (size_t)n });
}

/* --- a second opinion on what must be refused, from the bytes alone --- */

static bool is_header(struct span line, const char *name)
{
    return line.len >= strlen(name) && strncasecmp(line.ptr, name, strlen(name)) == 0;
}

static bool has_bare_lf(struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.ptr[i] == '\n' && (i == 0 || bytes.ptr[i - 1] != '\r'))
            return true;
    return false;
}

/* The first header, which ends with an empty line; false where it does not, and where a NUL begins a line, or
 * where a NUL or a line that begins with a colon stands beside an LF without CR: to the server these can be a
 * CR, or an empty line, and leave no trace by which we could tell (docs/decisions/http-edge.md). */
static bool first_header(struct span bytes, struct span *header)
{
    size_t end = span_find(bytes, SPAN_LIT("\r\n\r\n"));
    *header = span_head(bytes, end + 2);
    bool may_hide_an_end =
        memchr(header->ptr, 0, header->len) || span_find(*header, SPAN_LIT("\n:")) < header->len;
    bool is_plain =
        span_find(*header, SPAN_LIT("\n\0")) >= header->len && !(may_hide_an_end && has_bare_lf(*header));
    return end < bytes.len && bytes.ptr[0] > ' ' && is_plain;
}

static bool is_foul(struct span header)
{
    struct span line;
    size_t lengths = 0, codings = 0, hosts = 0;
    bool is_broken = memchr(header.ptr, 0, header.len), is_first = true;
    for (; span_next_line(&header, &line); is_first = false) {
        is_broken = is_broken || !span_ends(line, "\r") || span_starts(line, " ") || span_starts(line, "\t");
        if (is_first) /* whatever its method is called */
            continue;
        lengths += is_header(line, "Content-Length:");
        codings += is_header(line, "Transfer-Encoding:");
        hosts += is_header(line, "Host:");
    }
    return is_broken || lengths + codings > 1 || hosts != 1;
}

static int status_of(struct span got)
{
    uint64_t status = 0;
    must(span_starts(got, "HTTP/1.") && span_u64(span_head(span_skip(got, 9), 3), &status));
    return (int)status;
}

static void judge(struct span sent, struct span got)
{
    struct span header;
    if (got.len == 0)
        return; /* the server hung up, or waits for more */
    int status = status_of(got);
    must(status != 500);
    if (first_header(sent, &header) && is_foul(header))
        must(status >= 400 && fake.submits + fake.cancels + fake.edits + fake.projects == 0);
}

static void send_all(int fd, struct span sent, unsigned char how, struct str *got)
{
    size_t pieces = 1 + (how & PIECES), piece = sent.len / pieces + 1;
    for (struct span rest = sent; rest.len; rest = span_skip(rest, piece)) {
        struct span head = span_head(rest, piece);
        if (send(fd, head.ptr, head.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            break; /* closed on us */
        serve(!(how & LATE_ANSWERS));
        take(fd, got);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    unsigned char how = data[0];
    struct span sent = { (const char *)data + 1, size - 1 };
    auto_str struct str got = STR_MAX((size_t)64 << 20);
    struct clock_fake clock = fake.clock;
    fake = (struct fake){ .last_event = 7, .clock = clock, .is_final = true, .log_is_read_up = true };
    int fd = dial();
    send_all(fd, sent, how, &got);
    if (how & ENDS_HALF)
        (void)shutdown(fd, SHUT_WR);
    if (how & TIME_PASSES)
        clock_fake_advance(&fake.clock, INT64_C(100) * US_PER_S);
    serve(true);
    take(fd, &got);
    (void)close(fd);
    serve(true);
    judge(sent, str_span(&got));
    must(http_connections(http) == 0 && fanout_listeners(gateway.fanout) == 0);
    return 0;
}
