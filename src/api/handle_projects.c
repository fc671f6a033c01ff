#include "api/handlers.h"

#include "api/done.h"
#include "api/reply.h"
#include "base/mem.h"
#include "svc/project/projects.h"

enum { MAX_PROJECTS_BYTES = 16 * 1024 * 1024 };

void handle_projects(struct request *request)
{
    auto_str struct str body = STR_MAX(MAX_PROJECTS_BYTES);
    struct err err;
    if (projects_list(request->gw->projects, &body, &err) < 0)
        reply_err(request, &err);
    else
        reply_json(request, 200, &body);
}

void handle_project_add(struct request *request)
{
    auto_errs struct errs errs = { 0 };
    struct err err;
    request_hold(request);
    done_started_errs(request,
                      projects_register(request->gw->projects, request->doc, done_json, request, &errs, &err),
                      &errs, &err);
}

void handle_project(struct request *request)
{
    auto_free char *name = request_param_dup(request, 0);
    struct err err;
    request_hold(request);
    done_started(request, projects_get(request->gw->projects, name, done_json, request, &err), &err);
}

void handle_project_patch(struct request *request)
{
    auto_free char *name = request_param_dup(request, 0);
    auto_errs struct errs errs = { 0 };
    struct err err;
    request_hold(request);
    done_started_errs(
        request, projects_patch(request->gw->projects, name, request->doc, done_json, request, &errs, &err),
        &errs, &err);
}

void handle_project_remove(struct request *request)
{
    auto_free char *name = request_param_dup(request, 0);
    struct err err;
    if (projects_remove(request->gw->projects, name, &err) < 0)
        reply_err(request, &err);
    else
        reply_empty(request, 204);
}

void handle_project_sync(struct request *request)
{
    auto_free char *name = request_param_dup(request, 0);
    struct err err;
    request_hold(request);
    done_started(request, projects_sync(request->gw->projects, name, done_json, request, &err), &err);
}
