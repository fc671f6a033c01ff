#include "cli/project_here.h"

#include "base/mem.h"
#include "cli/view.h"
#include "domain/project.h"
#include "text/json_out.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PROJECT_BODY = 3 * PATH_MAX };

static int absolute(const char *path, char **out, struct err *err)
{
    char *found = realpath(path, NULL);
    if (!found)
        return err_errno(err, errno, "%s", path);
    *out = found;
    return 0;
}

int project_register(struct cli *cli, const char *path, const char *name, struct answer *answer)
{
    auto_str struct str body = STR_MAX(MAX_PROJECT_BODY);
    auto_free char *folder = NULL;
    struct err err = { 0 };
    if (absolute(path, &folder, &err) < 0)
        return ask_fail(cli, &err);
    struct json_out out = { .to = &body };
    json_open_object(&out);
    json_member_str(&out, "path", folder);
    json_member_str(&out, "name", name);
    json_close_object(&out);
    const struct client_call call = { .method = "POST", .path = API "/projects", .body = str_text(&body) };
    return ask(cli, &call, answer);
}

/* Length of path where folder is it or lies below it, else 0. */
static size_t holds(const char *path, const char *folder)
{
    size_t len = path ? strlen(path) : 0;
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (!len || strncmp(path, folder, len) != 0)
        return 0;
    return folder[len] == '\0' || folder[len] == '/' || len == 1 ? len : 0;
}

static const struct doc *innermost(const struct doc *projects, const char *folder)
{
    const struct doc *best = NULL;
    size_t best_len = 0;
    for (size_t i = 0; i < projects->count; i++) {
        size_t len = holds(view_text(&projects->items[i], "path"), folder);
        if (len > best_len) {
            best = &projects->items[i];
            best_len = len;
        }
    }
    return best;
}

/* The nearest folder upwards with a project file; cut in place. False: there is none. */
static bool find_file(char *folder)
{
    for (;;) {
        auto_str struct str file = STR_MAX(PATH_MAX + 64);
        str_addf(&file, "%s/" PROJECT_FILE, folder);
        if (access(str_text(&file), F_OK) == 0)
            return true;
        char *slash = strrchr(folder, '/');
        if (!slash || slash == folder)
            return false;
        *slash = '\0';
    }
}

static int register_folder(struct cli *cli, const char *folder, char **name)
{
    auto_answer struct answer answer = { 0 };
    int status = project_register(cli, folder, NULL, &answer);
    if (status != EXIT_OK)
        return status;
    *name = mem_dup_str(view_text(answer.doc, "name"));
    screen_errf(cli->env, "registered project %s (%s)\n", *name, folder);
    return EXIT_OK;
}

int project_here(struct cli *cli, char **name)
{
    auto_answer struct answer answer = { 0 };
    auto_free char *folder = NULL;
    auto_free char *with_file = NULL;
    struct err err = { 0 };
    if (absolute(".", &folder, &err) < 0)
        return ask_fail(cli, &err);
    int status = ask_get(cli, &answer, API "/projects");
    if (status != EXIT_OK)
        return status;
    const struct doc *known = innermost(view_items(answer.doc), folder);
    with_file = mem_dup_str(folder);
    bool has_file = find_file(with_file);
    if (known && (!has_file || holds(with_file, view_text(known, "path")))) {
        *name = mem_dup_str(view_text(known, "name"));
        return EXIT_OK;
    }
    if (has_file)
        return register_folder(cli, with_file, name);
    screen_errf(cli->env, "sluice: this folder belongs to no project (no " PROJECT_FILE " here or above); "
                          "name one with -p, or register it: sluice projects add\n");
    return EXIT_USAGE_WRONG;
}
