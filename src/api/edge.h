/* What a request must look like before anything looks at what it means.
 *
 * libmicrohttpd 0.9.75 mends or swallows several things that another server in front may read otherwise
 * (docs/decisions/http-edge.md): folded headers are joined, a NUL ends a value, a lone LF ends a line, two
 * Content-Length or Transfer-Encoding beside it pass. It splits the header in place, though, so where each
 * piece lies tells what stood between them; edge_check_layout judges that. Pure. */
#ifndef SLUICE_API_EDGE_H
#define SLUICE_API_EDGE_H

#include "base/err.h"
#include "base/span.h"

enum { EDGE_MAX_HEADERS = 100 };

struct edge_header {
    const char *name, *value; /* NUL-terminated, borrowed from the server's buffer */
};

struct edge_request {
    const char *method, *target, *version; /* borrowed from the same buffer */
    size_t target_bytes;                   /* as it came; the server may have cut the target since */
    size_t header_bytes;                   /* from the method to the empty line's end */
    struct edge_header headers[EDGE_MAX_HEADERS];
    size_t count; /* above EDGE_MAX_HEADERS: there were more */
};

struct edge_hosts { /* names that a request may be meant for, without port, lower case, [::1] in brackets */
    const char *const *names;
    size_t count;
};

/* The first value of that name (ASCII case ignored), or NULL. */
const char *edge_header(const struct edge_request *request, const char *name);

/* Every byte of the header is accounted for: lines end in CRLF, none is folded, no NUL anywhere. */
int edge_check_layout(const struct edge_request *request, struct err *err);
/* HTTP/1.0 or 1.1; Host once; at most one Content-Length, of digits; Transfer-Encoding alone and "chunked";
 * no control bytes in values. */
int edge_check_framing(const struct edge_request *request, struct err *err);
/* Host names one of ours, whatever the port (a forwarded port keeps its own). */
int edge_check_host(const struct edge_request *request, const struct edge_hosts *hosts, struct err *err);
/* For requests that change something: an Origin, where there is one, is the very Host asked; and a browser
 * does not say that another site sent it. */
int edge_check_origin(const struct edge_request *request, struct err *err);

#endif
