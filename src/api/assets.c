#include "api/assets.h"

#include "base/mem.h"

#include <string.h>

static const char start_page[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Sluice</title>"
    "<link rel=\"stylesheet\" href=\"{{base}}/docs/style.css\"></head><body><main><h1>Sluice</h1>"
    "<p>The gateway runs. This build has no web page in it: <code>make</code> adds it where node is "
    "installed.</p><p><a href=\"{{base}}/docs\">The REST interface</a> is here, and so is the command line: "
    "<code>sluice ls</code>, <code>sluice submit</code>.</p></main></body></html>\n";

static const char docs_style[] =
    ":root{color-scheme:light dark;--ink:#1c2430;--soft:#5a6675;--line:#d8dee6;--paper:#fff;--tint:#f4f6f9;"
    "--get:#1f6feb;--write:#8a5a00}\n"
    "@media (prefers-color-scheme:dark){:root{--ink:#e6ebf2;--soft:#9aa7b6;--line:#2c3542;--paper:#11161d;"
    "--tint:#19212b;--get:#6cb0ff;--write:#e0b050}}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\n"
    "main{max-width:60rem;margin:0 auto;padding:1.5rem}\n"
    "h2{margin-top:2.5rem;border-bottom:1px solid var(--line)}\n"
    "section{border:1px solid var(--line);border-radius:6px;padding:.75rem 1rem;margin:1rem 0}\n"
    "section h3{margin:0;font:600 1rem ui-monospace,monospace;overflow-wrap:anywhere}\n"
    "h3 b{color:var(--write);display:inline-block;min-width:4.5rem}h3 b.get{color:var(--get)}\n"
    "p{margin:.4rem 0}.soft{color:var(--soft)}\n"
    "code,pre{font-family:ui-monospace,monospace;font-size:.9em;background:var(--tint);border-radius:4px}\n"
    "code{padding:.1em .3em}pre{padding:.75rem;overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.2rem .5rem "
    ".2rem 0;"
    "border-top:1px solid var(--line)}\n";

static const struct asset own_assets[] = {
    { .path = "docs/style.css",
      .type = "text/css; charset=utf-8",
      .bytes = { docs_style, sizeof(docs_style) - 1 } },
    { .path = NULL },
};

static const struct asset *find_in(const struct asset *assets, const char *path)
{
    for (; assets->path; assets++)
        if (strcmp(assets->path, path) == 0)
            return assets;
    return NULL;
}

const struct asset *asset_find(const char *path)
{
    const struct asset *found = find_in(own_assets, path);
    return found ? found : find_in(embedded_assets, path);
}

/* "gzip, br;q=0" accepts gzip and refuses br. */
static bool accepts(const char *accept, const char *coding)
{
    struct span rest = span_of(accept), item;
    while (span_next(&rest, ',', &item)) {
        size_t name = span_find_char(item, ';');
        struct span weight = span_trim(span_skip(item, name + 1));
        if (span_is(span_trim(span_head(item, name)), coding))
            return !span_is(weight, "q=0") && !span_is(weight, "q=0.0");
    }
    return false;
}

struct span asset_coded(const struct asset *asset, const char *accept, const char **coding)
{
    const struct {
        const char *name;
        struct span bytes;
    } codings[] = { { "br", asset->brotli }, { "gzip", asset->gzip } };
    for (size_t i = 0; accept && i < ARRAY_LEN(codings); i++) {
        if (!codings[i].bytes.len || !accepts(accept, codings[i].name))
            continue;
        *coding = codings[i].name;
        return codings[i].bytes;
    }
    *coding = NULL;
    return asset->bytes;
}

void page_render(const char *base_path, struct str *out)
{
    static const char mark[] = "{{base}}";
    const struct asset *index = asset_find("index.html");
    struct span rest = index ? index->bytes : SPAN_LIT(start_page);
    while (rest.len) {
        if (span_starts(rest, mark)) {
            str_add(out, base_path);
            rest = span_skip(rest, sizeof(mark) - 1);
            continue;
        }
        str_add_char(out, *rest.ptr);
        rest = span_skip(rest, 1);
    }
}
