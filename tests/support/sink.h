/* A service that takes whatever comes, on the test's own loop: HTTP with one fixed answer, or SMTP. */
#ifndef SLUICE_TESTS_SINK_H
#define SLUICE_TESTS_SINK_H

#include "io/loop.h"

#include <stddef.h>

enum { SINK_MAX = 64 };

struct sink {
    struct loop *loop;
    int fd; /* -1: down */
    struct loop_watch *watch;
    unsigned port;
    bool is_smtp;
    const char *reply;  /* HTTP: the whole answer; NULL: says nothing. SMTP: the answer to DATA's end */
    size_t connections; /* accepted */
    size_t count;
    char *got[SINK_MAX]; /* what came with each request or mail, whole */
    struct sink_conn *conns;
};

#define SINK_OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

void sink_up(struct sink *sink, struct loop *loop); /* port kept where it has one */
void sink_down(struct sink *sink);                  /* refuses connections; what it got stays */
void sink_clear(struct sink *sink);

#endif
