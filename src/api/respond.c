#include "api/respond.h"

#include "api/policy.h"
#include "base/mem.h"

static const struct {
    const char *name, *value;
} always[] = {
    { "X-Content-Type-Options", "nosniff" },
    { "Referrer-Policy", "no-referrer" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
};

enum { PIECE_BYTES = 128 }; /* for HTTP/1.0; chunks are made in the connection's own buffer */

static struct MHD_Response *make_response(struct reply *reply, const struct responder *responder)
{
    if (reply->source.read)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES, responder->reader,
                                                 responder->ctx, NULL);
    if (reply->fixed.ptr)
        return MHD_create_response_from_buffer(reply->fixed.len, (void *)(uintptr_t)reply->fixed.ptr,
                                               MHD_RESPMEM_PERSISTENT);
    size_t len = reply->body.len;
    char *bytes = str_steal(&reply->body);
    struct MHD_Response *response = MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE);
    if (!response) /* no memory: the bytes are ours still */
        mem_free_ptr(&bytes);
    return response;
}

enum MHD_Result respond(struct MHD_Connection *mhd, struct reply *reply, const struct responder *responder)
{
    struct MHD_Response *response = make_response(reply, responder);
    if (!response)
        return MHD_NO;
    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        (void)MHD_add_response_header(response, always[i].name, always[i].value);
    (void)MHD_add_response_header(response, "Content-Security-Policy",
                                  reply->policy ? reply->policy : policy_usual);
    (void)MHD_add_response_header(response, "Cache-Control", reply->cache ? reply->cache : "no-store");
    if (reply->type)
        (void)MHD_add_response_header(response, "Content-Type", reply->type);
    if (reply->close || responder->close)
        (void)MHD_add_response_header(response, "Connection", "close");
    for (size_t i = 0; i < reply->header_count; i++)
        (void)MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    enum MHD_Result queued = MHD_queue_response(mhd, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return queued;
}
