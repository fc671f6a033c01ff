#include "api/handlers.h"

#include "api/done.h"
#include "api/reply.h"
#include "base/limits.h"
#include "base/mem.h"
#include "svc/notify/notify.h"

void handle_notifiers(struct request *request)
{
    auto_str struct str body = STR_MAX(MAX_PAGE_BYTES);
    struct err err;
    if (notify_list(request->gw->notify, &body, &err) < 0)
        reply_err(request, &err);
    else
        reply_json(request, 200, &body);
}

void handle_notifier_test(struct request *request)
{
    auto_free char *name = request_param_dup(request, 0);
    struct err err;
    request_hold(request);
    done_started(request, notify_test(request->gw->notify, name, done_json, request, &err), &err);
}

void handle_deliveries(struct request *request)
{
    auto_free char *name = request_param_dup(request, 0);
    auto_str struct str body = STR_MAX(MAX_PAGE_BYTES);
    struct notify_page page = { .cursor = request_query(request, "cursor") };
    struct err err;
    if (request_query_int(request, "limit", 1, MAX_PAGE_ROWS, &page.limit, &err) < 0 ||
        notify_deliveries(request->gw->notify, name, &page, &body, &err) < 0)
        reply_err(request, &err);
    else
        reply_json(request, 200, &body);
}
