/* Parameters become argv.
 *
 * style `hydra`: key=value. `args`: --key value (`flag:` of the declaration instead of --key; a value that
 * begins with - as --key=value; a bool as --key alone or nothing, and with `flag: "--x/--no-x"` one of the
 * two). `env`: exported variables. `auto` is hydra where the project names a hydra section or has its conf
 * folder, or where no `params` are declared (default_overrides alone: existing projects); else args.
 *
 * What runs is `command`, or python train_script, or bash -euo pipefail -c SHELL; then `args`, the
 * parameters, the request's `args`. Nothing is quoted here: a list stays a list. {run_id} {run_dir} {seed} in
 * args and command stay as they are: the renderer knows their values. */
#ifndef SLUICE_DOMAIN_PARAMS_H
#define SLUICE_DOMAIN_PARAMS_H

#include "domain/resolve.h"

enum params_style { PARAMS_HYDRA, PARAMS_ARGS, PARAMS_ENV };

struct payload {
    struct doc argv; /* DOC_SEQ of DOC_STR */
    struct doc env;  /* DOC_MAP of DOC_STR: parameters of style env */
    enum params_style style;
    bool is_shell; /* argv is bash -euo pipefail -c ... */
};

/* -1 with ERR_INVALID or ERR_TOO_LARGE (MAX_ARGS, MAX_ARG_BYTES) and the parameter's name. */
int payload_build(const struct resolved *resolved, struct payload *out, struct err *err);
void payload_clear(struct payload *payload);
#define auto_payload __attribute__((cleanup(payload_clear)))

#endif
