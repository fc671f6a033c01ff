#include "cli/env.h"

#include <string.h>

const char *cli_var(const struct cli_env *env, const char *name)
{
    size_t len = strlen(name);
    for (const char *const *var = env->vars; var && *var; var++)
        if (strncmp(*var, name, len) == 0 && (*var)[len] == '=')
            return (*var)[len + 1] ? *var + len + 1 : NULL;
    return NULL;
}
