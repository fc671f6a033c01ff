#include "exec/transport.h"

int transport_run(struct transport *t, const struct run_request *request, run_done *done, void *ctx,
                  struct run **out, struct err *err)
{
    return t->ops->run(t, request, done, ctx, out, err);
}

void transport_cancel(struct transport *t, struct run *run)
{
    t->ops->cancel(t, run);
}

void transport_status(const struct transport *t, struct transport_status *out)
{
    *out = (struct transport_status){ .state = LINK_IDLE };
    t->ops->status(t, out);
}

void transport_reconnect(struct transport *t)
{
    t->ops->reconnect(t);
}

int transport_login(struct transport *t, const char *answer, struct err *err)
{
    if (t->ops->login)
        return t->ops->login(t, answer, err);
    if (answer)
        return err_set(err, ERR_CONFLICT, "nothing is asked");
    t->ops->reconnect(t);
    return 0;
}

void transport_free(struct transport *t)
{
    if (t)
        t->ops->free(t);
}
