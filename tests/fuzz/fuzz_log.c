/* Log bytes as they pass: the same links whatever the reads were, verdicts that are JSON, folded text without
 * a CR before its LF. The first byte says where the second read begins. */
#include "fuzz.h"

#include "domain/verdict.h"
#include "text/fold.h"
#include "text/json_in.h"
#include "text/links.h"
#include "text/plain.h"
#include "text/progress.h"

static void note(void *ctx, const struct link *link)
{
    str_addf(ctx, "%s %.*s %lld\n", link->kind, SPAN_FMT(link->url), (long long)link->line);
}

static void find_links(struct span first, struct span second, struct str *found)
{
    struct link_scan scan = { 0 };
    links_feed(&scan, first, note, found);
    links_feed(&scan, second, note, found);
    links_end(&scan, note, found);
}

static void check_verdict(struct span text, enum job_state state)
{
    auto_str struct str json = STR_MAX((size_t)1 << 20);
    auto_doc struct doc *doc = NULL;
    const struct verdict_facts facts = {
        .state = state, .exit_code = 1, .log = text, .first_line = 1, .task = -1
    };
    verdict_json(&facts, &json);
    must(!json.failed && (!json.len || json_parse(str_span(&json), &doc, NULL) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct span text = { (const char *)data + 1, size - 1 };
    size_t cut = text.len * data[0] / 256;
    auto_str struct str whole = STR_MAX((size_t)16 << 20), halves = STR_MAX((size_t)16 << 20);
    find_links(text, (struct span){ "", 0 }, &whole);
    find_links(span_head(text, cut), span_skip(text, cut), &halves);
    must(span_eq(str_span(&whole), str_span(&halves)));
    auto_str struct str folded = STR_MAX(size + 1), plain = STR_MAX(2 * size + 64);
    fold_text(text, &folded);
    plain_add(&plain, text);
    must(!folded.failed);
    must(!plain.failed);
    struct progress progress;
    const struct progress_hint nothing_known = { -1, -1, 0, NULL };
    must(!progress_find(text, &nothing_known, &progress) ||
         (progress.fraction >= 0 && progress.fraction <= 1));
    for (int state = 0; state < JOB_STATE_COUNT; state++)
        check_verdict(text, (enum job_state)state);
    return 0;
}
