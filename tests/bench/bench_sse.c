/* One event to many listeners over HTTP: how long until the last byte is with the last of them, beside a bare
 * send and recv of as many bytes on as many connections, turn by turn; and what one listener costs in memory.
 * Arguments: [CLIENTS [ROUNDS]]. */
#include "unit/api/client.h"

#include "io/loop.h"
#include "support/figure.h"
#include "support/store_help.h"
#include "svc/fanout.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

enum { FRAME_BYTES = 142 }; /* one event in its chunk */

static struct store_help help;

static double rss_kb(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*d %ld", &pages) != 1)
        exit(1);
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static int open_client(int epoll)
{
    static const char ask_stream[] = "GET /api/v1/events?topics=jobs HTTP/1.1\r\n" HOST
                                     "Accept: text/event-stream\r\nUser-Agent: bench\r\n\r\n";
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(http)) };
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.fd = fd };
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
        send(fd, ask_stream, sizeof(ask_stream) - 1, MSG_NOSIGNAL) < 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        exit(1);
    http_run(http);
    return fd;
}

/* A short read has emptied the socket: asking once more would be a client's call, counted against the
 * gateway. */
static void drain(int fd)
{
    char bytes[8192];
    while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) == (ssize_t)sizeof(bytes))
        ;
}

/* Runs the server until `count` clients have something to read. */
static void serve_until(int epoll, int count)
{
    struct epoll_event events[256];
    for (int seen = 0; seen < count;) {
        http_run(http);
        int n = epoll_wait(epoll, events, 256, 0);
        for (int i = 0; i < n; i++)
            drain(events[i].data.fd);
        seen += n;
    }
}

/* --- the floor: what TCP alone takes --- */

struct pair {
    int from, to;
};

static struct pair *open_pairs(int count)
{
    struct pair *pairs = mem_alloc((size_t)count * sizeof(*pairs));
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(addr);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&addr, len) < 0 || listen(listener, 8) < 0 ||
        getsockname(listener, (struct sockaddr *)&addr, &len) < 0)
        exit(1);
    for (int i = 0; i < count; i++) {
        int on = 1, to = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(to, (struct sockaddr *)&addr, len) < 0)
            exit(1);
        pairs[i] = (struct pair){ accept(listener, NULL, NULL), to };
        if (setsockopt(pairs[i].from, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
            exit(1);
    }
    close(listener);
    return pairs;
}

static double send_bare(const struct pair *pairs, int count)
{
    static const char bytes[FRAME_BYTES];
    char got[8192];
    int64_t start = clock_mono_us(&clock_real);
    for (int i = 0; i < count; i++)
        if (send(pairs[i].from, bytes, sizeof(bytes), MSG_NOSIGNAL) != (ssize_t)sizeof(bytes))
            exit(1);
    for (int i = 0; i < count; i++)
        if (recv(pairs[i].to, got, sizeof(got), 0) != (ssize_t)sizeof(bytes))
            exit(1);
    return (double)(clock_mono_us(&clock_real) - start) / 1000;
}

/* --- ours --- */

static int64_t cpu_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

/* Milliseconds from the commit of an event until all have read it. */
static double send_event(int epoll, int count)
{
    (void)event_store_add(help.store, "jobs", "state", "{\"from\":\"pending\",\"to\":\"running\"}", NULL,
                          NULL);
    int64_t start = clock_mono_us(&clock_real);
    if (store_flush(help.store, NULL) < 0)
        exit(1);
    serve_until(epoll, count);
    return (double)(clock_mono_us(&clock_real) - start) / 1000;
}

static void compare(int epoll, int count, int rounds)
{
    double *ours = mem_alloc((size_t)rounds * sizeof(*ours)),
           *bare = mem_alloc((size_t)rounds * sizeof(*bare));
    struct pair *pairs = open_pairs(count);
    int64_t spent = 0;
    for (int i = 0; i < rounds; i++) {
        int64_t before = cpu_us();
        ours[i] = send_event(epoll, count);
        spent += cpu_us() - before;
        bare[i] = send_bare(pairs, count);
    }
    printf(
        "one event to %d clients: p99 %.1f ms; %.1f ms of a core, the clients' reading with it; a bare send "
        "and recv %.1f ms\n",
        count, figure_share(ours, (size_t)rounds, 0.99), (double)spent / rounds / 1000,
        figure_median(bare, (size_t)rounds));
    figure_at_most("one event read by all SSE clients", figure_median(ours, (size_t)rounds), 10, "ms");
    free(ours);
    free(bare);
    free(pairs);
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 1000;
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 50;
    struct rlimit files = { 8192, 8192 };
    void *state = NULL;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    server_setup(&state);
    store_help_init(&help);
    gateway.store = help.store;
    gateway.loop = loop_new();
    gateway.fanout = fanout_new(&gateway);
    int epoll = epoll_create1(0);
    double before = rss_kb();
    for (int i = 0; i < count; i++)
        (void)open_client(epoll);
    serve_until(epoll, count);
    serve();
    printf("listeners %zu\n", fanout_listeners(gateway.fanout));
    compare(epoll, count, rounds);
    figure_at_most("memory of one SSE client", (rss_kb() - before) / count, 15, "KB");
    return 0;
}
