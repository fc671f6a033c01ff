#include "domain/request.h"

#include "base/mem.h"
#include "text/json_in.h"

#include <stddef.h>
#include <stdlib.h>

#define AT(key, kind, member)                       \
    {                                               \
        key, kind, offsetof(struct request, member) \
    }

static const struct bind binds[] = {
    AT("project", BIND_STR, project), AT("cluster", BIND_STR, cluster),
    AT("profile", BIND_STR, profile), AT("name", BIND_STR, name),
    AT("group", BIND_STR, group),     AT("description", BIND_STR, description),
    AT("tags", BIND_STRS, tags),      AT("priority", BIND_INT, priority),
};

int request_take(struct doc *doc, struct request **out, struct errs *errs)
{
    auto_doc struct doc *own = doc;
    if (schema_check(&schema_request, own, NULL, errs) < 0)
        return -1;
    struct request *request = mem_zalloc(sizeof(*request));
    bind_fill(&schema_request, "", own, BIND_LIST(binds), request);
    request->doc = move_ptr(own);
    *out = request;
    return 0;
}

int request_parse(struct span json, struct request **out, struct errs *errs)
{
    struct err err;
    struct doc *doc = NULL;
    if (json_parse(json, &doc, &err) < 0)
        return errs_add(errs, &(struct errs_item){ .code = err.code, .text = err.text });
    return request_take(doc, out, errs);
}

void request_free(struct request *request)
{
    if (!request)
        return;
    bind_clear(binds, ARRAY_LEN(binds), request);
    doc_free(request->doc);
    free(request);
}

void request_free_ptr(struct request **request)
{
    request_free(*request);
}
