#include "svc/live/findings.h"

#include "base/mem.h"
#include "store/job_store.h"
#include "svc/job_note.h"
#include "text/json_in.h"
#include "text/json_out.h"

#include <string.h>

enum {
    MAX_LINKS = 20,
    LINK_JSON_BYTES = 16 * 1024,
    MAX_LINKS_BYTES = LINK_JSON_BYTES * MAX_LINKS,
    RESUME_PIECE_BYTES = 1024 * 1024
};

/* --- links --- */

struct finding {
    const struct gateway *gw;
    const struct log_place *place;
    struct str *json; /* the one link */
    struct str *url;  /* as a JSON string */
    struct str known; /* the job's links, once the job was looked at; to be cleared */
};

static size_t count_links(const char *links)
{
    size_t count = 0;
    for (const char *at = links; at && (at = strstr(at, "\"url\":")); at++)
        count++;
    return count;
}

static bool is_wanted(const struct finding *finding, const char *links)
{
    return count_links(links) < MAX_LINKS && !(links && strstr(links, str_text(finding->url)));
}

static void append_link(const struct finding *finding, struct job *job)
{
    auto_str struct str links = STR_MAX(MAX_LINKS_BYTES);
    struct span old = span_of(job->links);
    if (old.len > 2) { /* "[...]" without its bracket */
        str_add_span(&links, span_head(old, old.len - 1));
        str_add_char(&links, ',');
    } else {
        str_add_char(&links, '[');
    }
    str_add_span(&links, str_span(finding->json));
    str_add_char(&links, ']');
    mem_replace_str(&job->links, str_text(&links));
}

static bool add_link(void *ctx, struct job *job)
{
    struct finding *finding = ctx;
    bool is_new = is_wanted(finding, job->links);
    if (is_new)
        append_link(finding, job);
    str_cut(&finding->known, 0);
    str_add_span(&finding->known, span_of(job->links));
    return is_new;
}

/* A log may say one address at every step, or hundreds of thousands: the job, which is read from the store
 * where it has ended, is looked at for those only that it may take. */
static void on_link(void *ctx, const struct link *link)
{
    struct finding *finding = ctx;
    auto_str struct str json = STR_MAX(LINK_JSON_BYTES), url = STR_MAX(LINK_JSON_BYTES);
    struct json_out out = { .to = &json };
    json_str_span(&(struct json_out){ .to = &url }, link->url);
    finding->url = &url;
    if (finding->known.len && !is_wanted(finding, str_text(&finding->known)))
        return;
    json_open_object(&out);
    json_member_str(&out, "kind", link->kind);
    json_member_raw(&out, "url", str_span(&url));
    if (link->line > 0)
        json_member_int(&out, "line", link->line);
    json_member_int(&out, "attempt", finding->place->attempt);
    if (finding->place->task >= 0)
        json_member_int(&out, "task", finding->place->task);
    json_close_object(&out);
    finding->json = &json;
    job_note(finding->gw, finding->place->job_id,
             &(struct job_note){ .kind = "link", .data = str_text(&json), .set = add_link, .ctx = finding });
}

void findings_patterns(const struct gateway *gw, int64_t job_id, struct link_patterns *out)
{
    static const char section[] = "links.";
    auto_free char *text = NULL;
    auto_doc struct doc *resolved = NULL;
    if (job_store_resolved(gw->store, job_id, &text, NULL) < 0 || !text || !strstr(text, "\"links.") ||
        json_parse(span_of(text), &resolved, NULL) < 0)
        return;
    for (size_t i = 0; i < resolved->count; i++) {
        const struct doc *leaf = &resolved->items[i];
        const char *address = doc_scalar_text(doc_get(leaf, "value"));
        if (address && strncmp(leaf->key, section, sizeof(section) - 1) == 0)
            link_patterns_add(out, leaf->key + sizeof(section) - 1, address);
    }
}

void findings_take(const struct gateway *gw, const struct log_place *place, struct link_scan *scan,
                   struct span bytes)
{
    struct finding finding = { .gw = gw, .place = place, .known = STR_MAX(MAX_LINKS_BYTES) };
    links_feed(scan, bytes, on_link, &finding);
    str_clear(&finding.known);
}

/* Newlines before that offset, or LOG_LINES_UNKNOWN. */
static int64_t lines_before(const struct log_cache *cache, int64_t from)
{
    int64_t lines = cache->end_lines;
    while (from < cache->end && lines != LOG_LINES_UNKNOWN) {
        auto_str struct str piece = STR_MAX(RESUME_PIECE_BYTES);
        if (log_cache_read(cache, from, RESUME_PIECE_BYTES, &piece, NULL) < 0 || !piece.len)
            return LOG_LINES_UNKNOWN;
        for (size_t i = 0; i < piece.len; i++)
            lines -= piece.buf[i] == '\n';
        from += (int64_t)piece.len;
    }
    return lines;
}

void findings_resume(const struct gateway *gw, const struct log_place *place, struct link_scan *scan,
                     const struct log_cache *cache, int64_t from)
{
    if (from < cache->base)
        from = cache->base;
    scan->carried = 0;
    scan->line = lines_before(cache, from);
    while (from < cache->end) {
        auto_str struct str piece = STR_MAX(RESUME_PIECE_BYTES);
        if (log_cache_read(cache, from, RESUME_PIECE_BYTES, &piece, NULL) < 0 || !piece.len)
            return;
        findings_take(gw, place, scan, str_span(&piece));
        from += (int64_t)piece.len;
    }
}

void findings_end(const struct gateway *gw, const struct log_place *place, struct link_scan *scan)
{
    struct finding finding = { .gw = gw, .place = place, .known = STR_MAX(MAX_LINKS_BYTES) };
    links_end(scan, on_link, &finding);
    str_clear(&finding.known);
}
