#include "api/done.h"

#include "api/reply.h"
#include "api/routes.h"

void done_json(void *ctx, const struct answer *answer)
{
    struct request *request = ctx;
    reply_answer(request, request->route->status, answer);
    request_drop(request);
}

void done_started_errs(struct request *request, int started, const struct errs *errs, const struct err *err)
{
    if (started >= 0)
        return;
    reply_problem(request, &(struct problem){ .err = err, .errs = errs });
    request_drop(request);
}

void done_started(struct request *request, int started, const struct err *err)
{
    done_started_errs(request, started, NULL, err);
}
