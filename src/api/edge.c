#include "api/edge.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { CRLF = 2, MAX_HEADER_BLANKS = 64 };

const char *edge_header(const struct edge_request *request, const char *name)
{
    for (size_t i = 0; i < request->count && i < EDGE_MAX_HEADERS; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

static size_t count_of(const struct edge_request *request, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < request->count; i++)
        count += strcasecmp(request->headers[i].name, name) == 0;
    return count;
}

static const char *end_of(const char *text)
{
    return text + strlen(text);
}

/* Pointers into one buffer, compared as numbers: where the server moved a piece elsewhere they are none. */
static bool follows(const char *end, size_t gap, const char *next)
{
    return (uintptr_t)end + gap == (uintptr_t)next;
}

static bool request_line_is_whole(const struct edge_request *request)
{
    return follows(end_of(request->method), 1, request->target) &&
           follows(request->target + request->target_bytes, 1, request->version);
}

/* After a name comes its colon, then blanks only: the value begins within the same line. */
static bool header_is_whole(const struct edge_header *header)
{
    uintptr_t name_end = (uintptr_t)end_of(header->name), value = (uintptr_t)header->value;
    return *header->name && value > name_end && value - name_end < MAX_HEADER_BLANKS;
}

int edge_check_layout(const struct edge_request *request, struct err *err)
{
    if (request->count > EDGE_MAX_HEADERS)
        return err_set(err, ERR_INVALID, "more than %d headers", EDGE_MAX_HEADERS);
    bool whole = request_line_is_whole(request);
    const char *end = end_of(request->version);
    for (size_t i = 0; whole && i < request->count; i++) {
        const struct edge_header *header = &request->headers[i];
        whole = follows(end, CRLF, header->name) && header_is_whole(header);
        end = end_of(header->value);
    }
    if (!whole || !follows(request->method, request->header_bytes, end + 2 * CRLF))
        return err_set(err, ERR_INVALID,
                       "the header is malformed: a folded line, a NUL, or a line that does not end in CRLF");
    return 0;
}

static bool is_printable(const char *value)
{
    for (; *value; value++)
        if (((unsigned char)*value < 0x20 && *value != '\t') || *value == 0x7f)
            return false;
    return true;
}

/* RFC 9110's token: what a header's name is made of. A blank in front would have been a folded line. */
static bool is_token(const char *name)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr(others, *name))
            return false;
    return true;
}

static bool is_digits(struct span text)
{
    if (text.len == 0 || text.len > 18)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return true;
}

static int check_length(const struct edge_request *request, struct err *err)
{
    size_t lengths = count_of(request, "Content-Length"), codings = count_of(request, "Transfer-Encoding");
    if (lengths > 1 || codings > 1)
        return err_set(err, ERR_INVALID, "Content-Length or Transfer-Encoding is given twice");
    if (lengths && codings)
        return err_set(err, ERR_INVALID, "Content-Length and Transfer-Encoding exclude each other");
    if (lengths && !is_digits(span_of(edge_header(request, "Content-Length"))))
        return err_set(err, ERR_INVALID, "Content-Length must be a number");
    if (codings && strcasecmp(edge_header(request, "Transfer-Encoding"), "chunked") != 0)
        return err_set(err, ERR_INVALID, "the only Transfer-Encoding understood is chunked");
    return 0;
}

int edge_check_framing(const struct edge_request *request, struct err *err)
{
    if (strcmp(request->version, "HTTP/1.1") != 0 && strcmp(request->version, "HTTP/1.0") != 0)
        return err_set(err, ERR_INVALID, "the protocol must be HTTP/1.1 or HTTP/1.0");
    for (size_t i = 0; i < request->count; i++)
        if (!is_printable(request->headers[i].value) || !is_token(request->headers[i].name))
            return err_set(err, ERR_INVALID, "a header holds a character that it may not");
    if (count_of(request, "Host") != 1)
        return err_set(err, ERR_INVALID, "exactly one Host header is needed");
    return check_length(request, err);
}

/* "name:port" and "[::1]:port" without the port; empty where the port is none. */
static struct span host_name(struct span host)
{
    size_t from = span_starts(host, "[") ? span_find_char(host, ']') : 0;
    size_t colon = from + span_find_char(span_skip(host, from), ':');
    struct span port = span_skip(host, colon + 1);
    if (colon < host.len && (!is_digits(port) || port.len > 5))
        return (struct span){ 0 };
    return span_head(host, colon);
}

static bool same_name(struct span a, const char *b)
{
    return a.len == strlen(b) && strncasecmp(a.ptr, b, a.len) == 0;
}

int edge_check_host(const struct edge_request *request, const struct edge_hosts *hosts, struct err *err)
{
    struct span name = host_name(span_trim(span_of(edge_header(request, "Host"))));
    for (size_t i = 0; name.len && i < hosts->count; i++)
        if (same_name(name, hosts->names[i]))
            return 0;
    return err_set(err, ERR_INVALID, "the Host header names another server");
}

int edge_check_origin(const struct edge_request *request, struct err *err)
{
    const char *site = edge_header(request, "Sec-Fetch-Site");
    if (site && strcmp(site, "cross-site") == 0)
        return err_set(err, ERR_INVALID, "another site's page sent this request");
    const char *origin = edge_header(request, "Origin");
    if (!origin)
        return 0;
    struct span rest = span_trim(span_of(origin));
    size_t scheme = span_starts(rest, "http://") ? 7 : span_starts(rest, "https://") ? 8 : 0;
    struct span host = span_trim(span_of(edge_header(request, "Host")));
    rest = span_skip(rest, scheme);
    if (!scheme || rest.len != host.len || strncasecmp(rest.ptr, host.ptr, host.len) != 0)
        return err_set(err, ERR_INVALID, "the Origin header names another site");
    return 0;
}
