#include "svc/project/projects.h"

#include "base/limits.h"
#include "base/mem.h"
#include "io/loop.h"
#include "svc/body.h"
#include "svc/project/git.h"
#include "svc/project/project_doc.h"
#include "svc/project/project_file.h"
#include "svc/settings.h"
#include "text/json_out.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct projects {
    const struct gateway *gw;
};

struct projects *projects_new(const struct gateway *gw)
{
    struct projects *projects = mem_zalloc(sizeof(*projects));
    projects->gw = gw;
    return projects;
}

void projects_free(struct projects *projects)
{
    free(projects);
}

/* The last sync's document, so that a list needs no git: kept among the store's values. */
static void doc_key(const char *name, struct str *key)
{
    str_addf(key, "project:%s", name);
}

/* --- sync: git first, then the file, then the store as it is by then --- */

struct sync {
    struct projects *projects;
    char *name, *path, *group; /* group: NULL none */
    bool is_new, has_group;
    struct str doc;
    answer_done *done;
    void *ctx;
};

static void sync_free(struct sync *sync)
{
    free(sync->name);
    free(sync->path);
    free(sync->group);
    str_clear(&sync->doc);
    free(sync);
}

static void after_store(void *ctx, bool committed)
{
    struct sync *sync = ctx;
    struct answer answer = { .ok = committed, .body = str_span(&sync->doc) };
    if (!committed)
        err_set(&answer.err, ERR_IO, "project %s could not be stored", sync->name);
    sync->done(sync->ctx, &answer);
    sync_free(sync);
}

static int name_is_taken(const char *name, const char *path, struct err *err)
{
    return err_set(err, ERR_CONFLICT, "project %s is %s already; give another name", name, path);
}

/* The row as it is now: while git looked it may have been changed, removed or made. */
static int take_row(const struct sync *sync, struct project_row *row, struct err *err)
{
    const struct gateway *gw = sync->projects->gw;
    int rc = project_store_get(gw->store, sync->name, row, err);
    if (rc < 0 && err->code == ERR_NOT_FOUND && sync->is_new) {
        *row = (struct project_row){ .name = mem_dup_str(sync->name),
                                     .path = mem_dup_str(sync->path),
                                     .created_at_us = clock_wall_us(gw->clock) };
    } else if (rc < 0) {
        return err_wrap(err, "project %s", sync->name);
    } else if (strcmp(row->path, sync->path) != 0) {
        return name_is_taken(sync->name, row->path, err);
    }
    if (sync->has_group)
        mem_replace_str(&row->group, sync->group);
    row->synced_at_us = clock_wall_us(gw->clock);
    return 0;
}

static int store_row(struct sync *sync, const struct git_state *git, const struct err *problem,
                     struct err *err)
{
    struct store *store = sync->projects->gw->store;
    auto_project_row struct project_row row = { 0 };
    auto_str struct str key = STR_MAX(256);
    if (take_row(sync, &row, err) < 0)
        return -1;
    project_doc(&row, git, problem, &sync->doc);
    doc_key(row.name, &key);
    if (project_store_put(store, &row, err) < 0 ||
        value_store_put(store, str_text(&key), str_text(&sync->doc), err) < 0)
        return -1;
    store_after_commit(store, after_store, sync);
    return 0;
}

/* A repository that git cannot read is the project's own trouble, told among its errors. */
static void on_git(void *ctx, const struct git_state *git, const struct err *err)
{
    struct sync *sync = ctx;
    struct answer answer = { .ok = false };
    bool is_told = err && (err->code == ERR_CANCELLED || err->code == ERR_TIMEOUT);
    if (is_told)
        answer.err = *err;
    if (!is_told && store_row(sync, git, err, &answer.err) == 0)
        return;
    sync->done(sync->ctx, &answer);
    sync_free(sync);
}

static void on_no_folder(void *ctx)
{
    struct sync *sync = ctx;
    struct err err = { 0 };
    err_set(&err, ERR_NOT_FOUND, "the folder %s is gone: put it back, or register the project anew",
            sync->path);
    on_git(sync, NULL, &err);
}

