#include "exec/transport_make.h"

#include "exec/transport_local.h"

static int make_local(const struct cluster_config *cluster, const struct executor_deps *deps,
                      struct transport **out)
{
    struct local_options options = { .loop = deps->loop, .clock = deps->clock };
    options.use_login_shell = cluster->use_login_shell;
    *out = transport_local_new(&options);
    return 0;
}

int transport_make(const struct cluster_config *cluster, const struct executor_deps *deps,
                   struct transport **out, struct err *err)
{
    if (!cluster->host)
        return make_local(cluster, deps, out);
    return err_set(err, ERR_UNSUPPORTED, "ssh comes later");
}
