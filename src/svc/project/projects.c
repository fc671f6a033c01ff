#include "svc/project/projects.h"

#include "base/limits.h"
#include "base/mem.h"
#include "io/loop.h"
#include "store/misc_store.h"
#include "svc/project/git.h"
#include "svc/project/project_file.h"
#include "svc/settings.h"
#include "text/json_in.h"
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

/* --- the document --- */

static void add_errors(struct json_out *out, const struct errs *errs)
{
    json_key(out, "errors");
    json_open_array(out);
    for (size_t i = 0; i < errs->count; i++) {
        const struct errs_item *item = &errs->items[i];
        json_open_object(out);
        json_member_str(out, "file", item->file);
        if (item->line) {
            json_member_u64(out, "line", item->line);
            json_member_u64(out, "column", item->col);
        }
        json_member_str(out, "path", item->path);
        json_member_str(out, "text", item->text);
        json_member_str(out, "hint", item->hint);
        json_close_object(out);
    }
    json_close_array(out);
}

static void add_git(struct json_out *out, const struct git_state *git)
{
    if (!git || !git->is_repo)
        return;
    if (git->url.len)
        json_member_span(out, "url", git->url);
    if (git->branch.len)
        json_member_span(out, "branch", git->branch);
    if (git->sha.len)
        json_member_span(out, "sha", git->sha);
    json_member_bool(out, "dirty", git->is_dirty);
}

static void render(const struct project_row *row, const struct git_state *git, struct str *text)
{
    struct json_out out = { .to = text };
    auto_project_config struct project_config *config = NULL;
    auto_errs struct errs errs = { 0 };
    (void)project_file_read(row->path, &config, &errs);
    json_open_object(&out);
    json_member_str(&out, "name", row->name);
    json_member_str(&out, "path", row->path);
    add_git(&out, git);
    json_member_str(&out, "group", row->group);
    json_member_time(&out, "synced_at", row->synced_at_us);
    if (config)
        json_member_doc(&out, "config", config->doc);
    add_errors(&out, &errs);
    json_close_object(&out);
}

/* The last sync's document, so that a list needs no git: kept among the store's values. */
static void doc_key(const char *name, struct str *key)
{
    str_addf(key, "project:%s", name);
}

/* --- sync: git first, then the file, then the store --- */

struct sync {
    struct projects *projects;
    struct project_row row;
    struct str doc;
    answer_done *done;
    void *ctx;
};

static void sync_free(struct sync *sync)
{
    project_row_clear(&sync->row);
    str_clear(&sync->doc);
    free(sync);
}

static void after_store(void *ctx, bool committed)
{
    struct sync *sync = ctx;
    struct answer answer = { .ok = committed, .body = str_span(&sync->doc) };
    if (!committed)
        err_set(&answer.err, ERR_IO, "project %s could not be stored", sync->row.name);
    sync->done(sync->ctx, &answer);
    sync_free(sync);
}

static void on_git(void *ctx, const struct git_state *git, const struct err *err)
{
    struct sync *sync = ctx;
    struct store *store = sync->projects->gw->store;
    auto_str struct str key = STR_MAX(256);
    struct answer answer = { .ok = false };
    sync->row.synced_at_us = clock_wall_us(sync->projects->gw->clock);
    if (err)
        answer.err = *err;
    render(&sync->row, git, &sync->doc);
    doc_key(sync->row.name, &key);
    if (err || project_store_put(store, &sync->row, &answer.err) < 0 ||
        value_store_put(store, str_text(&key), str_text(&sync->doc), &answer.err) < 0) {
        sync->done(sync->ctx, &answer);
        sync_free(sync);
        return;
    }
    store_after_commit(store, after_store, sync);
}

