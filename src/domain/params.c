#include "domain/params.h"

#include "base/limits.h"
#include "base/mem.h"
#include "domain/schema_place.h"

#include <string.h>

static int push(struct doc *argv, const char *text, struct err *err)
{
    if (argv->count >= MAX_ARGS)
        return err_set(err, ERR_TOO_LARGE, "more than %d arguments", MAX_ARGS);
    if (strlen(text) > MAX_ARG_BYTES - 1)
        return err_set(err, ERR_TOO_LARGE, "an argument of %zu bytes: at most %d (\"%.40s...\")",
                       strlen(text), MAX_ARG_BYTES - 1, text);
    doc_set_str(doc_push(argv, NULL), text);
    return 0;
}

static int push_all(struct doc *argv, const struct doc *list, struct err *err)
{
    for (size_t i = 0; list->kind == DOC_SEQ && i < list->count; i++)
        if (push(argv, list->items[i].text, err) < 0)
            return -1;
    return 0;
}

static int push_pair(struct doc *argv, const char *name, const char *value, struct err *err)
{
    auto_str struct str text = STR_MAX(MAX_ARG_BYTES);
    str_addf(&text, "%s=%s", name, value);
    if (text.failed)
        return err_set(err, ERR_TOO_LARGE, "parameter %.60s is over %d bytes", name, MAX_ARG_BYTES);
    return push(argv, str_text(&text), err);
}

static int add_hydra(struct payload *out, const struct doc *value, const struct doc *declaration,
                     struct err *err)
{
    (void)declaration;
    return push_pair(&out->argv, value->key, doc_scalar_text(value), err);
}

/* "--x/--no-x": the part for this truth; NULL: nothing is said. */
static char *bool_flag(const char *flag, bool truth)
{
    const char *slash = strstr(flag, "/-");
    if (!slash)
        return truth ? mem_dup_str(flag) : NULL;
    return truth ? span_dup((struct span){ flag, (size_t)(slash - flag) }) : mem_dup_str(slash + 1);
}

static int add_arg(struct payload *out, const struct doc *value, const struct doc *declaration,
                   struct err *err)
{
    const char *given = doc_scalar_text(doc_get(declaration, "flag")), *text = doc_scalar_text(value);
    auto_str struct str flag = STR_MAX(1024);
    str_addf(&flag, "%s%s", given ? "" : "--", given ? given : value->key);
    if (value->kind == DOC_BOOL) {
        auto_free char *one = bool_flag(str_text(&flag), value->boolean);
        return one ? push(&out->argv, one, err) : 0;
    }
    if (text[0] == '-')
        return push_pair(&out->argv, str_text(&flag), text, err);
    return push(&out->argv, str_text(&flag), err) < 0 ? -1 : push(&out->argv, text, err);
}

static int add_env(struct payload *out, const struct doc *value, const struct doc *declaration,
                   struct err *err)
{
    const char *given = doc_scalar_text(doc_get(declaration, "flag"));
    const char *name = given ? given : value->key;
    if (!schema_pattern_ok(SCHEMA_ENV_NAME, name))
        return err_set(err, ERR_INVALID, "parameter %.60s cannot be a variable's name (letters, digits, _)",
                       name);
    doc_set_str(doc_push(&out->env, name), doc_scalar_text(value));
    return 0;
}

static int (*const adders[])(struct payload *out, const struct doc *value, const struct doc *declaration,
                             struct err *err) = {
    [PARAMS_HYDRA] = add_hydra,
    [PARAMS_ARGS] = add_arg,
    [PARAMS_ENV] = add_env,
};

static enum params_style style_of(const struct resolved *r)
{
    static const char *const names[] = { "hydra", "args", "env" };
    const char *style = resolved_str(r, "style");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i], style) == 0)
            return (enum params_style)i;
    return PARAMS_HYDRA; /* resolve() leaves no auto */
}

static int add_parameters(const struct resolved *r, struct payload *out, struct err *err)
{
    const struct doc *overrides = resolved_overrides(r), *params = resolved_doc(r, "params");
    const char *config_name = resolved_str(r, "hydra.config_name");
    if (out->style == PARAMS_HYDRA && config_name &&
        (push(&out->argv, "--config-name", err) < 0 || push(&out->argv, config_name, err) < 0))
        return -1;
    for (size_t i = 0; i < overrides->count; i++) {
        const struct doc *value = &overrides->items[i];
        if (adders[out->style](out, value, doc_get(params, value->key), err) < 0)
            return -1;
    }
    return 0;
}

static int add_shell(const char *text, struct doc *argv, struct err *err)
{
    static const char *const bash[] = { "bash", "-euo", "pipefail", "-c" };
    for (size_t i = 0; i < ARRAY_LEN(bash); i++)
        if (push(argv, bash[i], err) < 0)
            return -1;
    return push(argv, text, err) < 0 ? -1 : push(argv, "bash", err); /* $0 */
}

static int add_program(const struct resolved *r, struct payload *out, struct err *err)
{
    const char *shell = resolved_str(r, "shell");
    const struct doc *command = resolved_doc(r, "command");
    out->is_shell = shell != NULL;
    if (shell)
        return add_shell(shell, &out->argv, err);
    if (command->kind == DOC_SEQ)
        return push_all(&out->argv, command, err);
    if (push(&out->argv, resolved_str(r, "python"), err) < 0)
        return -1;
    return push(&out->argv, resolved_str(r, "train_script"), err);
}

static int build(const struct resolved *r, struct payload *out, struct err *err)
{
    if (add_program(r, out, err) < 0 || push_all(&out->argv, resolved_doc(r, "args"), err) < 0)
        return -1;
    if (add_parameters(r, out, err) < 0)
        return -1;
    return push_all(&out->argv, resolved_doc(r, "request.args"), err);
}

int payload_build(const struct resolved *resolved, struct payload *out, struct err *err)
{
    auto_payload struct payload payload = { .argv = { .kind = DOC_SEQ }, .env = { .kind = DOC_MAP } };
    payload.style = style_of(resolved);
    if (build(resolved, &payload, err) < 0)
        return -1;
    *out = payload;
    payload = (struct payload){ 0 };
    return 0;
}

void payload_clear(struct payload *payload)
{
    doc_clear(&payload->argv);
    doc_clear(&payload->env);
    *payload = (struct payload){ 0 };
}