/* sync is taken. */
static int start_take(struct sync *sync, struct err *err)
{
    struct loop *loop = sync->projects->gw->loop;
    struct stat st;
    if (stat(sync->path, &st) < 0 || !S_ISDIR(st.st_mode)) {
        loop_defer(loop, on_no_folder, sync);
        return 0;
    }
    if (git_look(loop, sync->path, GIT_STATE, on_git, sync, err) == 0)
        return 0;
    sync_free(sync);
    return -1;
}

static struct sync *sync_new(struct projects *projects, const char *name, const char *path, answer_done *done,
                             void *ctx)
{
    struct sync *sync = mem_zalloc(sizeof(*sync));
    *sync = (struct sync){
        .projects = projects, .name = mem_dup_str(name), .path = mem_dup_str(path), .done = done, .ctx = ctx
    };
    sync->doc = STR_MAX(MAX_SUBMIT_BODY_BYTES);
    return sync;
}

static struct sync *sync_of(struct projects *projects, const char *name, answer_done *done, void *ctx,
                            struct err *err)
{
    auto_project_row struct project_row row = { 0 };
    if (project_store_get(projects->gw->store, name, &row, err) == 0)
        return sync_new(projects, name, row.path, done, ctx);
    (void)err_wrap(err, "project %s", name);
    return NULL;
}

int projects_sync(struct projects *projects, const char *name, answer_done *done, void *ctx, struct err *err)
{
    struct sync *sync = sync_of(projects, name, done, ctx, err);
    return sync ? start_take(sync, err) : -1;
}

int projects_get(struct projects *projects, const char *name, answer_done *done, void *ctx, struct err *err)
{
    return projects_sync(projects, name, done, ctx, err); /* cheap, and never out of date */
}

/* --- register --- */

static bool is_below(const char *path, const char *root)
{
    size_t n = strlen(root);
    while (n > 1 && root[n - 1] == '/')
        n--;
    return strncmp(path, root, n) == 0 && (path[n] == '/' || path[n] == '\0' || n == 1);
}

/* What is wrong with a folder that somebody named, at its field. */
static int refuse_path(struct errs *errs, enum err_code code, const char *path, const char *why,
                       struct err *err)
{
    errs_addf(errs, &(struct errs_item){ .code = code, .pointer = "/path" }, "path %s: %s", path ? path : "",
              why);
    return errs_first(errs, err);
}

static int check_path(const struct projects *projects, const char *given, char path[PATH_MAX],
                      struct errs *errs, struct err *err)
{
    const struct strs *roots = &settings_daemon(projects->gw->settings)->project_roots;
    struct stat st;
    if (!given || given[0] != '/')
        return refuse_path(errs, ERR_INVALID, given, "must be an absolute one on the gateway's machine", err);
    if (!realpath(given, path) || stat(path, &st) < 0) {
        bool is_absent = errno == ENOENT || errno == ENOTDIR;
        return refuse_path(errs, is_absent ? ERR_NOT_FOUND : ERR_INVALID, given,
                           errno == EACCES ? "cannot be reached by the gateway" : strerror(errno), err);
    }
    if (!S_ISDIR(st.st_mode) || access(path, R_OK | X_OK) < 0)
        return refuse_path(errs, ERR_INVALID, path, "is no folder that the gateway can read", err);
    for (size_t i = 0; i < roots->count; i++)
        if (is_below(path, roots->items[i]))
            return 0;
    return roots->count ? refuse_path(errs, ERR_INVALID, path, "is outside project_roots", err) : 0;
}

/* given: by the request; else it is the folder's, which nobody chose for this. */
static int check_name(const char *name, bool is_given, struct errs *errs, struct err *err)
{
    const struct errs_item at = { .code = ERR_INVALID, .pointer = "/name" };
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
    if (n && !name[n] && n <= 100 && name[0] != '.' && name[0] != '-')
        return 0;
    if (is_given)
        errs_addf(errs, &at, "name %s: 1 to 100 of letters, digits, _ . - is needed", name);
    else
        errs_addf(
            errs, &at,
            "the name is made of the folder's, %.200s, and it needs 1 to 100 of letters, digits, _ . -: "
            "give another by `name:` in " PROJECT_FILE " or by `sluice projects add --name NAME`",
            name);
    return errs_first(errs, err);
}

