#include "text/template_nodes.h"

#include "base/limits.h"
#include "base/mem.h"

#include <string.h>

struct parser {
    struct span text;
    const char *file;
    bool allow_raw;
    struct nodes *nodes;
    struct errs *errs;
    size_t at;         /* next byte */
    size_t line_start; /* of the line that `at` stands on */
    unsigned line;
    size_t open[MAX_TEMPLATE_DEPTH]; /* indices of open sections */
    size_t depth;
    struct shell_state shell;
    bool is_bad;
};

struct tag {
    char sigil;       /* # ^ / ! & { or 0 */
    struct span name; /* trimmed */
    size_t start, end;
    unsigned line, col;
};

void nodes_clear(struct nodes *nodes)
{
    mem_free_ptr(&nodes->items);
    *nodes = (struct nodes){ 0 };
}

static void complain(struct parser *p, const struct tag *tag, const char *text, const char *hint)
{
    auto_free char *name = span_dup(span_head(tag->name, 64));
    p->is_bad = true;
    errs_add(
        p->errs,
        &(struct errs_item){
            .file = p->file, .line = tag->line, .col = tag->col, .path = name, .text = text, .hint = hint });
}

static struct node *add_node(struct parser *p, enum node_kind kind, struct span text)
{
    struct node *node = vec_push(p->nodes->items, p->nodes->count, p->nodes->cap);
    *node = (struct node){ .kind = kind, .text = text };
    return node;
}

/* Moves on to `to`, counting lines. */
static void advance(struct parser *p, size_t to)
{
    const char *text = p->text.ptr;
    for (; p->at < to; p->at++) {
        if (text[p->at] == '\n') {
            p->line++;
            p->line_start = p->at + 1;
        }
    }
}

static void add_text(struct parser *p, size_t start, size_t end)
{
    struct span text = { p->text.ptr + start, end - start };
    if (text.len == 0)
        return;
    add_node(p, NODE_TEXT, text);
    shell_state_feed(&p->shell, text);
}

static bool is_name(struct span name)
{
    if (span_is(name, "."))
        return true;
    if (name.len == 0 || name.ptr[0] == '.' || name.ptr[name.len - 1] == '.')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool is_letter =
            ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || (c >= '0' && c <= '9') || c == '-';
        if (!is_letter && (c != '.' || name.ptr[i - 1] == '.'))
            return false;
    }
    return true;
}

