#include "text/links.h"

#include "base/mem.h"
#include "text/plain.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* One row a tracker. host: a part of the host's name (NULL: any host); path: pieces that stand in the rest in
 * this order; line: a word of the line around it, any case (NULL: none needed). */
static const struct {
    const char *kind, *host;
    const char *path[3];
    const char *line;
} trackers[] = {
    { "wandb", "wandb", { "/", "/runs/" }, NULL },
    { "wandb", NULL, { "/", "/runs/" }, "wandb" },
    { "wandb", "wandb", { "/", "/sweeps/" }, NULL },
    { "mlflow", NULL, { "/experiments/", "/runs/" }, NULL },
    { "comet", "comet.com", { "/", "/", "/" }, NULL },
    { "comet", "comet.ml", { "/", "/", "/" }, NULL },
    { "clearml", NULL, { "/projects/", "/experiments/" }, NULL },
    { "clearml", "clear.ml", { "/projects/", "/tasks/" }, NULL },
    { "clearml", NULL, { "/projects/", "/tasks/" }, "clearml" },
    { "neptune", "neptune.ai", { "/", "/" }, NULL },
    { "neptune", NULL, { "/", "/e/" }, "neptune" },
    { "aim", NULL, { "/runs/" }, "aim" },
    { "aim", "aim", { "/runs/" }, NULL },
    { "tensorboard", "tensorboard", { "/" }, NULL },
    { "tensorboard", NULL, { "" }, "tensorboard" },
};

/* Not within another word: "aim" does not stand in "claim" or "aimed". */
static bool has_word(struct span text, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= text.len; i++) {
        bool is_begun = i > 0 && isalpha((unsigned char)text.ptr[i - 1]);
        bool goes_on = i + len < text.len && isalpha((unsigned char)text.ptr[i + len]);
        if (!is_begun && !goes_on && strncasecmp(text.ptr + i, word, len) == 0)
            return true;
    }
    return false;
}

static bool has_pieces(struct span path, const char *const pieces[3])
{
    for (size_t i = 0; i < 3 && pieces[i]; i++) {
        size_t at = span_find(path, span_of(pieces[i]));
        if (*pieces[i] && at == path.len)
            return false;
        path = span_skip(path, at + strlen(pieces[i]));
        if (path.len == 0 && *pieces[i]) /* something stands behind each of them */
            return false;
    }
    return true;
}

void link_patterns_add(struct link_patterns *patterns, const char *name, const char *address)
{
    *vec_push(patterns->items, patterns->count, patterns->cap) =
        (struct link_pattern){ mem_dup_str(name), mem_dup_str(address) };
}

void link_patterns_clear(struct link_patterns *patterns)
{
    for (size_t i = 0; i < patterns->count; i++) {
        mem_clear_str(&patterns->items[i].name);
        mem_clear_str(&patterns->items[i].address);
    }
    mem_free_ptr(&patterns->items);
    patterns->count = patterns->cap = 0;
}

/* The whole address; only the last star is ever gone back to, so time is the product of the lengths at worst.
 */