/* Takes the row. */
static int start_sync(struct projects *projects, struct project_row *row_taken, answer_done *done, void *ctx,
                      struct err *err)
{
    struct sync *sync = mem_zalloc(sizeof(*sync));
    *sync = (struct sync){ .projects = projects, .row = *row_taken, .done = done, .ctx = ctx };
    sync->doc = STR_MAX(MAX_SUBMIT_BODY_BYTES);
    *row_taken = (struct project_row){ 0 };
    if (git_look(projects->gw->loop, sync->row.path, GIT_STATE, on_git, sync, err) == 0)
        return 0;
    sync_free(sync);
    return -1;
}

int projects_sync(struct projects *projects, const char *name, answer_done *done, void *ctx, struct err *err)
{
    struct project_row row = { 0 };
    if (project_store_get(projects->gw->store, name, &row, err) < 0)
        return err_wrap(err, "project %s", name);
    return start_sync(projects, &row, done, ctx, err);
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

static int check_path(const struct projects *projects, const char *given, char path[PATH_MAX],
                      struct err *err)
{
    const struct strs *roots = &settings_daemon(projects->gw->settings)->project_roots;
    struct stat st;
    if (!given || given[0] != '/')
        return err_set(err, ERR_INVALID, "path: an absolute path on the gateway's machine is needed");
    if (!realpath(given, path) || stat(path, &st) < 0)
        return errno == EACCES ? err_set(err, ERR_INVALID, "path %s cannot be reached by the gateway", given)
                               : err_errno(err, errno, "path %s", given);
    if (!S_ISDIR(st.st_mode) || access(path, R_OK | X_OK) < 0)
        return err_set(err, ERR_INVALID, "path %s is no folder that the gateway can read", path);
    for (size_t i = 0; i < roots->count; i++)
        if (is_below(path, roots->items[i]))
            return 0;
    if (roots->count)
        return err_set(err, ERR_DENIED, "path %s is outside project_roots", path);
    return 0;
}

static int check_name(const char *name, struct err *err)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
    if (!n || name[n] || n > 100 || name[0] == '.' || name[0] == '-')
        return err_set(err, ERR_INVALID, "name %s: 1 to 100 of letters, digits, _ . - is needed", name);
    return 0;
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
    struct project_row row = { 0 };
    if (project_store_get(projects->gw->store, name, &row, NULL) < 0)
        return 0;
    int rc = 0;
    if (strcmp(row.path, path) != 0)
        rc = err_set(err, ERR_CONFLICT, "project %s is %s already; give another name", name, row.path);
    project_row_clear(&row);
    return rc;
}

int projects_register(struct projects *projects, const struct doc *body, answer_done *done, void *ctx,
                      struct err *err)
{
    char path[PATH_MAX];
    const char *given_name = doc_scalar_text(doc_get(body, "name"));
    if (check_path(projects, doc_scalar_text(doc_get(body, "path")), path, err) < 0)
        return -1;
    auto_free char *name = given_name ? mem_dup_str(given_name) : default_name(path);
    if (check_name(name, err) < 0 || check_free(projects, name, path, err) < 0)
        return -1;
    struct project_row row = { .name = mem_dup_str(name),
                               .path = mem_dup_str(path),
                               .group = mem_dup_str(doc_scalar_text(doc_get(body, "group"))),
                               .created_at_us = clock_wall_us(projects->gw->clock) };
    return start_sync(projects, &row, done, ctx, err);
}

int projects_patch(struct projects *projects, const char *name, const struct doc *body, answer_done *done,
                   void *ctx, struct err *err)
{
    struct project_row row = { 0 };
    for (size_t i = 0; i < body->count; i++)
        if (strcmp(body->items[i].key, "group") != 0)
            return err_set(err, ERR_INVALID, "%s cannot be changed; group can", body->items[i].key);
    if (project_store_get(projects->gw->store, name, &row, err) < 0)
        return err_wrap(err, "project %s", name);
    mem_replace_str(&row.group, doc_scalar_text(doc_get(body, "group")));
    return start_sync(projects, &row, done, ctx, err);
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
        render(row, NULL, &fresh);
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