/* Reads the tag whose braces stand at p->at. */
static int read_tag(struct parser *p, struct tag *tag)
{
    struct span rest = span_skip(p->text, p->at + 2);
    char sigil = rest.len ? rest.ptr[0] : '\0';
    *tag = (struct tag){ .sigil = sigil && strchr("#^/!&{=>", sigil) ? sigil : '\0',
                         .start = p->at,
                         .line = p->line,
                         .col = (unsigned)(p->at - p->line_start) + 1 };
    rest = span_skip(rest, tag->sigil != '\0');
    struct span close = tag->sigil == '{' ? SPAN_LIT("}}}") : SPAN_LIT("}}");
    size_t len = span_find(rest, close);
    if (len == rest.len) {
        complain(p, tag, "this {{ is never closed", "\\{{ gives two braces as they are");
        return -1;
    }
    tag->name = span_trim(span_head(rest, len));
    tag->end = (size_t)(rest.ptr - p->text.ptr) + len + close.len;
    if (tag->sigil == '!')
        return 0;
    if (tag->sigil == '=' || tag->sigil == '>')
        complain(p, tag, "partials and other delimiters are not supported", NULL);
    else if (!is_name(tag->name))
        complain(p, tag, "between {{ and }} a name is expected", "\\{{ gives two braces as they are");
    return 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Whether the tag has its line for itself: then the blanks before it and the line's end go too. */
static void take_line(struct span text, size_t *start, size_t *end)
{
    size_t from = *start, to = *end;
    while (from > 0 && is_blank(text.ptr[from - 1]))
        from--;
    while (to < text.len && is_blank(text.ptr[to]))
        to++;
    if (from > 0 && text.ptr[from - 1] != '\n')
        return;
    if (to + 1 < text.len && text.ptr[to] == '\r' && text.ptr[to + 1] == '\n')
        to++;
    if (to < text.len && text.ptr[to] != '\n')
        return;
    *start = from;
    *end = to + (to < text.len);
}

static void open_section(struct parser *p, const struct tag *tag)
{
    if (p->depth == MAX_TEMPLATE_DEPTH) {
        complain(p, tag, "sections are nested too deeply", "at most 16 levels");
        return;
    }
    p->open[p->depth++] = p->nodes->count;
    struct node *node = add_node(p, tag->sigil == '#' ? NODE_SECTION : NODE_INVERTED, tag->name);
    node->line = tag->line;
    node->col = tag->col;
}

static void close_section(struct parser *p, const struct tag *tag)
{
    if (p->depth == 0) {
        complain(p, tag, "no section of this name is open", NULL);
        return;
    }
    struct node *open = &p->nodes->items[p->open[p->depth - 1]];
    if (!span_eq(open->text, tag->name)) {
        auto_str struct str hint = STR_MAX(256);
        str_addf(&hint, "{{#%.*s}} of line %u is open", SPAN_FMT(span_head(open->text, 64)), open->line);
        complain(p, tag, "this closes another section than the one that is open", str_text(&hint));
        return;
    }
    open->end = p->nodes->count;
    p->depth--;
    add_node(p, NODE_END, tag->name);
}

static void add_value(struct parser *p, const struct tag *tag)
{
    static const char *const hints[] = {
        [SHELL_SINGLE] = "leave the quotes out",
        [SHELL_DOUBLE] = "end the quotes before it: \"$HOME/\"{{name}}",
        [SHELL_TICKS] = "use $(...) for `...`",
        [SHELL_HERE] = "a here-document protects no value: print it with printf",
    };
    bool is_raw = tag->sigil != '\0';
    enum shell_place place = shell_state_place(&p->shell);
    if (is_raw && !p->allow_raw)
        complain(p, tag, "raw values are for templates of the gateway's own folder", "use {{name}}");
    else if (!is_raw && place != SHELL_BARE && place != SHELL_COMMENT)
        complain(p, tag, "the value brings its own quotes and must not stand inside of others", hints[place]);
    struct node *node = add_node(p, is_raw ? NODE_RAW : NODE_VALUE, tag->name);
    node->place = place;
    node->line = tag->line;
    node->col = tag->col;
    shell_state_value(&p->shell);
}

static void add_tag(struct parser *p, const struct tag *tag)
{
    switch (tag->sigil) {
    case '#':
    case '^':
        open_section(p, tag);
        break;
    case '/':
        close_section(p, tag);
        break;
    case '\0':
    case '&':
    case '{':
        add_value(p, tag);
        break;
    default: /* comments; what was refused */
        break;
    }
}

/* Text up to the next tag, then the tag. False at the end. */
static bool parse_next(struct parser *p)
{
    struct span text = p->text;
    size_t start = p->at;
    size_t braces = start + span_find(span_skip(text, start), SPAN_LIT("{{"));
    if (braces >= text.len) {
        add_text(p, start, text.len);
        return false;
    }
    if (braces > start && text.ptr[braces - 1] == '\\') {
        add_text(p, start, braces - 1);
        add_text(p, braces, braces + 2);
        advance(p, braces + 2);
        return true;
    }
    advance(p, braces);
    struct tag tag;
    if (read_tag(p, &tag) < 0)
        return false;
    size_t cut = tag.start, end = tag.end;
    if (tag.sigil && strchr("#^/!", tag.sigil))
        take_line(text, &cut, &end);
    add_text(p, start, cut < start ? start : cut);
    add_tag(p, &tag);
    advance(p, end);
    return true;
}

int nodes_parse(struct span text, const char *file, bool allow_raw, struct nodes *nodes, struct errs *errs)
{
    struct parser p = {
        .text = text, .file = file, .allow_raw = allow_raw, .nodes = nodes, .errs = errs, .line = 1
    };
    while (parse_next(&p))
        ;
    while (p.depth > 0) {
        const struct node *open = &nodes->items[p.open[--p.depth]];
        struct tag tag = { .name = open->text, .line = open->line, .col = open->col };
        complain(&p, &tag, "this section is never closed", NULL);
    }
    return p.is_bad ? -1 : 0;
}