static char *default_name(const char *path)
{
    auto_project_config struct project_config *config = NULL;
    if (project_file_read(path, &config, NULL) == 0 && config->name)
        return mem_dup_str(config->name);
    const char *slash = strrchr(path, '/');
    return mem_dup_str(slash ? slash + 1 : path);
}

static int check_free(struct projects *projects, const char *name, const char *path, struct err *err)
{
    auto_project_row struct project_row row = { 0 };
    bool is_free =
        project_store_get(projects->gw->store, name, &row, NULL) < 0 || strcmp(row.path, path) == 0;
    return is_free ? 0 : name_is_taken(name, row.path, err);
}

static const struct body_field fields[] = {
    { "path", BODY_LINE, false, PATH_MAX }, /* of a registration */
    { "name", BODY_LINE, true, 100 },
    { "group", BODY_LINE, true, MAX_NAME_BYTES }, /* all that can be changed later */
};

/* A group that is not named stays. */
static void set_group(struct sync *sync, const struct doc *body)
{
    const struct doc *group = doc_get(body, "group");
    sync->has_group = group != NULL;
    sync->group = mem_dup_str(doc_scalar_text(group));
}

int projects_register(struct projects *projects, const struct doc *body, answer_done *done, void *ctx,
                      struct errs *errs, struct err *err)
{
    char path[PATH_MAX];
    const char *given_name = doc_scalar_text(doc_get(body, "name"));
    if (body_check(body, fields, ARRAY_LEN(fields), errs, err) < 0 ||
        check_path(projects, doc_scalar_text(doc_get(body, "path")), path, errs, err) < 0)
        return -1;
    auto_free char *name = given_name ? mem_dup_str(given_name) : default_name(path);
    if (check_name(name, given_name != NULL, errs, err) < 0 || check_free(projects, name, path, err) < 0)
        return -1;
    struct sync *sync = sync_new(projects, name, path, done, ctx);
    sync->is_new = true;
    set_group(sync, body);
    return start_take(sync, err);
}

int projects_patch(struct projects *projects, const char *name, const struct doc *body, answer_done *done,
                   void *ctx, struct errs *errs, struct err *err)
{
    if (body_check(body, &fields[ARRAY_LEN(fields) - 1], 1, errs, err) < 0)
        return -1;
    struct sync *sync = sync_of(projects, name, done, ctx, err);
    if (!sync)
        return -1;
    set_group(sync, body);
    return start_take(sync, err);
}

int projects_remove(struct projects *projects, const char *name, struct err *err)
{
    return project_store_remove(projects->gw->store, name, err);
}

/* --- list --- */

struct listing {
    struct projects *projects;
    struct json_out out;
};

static int add_row(void *ctx, const struct project_row *row, struct err *err)
{
    struct listing *listing = ctx;
    auto_str struct str key = STR_MAX(256), fresh = STR_MAX(MAX_SUBMIT_BODY_BYTES);
    auto_free char *doc = NULL;
    doc_key(row->name, &key);
    if (value_store_get(listing->projects->gw->store, str_text(&key), &doc, err) < 0)
        return -1;
    if (!doc)
        project_doc(row, NULL, NULL, &fresh);
    json_raw(&listing->out, doc ? span_of(doc) : str_span(&fresh));
    return 0;
}

int projects_list(struct projects *projects, struct str *text, struct err *err)
{
    struct listing listing = { projects, { .to = text } };
    json_open_object(&listing.out);
    json_key(&listing.out, "items");
    json_open_array(&listing.out);
    if (project_store_list(projects->gw->store, add_row, &listing, err) < 0)
        return -1;
    json_close_array(&listing.out);
    json_member_raw(&listing.out, "next", SPAN_LIT("null"));
    json_member_raw(&listing.out, "total", SPAN_LIT("null"));
    json_close_object(&listing.out);
    return 0;
}
