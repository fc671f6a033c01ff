#include "api/site.h"

#include "api/assets.h"
#include "api/openapi.h"
#include "api/policy.h"

void site_init(struct site *site, const char *base_path, const char *version)
{
    site->openapi = STR_MAX(MAX_OPENAPI_BYTES);
    site->docs = STR_MAX(MAX_OPENAPI_BYTES);
    openapi_render(base_path, version, &site->openapi);
    docs_render(version, &site->docs);
    site->page = STR_MAX(MAX_PAGE_BYTES);
    page_render(base_path, &site->page);
    site->policy = STR_MAX(MAX_POLICY_BYTES);
    policy_of_page(str_span(&site->page), &site->policy);
}

void site_clear(struct site *site)
{
    str_clear(&site->openapi);
    str_clear(&site->docs);
    str_clear(&site->page);
    str_clear(&site->policy);
}
