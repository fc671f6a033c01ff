#include "svc/project/project_doc.h"

#include "svc/project/project_file.h"
#include "text/json_out.h"

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

void project_doc(const struct project_row *row, const struct git_state *git, const struct err *problem,
                 struct str *text)
{
    struct json_out out = { .to = text };
    auto_project_config struct project_config *config = NULL;
    auto_errs struct errs errs = { 0 };
    if (problem)
        (void)errs_add(&errs, &(struct errs_item){ .code = problem->code, .text = problem->text });
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