static bool fits(const char *pattern, struct span url)
{
    const char *star = NULL;
    size_t at = 0, resume = 0;
    while (at < url.len) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = at;
        } else if (*pattern == url.ptr[at]) {
            pattern++;
            at++;
        } else if (star) {
            pattern = star;
            at = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static const char *name_of(const struct link_patterns *patterns, struct span url)
{
    for (size_t i = 0; patterns && i < patterns->count; i++)
        if (fits(patterns->items[i].address, url))
            return patterns->items[i].name;
    return NULL;
}

static const char *kind_of(struct span url, struct span line)
{
    struct span rest = span_skip(url, span_find(url, SPAN_LIT("://")) + 3);
    size_t host_len = strcspn(rest.ptr, "/?#");
    struct span host = span_head(rest, host_len < rest.len ? host_len : rest.len);
    struct span path = span_skip(rest, host.len);
    bool is_manual = host.len > 5 && strncasecmp(host.ptr, "docs.", 5) == 0;
    for (size_t i = 0; host.len && !is_manual && i < ARRAY_LEN(trackers); i++) {
        bool fits = (!trackers[i].host || has_word(host, trackers[i].host)) &&
                    (!trackers[i].line || has_word(line, trackers[i].line));
        if (fits && has_pieces(path, trackers[i].path))
            return trackers[i].kind;
    }
    return NULL;
}

static bool is_url_byte(char c)
{
    return (unsigned char)c > 0x20 && c != 0x7f && !strchr("\"'<>`{}|\\^", c);
}

/* What stands behind an address in a sentence, and a bracket that was opened before it. */
static size_t trim_end(const char *url, size_t len)
{
    struct span whole = { url, len };
    size_t opened = span_count_char(whole, '('), closed = span_count_char(whole, ')');
    while (strchr(".,;:!?)]*", url[len - 1])) { /* at the latest the slashes of "://" end it */
        if (url[len - 1] == ')' && opened >= closed--)
            break;
        len--;
    }
    return len;
}

static bool ends_scheme(struct span word, const char *scheme)
{
    size_t len = strlen(scheme);
    return word.len >= len && strncasecmp(word.ptr + word.len - len, scheme, len) == 0;
}

/* The address around "://" at `at`; empty where it is none of http, or longer than a link may be: what comes
 * behind that is not looked at, as each "://" of a line would look through all of it. */
static struct span url_at(struct span line, size_t at)
{
    size_t from = at, to = at + 3;
    while (from > 0 && isalpha((unsigned char)line.ptr[from - 1]))
        from--;
    if (ends_scheme((struct span){ line.ptr + from, at - from }, "https"))
        from = at - 5;
    else if (ends_scheme((struct span){ line.ptr + from, at - from }, "http"))
        from = at - 4;
    else
        return (struct span){ 0 };
    while (to < line.len && to - from <= MAX_LINK_BYTES && is_url_byte(line.ptr[to]))
        to++;
    if (to - from > MAX_LINK_BYTES)
        return (struct span){ 0 };
    return (struct span){ line.ptr + from, trim_end(line.ptr + from, to - from) };
}

/* Where "://" stands, or text.len: a slash is rarer than a colon, which every time of day has. */
static size_t find_scheme_end(struct span text)
{
    const char *end = text.ptr + text.len, *at = text.ptr;
    while (at < end && (at = memchr(at, '/', (size_t)(end - at)))) {
        if (at > text.ptr && at[-1] == ':' && end - at > 1 && at[1] == '/')
            return (size_t)(at - 1 - text.ptr);
        at++;
    }
    return text.len;
}

static void in_plain_line(const struct link_patterns *patterns, struct span line, int64_t number,
                          link_each *each, void *ctx)
{
    for (size_t at = 0; at < line.len; at += 3) {
        at += find_scheme_end(span_skip(line, at));
        if (at >= line.len)
            return;
        struct span url = url_at(line, at);
        if (url.len == 0)
            continue;
        auto_free char *text = span_dup(url);
        const char *name = name_of(patterns, span_of(text));
        struct link link = { name ? name : kind_of(span_of(text), line), span_of(text), number };
        if (link.kind)
            each(ctx, &link);
    }
}

static void links_in_line(const struct link_patterns *patterns, struct span line, int64_t number,
                          link_each *each, void *ctx)
{
    if (span_find_char(line, 0x1b) == line.len) {
        in_plain_line(patterns, line, number, each, ctx);
        return;
    }
    auto_str struct str plain = STR_MAX(line.len + 16);
    plain_add(&plain, line);
    in_plain_line(patterns, str_span(&plain), number, each, ctx);
}

/* Where a window ends within an address, before that one: the next window has it whole. */
static size_t before_cut(struct span text, size_t at, size_t to)
{
    size_t end = to;
    if (to >= text.len || !is_url_byte(text.ptr[to]))
        return to;
    while (end > at + 3 && is_url_byte(text.ptr[end - 1]))
        end--;
    return end > at + 3 ? end : to;
}

/* The line around a place within whole lines. */
static struct span line_around(struct span text, size_t at)
{
    size_t from = at, to = at;
    while (from > 0 && text.ptr[from - 1] != '\n' && text.ptr[from - 1] != '\r' &&
           at - from < LINK_CARRY_BYTES)
        from--;
    while (to < text.len && text.ptr[to] != '\n' && text.ptr[to] != '\r' && to - at < LINK_CARRY_BYTES)
        to++;
    return (struct span){ text.ptr + from, before_cut(text, at, to) - from };
}

/* Whole lines: only those that hold "://" are looked at one by one. */
static void in_lines(struct link_scan *scan, struct span text, link_each *each, void *ctx)
{
    struct span rest = text;
    for (size_t hit; (hit = find_scheme_end(rest)) < rest.len;) {
        size_t at = (size_t)(rest.ptr - text.ptr) + hit;
        struct span line = line_around(text, at);
        struct span before = { rest.ptr, (size_t)(line.ptr > rest.ptr ? line.ptr - rest.ptr : 0) };
        if (scan->line >= 0)
            scan->line += span_count_char(before, '\n');
        links_in_line(scan->patterns, line, scan->line >= 0 ? scan->line + 1 : 0, each, ctx);
        rest = span_skip(text, (size_t)(line.ptr - text.ptr) + line.len);
    }
    if (scan->line >= 0)
        scan->line += span_count_char(rest, '\n');
}

static size_t whole_lines(struct span bytes)
{
    size_t len = bytes.len;
    while (len && bytes.ptr[len - 1] != '\n' && bytes.ptr[len - 1] != '\r')
        len--;
    return len;
}

/* Of a line longer than what can be carried its end is kept. */
static void carry(struct link_scan *scan, struct span bytes)
{
    if (bytes.len >= LINK_CARRY_BYTES) {
        scan->carried = 0;
        bytes = span_skip(bytes, bytes.len - LINK_CARRY_BYTES);
    }
    size_t room = LINK_CARRY_BYTES - scan->carried;
    if (bytes.len > room) {
        size_t drop = bytes.len - room;
        memmove(scan->carry, scan->carry + drop, scan->carried - drop);
        scan->carried -= drop;
    }
    if (bytes.len)
        memcpy(scan->carry + scan->carried, bytes.ptr, bytes.len);
    scan->carried += bytes.len;
}

void links_feed(struct link_scan *scan, struct span bytes, link_each *each, void *ctx)
{
    size_t whole = whole_lines(bytes);
    if (scan->carried && whole) { /* the carried line ends within these bytes */
        size_t end = 0;
        while (bytes.ptr[end] != '\n' && bytes.ptr[end] != '\r')
            end++;
        auto_str struct str line = STR_MAX((size_t)LINK_CARRY_BYTES * 2 + 1);
        str_add_span(&line, (struct span){ scan->carry, scan->carried });
        str_add_span(&line, span_head(span_head(bytes, end), LINK_CARRY_BYTES));
        if (bytes.ptr[end] == '\n')
            str_add_char(&line, '\n');
        scan->carried = 0;
        in_lines(scan, str_span(&line), each, ctx);
        bytes = span_skip(bytes, end + 1);
        whole -= end + 1;
    }
    in_lines(scan, span_head(bytes, whole), each, ctx);
    carry(scan, span_skip(bytes, whole));
}

void links_end(struct link_scan *scan, link_each *each, void *ctx)
{
    struct span rest = { scan->carry, scan->carried };
    links_in_line(scan->patterns, rest, scan->line >= 0 ? scan->line + 1 : 0, each, ctx);
    scan->carried = 0;
}
