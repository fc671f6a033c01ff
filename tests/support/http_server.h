/* An HTTP server of a test's own on a free loopback port, in a thread: answers requests from a script, in
 * order, and remembers what came. For tests of clients. */
#ifndef TESTS_SUPPORT_HTTP_SERVER_H
#define TESTS_SUPPORT_HTTP_SERVER_H

#include "base/str.h"

struct http_script {
    const char *expect; /* "GET /api/v1/jobs/1?": how the request line must begin; NULL: any */
    int status;
    const char *headers; /* whole lines with CRLF, or NULL */
    const char *body;
    bool is_lost; /* the request is read, and the connection closed without an answer */
};

struct http_server;
/* Serves the script's count rows; later requests, and such as are not expected, get 599. */
struct http_server *http_server_new(const struct http_script *script, size_t count);
/* Ends it. */
void http_server_free(struct http_server *server);
int http_server_port(const struct http_server *server);
size_t http_server_count(struct http_server *server); /* requests so far */
/* The whole request (head and body) of an index, NULL where there was none. Valid until free. */
const char *http_server_request(struct http_server *server, size_t index);
/* The value of a header of a request, in *to; empty where it is not there. */
void http_server_header(struct http_server *server, size_t index, const char *name, struct str *to);

#endif
