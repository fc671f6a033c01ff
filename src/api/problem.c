#include "api/reply.h"

#include "base/mem.h"
#include "text/json_out.h"

static const struct problem_kind kinds[] = {
    [ERR_NONE] = { 500, "Internal error", NULL },
    [ERR_INVALID] = { 400, "Invalid request", NULL },
    [ERR_NOT_FOUND] = { 404, "Not found", NULL },
    [ERR_CONFLICT] = { 409, "Conflict", NULL },
    [ERR_TOO_LARGE] = { 413, "Too large", NULL },
    [ERR_UNSUPPORTED] = { 501, "Not supported", NULL },
    /* Said by a service: the gateway itself may not. Who may not ask at all is told so by judge.c: 403. */
    [ERR_DENIED] = { 500, "Not allowed", "the gateway's own user may not do this; the detail says where" },
    [ERR_UNAUTHORIZED] = { 401, "Not authorized", NULL },
    [ERR_OFFLINE] = { 503, "Cluster unreachable",
                      "the gateway keeps trying; GET /api/v1/clusters says more" },
    [ERR_AUTH] = { 502, "The cluster refuses the login", "check key, user name and host key of the cluster" },
    [ERR_BUSY] = { 503, "Busy", "try again in a moment" },
    [ERR_TIMEOUT] = { 504, "Timed out", "try again in a moment" },
    [ERR_REFUSED] = { 422, "Refused by the scheduler", NULL },
    [ERR_CANCELLED] = { 409, "Cancelled", NULL },
    [ERR_IO] = { 500, "Input or output failed", "the gateway's own log says more" },
    [ERR_FULL] = { 503, "No space left", "free space where the gateway keeps its state" },
    [ERR_CORRUPT] = { 500, "Damaged data", "the gateway's own log says more" },
    [ERR_INTERNAL] = { 500, "Internal error", "the gateway's own log says more" },
};
_Static_assert(ARRAY_LEN(kinds) == ERR_CODE_COUNT, "a kind of problem for every code");

const struct problem_kind *problem_kind(enum err_code code)
{
    return &kinds[(unsigned)code < ERR_CODE_COUNT ? code : ERR_INTERNAL];
}

static void add_origin(struct json_out *out, const struct errs_item *item)
{
    if (!item->file)
        return;
    auto_str struct str origin = STR_MAX(4096);
    str_add(&origin, item->file);
    if (item->line)
        str_addf(&origin, ":%u", item->line);
    if (item->line && item->col)
        str_addf(&origin, ":%u", item->col);
    json_member_span(out, "origin", str_span(&origin));
}

static void add_errors(struct json_out *out, const struct errs *errs)
{
    json_key(out, "errors");
    json_open_array(out);
    for (size_t i = 0; i < errs->count; i++) {
        const struct errs_item *item = &errs->items[i];
        json_open_object(out);
        json_member_str(out, "pointer", item->pointer ? item->pointer : "");
        json_member_str(out, "detail", item->text);
        add_origin(out, item);
        json_member_str(out, "hint", item->hint);
        json_close_object(out);
    }
    json_close_array(out);
}

static int status_of(const struct problem *problem)
{
    if (problem->status)
        return problem->status;
    /* A body that could be read, with values that are wrong in it, or name what is not there: a 404 would
     * say that of the path. */
    bool is_value = problem->err->code == ERR_INVALID || problem->err->code == ERR_UNSUPPORTED ||
                    problem->err->code == ERR_DENIED || problem->err->code == ERR_NOT_FOUND;
    if (is_value && problem->errs && problem->errs->count)
        return 422;
    return problem_kind(problem->err->code)->status;
}

void problem_json(const struct problem *problem, const char *instance, struct str *to)
{
    const struct problem_kind *kind = problem_kind(problem->err->code);
    const char *word = err_word(problem->err->code);
    struct json_out out = { .to = to };
    auto_str struct str type = STR_MAX(100);
    str_addf(&type, "urn:sluice:problem:%s", word);
    json_open_object(&out);
    json_member_span(&out, "type", str_span(&type));
    json_member_str(&out, "title", kind->title);
    json_member_int(&out, "status", status_of(problem));
    json_member_str(&out, "detail", problem->err->text);
    json_member_str(&out, "instance", instance);
    json_member_str(&out, "code", word);
    if (problem->errs && problem->errs->count)
        add_errors(&out, problem->errs);
    json_member_str(&out, "hint", problem->hint ? problem->hint : kind->hint);
    json_member_str(&out, "upstream", problem->upstream);
    json_close_object(&out);
}

void reply_problem(struct request *request, const struct problem *problem)
{
    struct reply *reply = &request->reply;
    if (reply->status)
        return;
    auto_str struct str body = STR_MAX(256 * 1024);
    problem_json(problem, request->target.path, &body);
    if (problem->err->code == ERR_BUSY)
        reply_header(request, "Retry-After", "1");
    reply->close = problem->close;
    reply_bytes(request, status_of(problem), "application/problem+json", str_span(&body));
}
