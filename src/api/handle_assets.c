#include "api/assets.h"
#include "api/handlers.h"
#include "api/reply.h"
#include "api/site.h"

void handle_page(struct request *request)
{
    request->reply.policy = str_text(&request->site->policy);
    reply_fixed(request, "text/html; charset=utf-8", str_span(&request->site->page), "no-cache");
}

void handle_asset(struct request *request)
{
    const struct asset *asset = asset_find(request->target.path + 1);
    if (!asset) {
        reply_errf(request, ERR_NOT_FOUND, "there is nothing at %s", request->target.path);
        return;
    }
    const char *coding;
    struct span bytes = asset_coded(asset, request->accept_encoding, &coding);
    reply_header(request, "Vary", "Accept-Encoding");
    if (coding)
        reply_header(request, "Content-Encoding", coding);
    reply_fixed(request, asset->type, bytes,
                asset->immutable ? "public, max-age=31536000, immutable" : "no-cache");
}
