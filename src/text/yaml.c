#include "text/yaml.h"

#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct level {
    struct doc *node; /* stable while open: its parent gets no other item meanwhile */
    char *key;        /* maps: read, its value not yet */
    unsigned key_line, key_col;
};

struct reader {
    const char *file;
    struct errs *errs;
    struct doc *root;
    struct level levels[MAX_DOC_DEPTH + 1];
    size_t depth; /* open collections */
    size_t skip;  /* open collections inside a key that is no scalar */
    size_t events;
    unsigned documents;
    bool is_bad, has_ended;
};

/* Why and what instead; the path is where the reader stands. */
static void complain(struct reader *r, const yaml_mark_t *mark, const char *text, const char *hint)
{
    auto_str struct str path = STR_MAX(MAX_CONFIG_BYTES);
    auto_str struct str pointer = STR_MAX(MAX_CONFIG_BYTES);
    for (size_t i = 0; i < r->depth; i++) {
        const struct level *level = &r->levels[i];
        bool is_last = i + 1 == r->depth;
        if (level->node->kind == DOC_MAP && level->key)
            errs_path_key(&path, &pointer, level->key);
        else if (level->node->kind == DOC_SEQ)
            errs_path_index(&path, &pointer, is_last ? level->node->count : level->node->count - 1);
    }
    r->is_bad = true;
    errs_add(r->errs, &(struct errs_item){ .file = r->file,
                                           .line = (unsigned)mark->line + 1,
                                           .col = (unsigned)mark->column + 1,
                                           .path = str_text(&path),
                                           .pointer = str_text(&pointer),
                                           .text = text,
                                           .hint = hint });
}

static void check_decoration(struct reader *r, const yaml_event_t *event, const yaml_char_t *anchor,
                             const yaml_char_t *tag)
{
    if (anchor)
        complain(r, &event->start_mark, "anchors (&name) are not supported", "write the value out");
    if (tag)
        complain(r, &event->start_mark, "tags (!name) are not supported",
                 "leave it out: each key has its type");
}

/* Where the next value goes: the root, a new item, or the value of the pending key. */
static struct doc *place_value(struct reader *r, const yaml_mark_t *mark)
{
    struct doc *node = r->root;
    if (r->depth > 0) {
        struct level *level = &r->levels[r->depth - 1];
        node = doc_push(level->node, level->key);
        node->key_line = level->key_line;
        node->key_col = level->key_col;
    }
    node->line = (unsigned)mark->line + 1;
    node->col = (unsigned)mark->column + 1;
    return node;
}

static bool expects_key(const struct reader *r)
{
    return r->depth > 0 && r->levels[r->depth - 1].node->kind == DOC_MAP && !r->levels[r->depth - 1].key;
}

/* The value of the pending key stands: the map wants a key again. */
static void value_done(struct reader *r)
{
    if (r->depth > 0)
        mem_clear_str(&r->levels[r->depth - 1].key);
}

static void set_key(struct reader *r, const yaml_mark_t *mark, char *key_take)
{
    struct level *level = &r->levels[r->depth - 1];
    level->key = key_take;
    level->key_line = (unsigned)mark->line + 1;
    level->key_col = (unsigned)mark->column + 1;
}

static void read_key(struct reader *r, const yaml_event_t *event, struct span text)
{
    bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    const yaml_mark_t *mark = &event->start_mark;
    if (is_plain && span_is(text, "<<"))
        complain(r, mark, "merge keys (<<) are not supported", "write the keys out");
    else if (text.len == 0)
        complain(r, mark, "a key is missing before ':'", NULL);
    set_key(r, mark, span_dup(text));
}

static void on_scalar(struct reader *r, const yaml_event_t *event)
{
    struct span text = { (const char *)event->data.scalar.value, event->data.scalar.length };
    check_decoration(r, event, event->data.scalar.anchor, event->data.scalar.tag);
    if (text.len && memchr(text.ptr, '\0', text.len)) {
        complain(r, &event->start_mark, "a NUL character is not allowed", NULL);
        text.len = strlen(text.ptr);
    }
    if (expects_key(r)) {
        read_key(r, event, text);
        return;
    }
    struct doc *node = place_value(r, &event->start_mark);
    node->kind = DOC_STR;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->text = span_dup(text);
    value_done(r);
}

static void on_alias(struct reader *r, const yaml_event_t *event)
{
    complain(r, &event->start_mark, "aliases (*name) are not supported", "write the value out");
    if (expects_key(r)) {
        set_key(r, &event->start_mark, mem_dup_str("*"));
        return;
    }
    (void)place_value(r, &event->start_mark);
    value_done(r);
}

static void on_open(struct reader *r, const yaml_event_t *event, enum doc_kind kind)
{
    bool is_map = kind == DOC_MAP;
    check_decoration(r, event, is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor,
                     is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag);
    if (expects_key(r)) {
        complain(r, &event->start_mark, "a key must be a single word or string", NULL);
        r->skip = 1;
        return;
    }
    if (r->depth >= MAX_DOC_DEPTH) {
        complain(r, &event->start_mark, "nested too deeply", "at most 32 levels");
        r->has_ended = true;
        return;
    }
    struct doc *node = place_value(r, &event->start_mark);
    node->kind = kind;
    r->levels[r->depth++] = (struct level){ .node = node };
}

static int compare_keys(const void *a, const void *b)
{
    const struct doc *const *left = a, *const *right = b;
    int order = strcmp((*left)->key, (*right)->key);
    return order ? order : (*left > *right) - (*left < *right);
}

/* By sorting, so that a map of 25,000 keys costs no 25,000 squared. */
static void check_duplicates(struct reader *r, const struct doc *map)
{
    if (map->count < 2)
        return;
    auto_free const struct doc **sorted = mem_grow(NULL, map->count, sizeof(*sorted));
    for (size_t i = 0; i < map->count; i++)
        sorted[i] = &map->items[i];
    qsort(sorted, map->count, sizeof(*sorted), compare_keys);
    const struct doc *first = sorted[0];
    for (size_t i = 1; i < map->count; i++) {
        if (strcmp(sorted[i]->key, first->key) != 0) {
            first = sorted[i];
            continue;
        }
        auto_str struct str text = STR_MAX(256);
        str_addf(&text, "this key stands twice, first in line %u", first->key_line);
        struct level *level = &r->levels[r->depth - 1];
        mem_replace_str(&level->key, first->key);
        yaml_mark_t mark = { .line = sorted[i]->key_line - 1, .column = sorted[i]->key_col - 1 };
        complain(r, &mark, str_text(&text), "keep one of them");
        mem_clear_str(&level->key);
    }
}

static void on_close(struct reader *r)
{
    const struct doc *node = r->levels[r->depth - 1].node;
    if (node->kind == DOC_MAP)
        check_duplicates(r, node);
    r->depth--;
    value_done(r);
}

/* Inside a key that is no scalar: nothing is built; its end leaves a name that no file can hold twice. */
static void on_skipped(struct reader *r, const yaml_event_t *event)
{
    if (event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT)
        r->skip++;
    else if (event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT)
        r->skip--;
    if (r->skip > MAX_DOC_DEPTH)
        r->has_ended = true; /* libyaml is quadratic in the depth of [ and { */
    if (r->skip > 0)
        return;
    auto_str struct str name = STR_MAX(64);
    str_addf(&name, "?%zu", r->events);
    set_key(r, &event->start_mark, str_steal(&name));
}

static void on_document(struct reader *r, const yaml_event_t *event)
{
    if (event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end)
        complain(r, &event->start_mark, "%TAG is not supported", NULL);
    if (++r->documents == 1)
        return;
    complain(r, &event->start_mark, "a second document (---) is not supported", "one document per file");
    r->has_ended = true;
}

static void on_event(struct reader *r, const yaml_event_t *event)
{
    if (++r->events > MAX_CONFIG_EVENTS) {
        complain(r, &event->start_mark, "too many values", "at most 50,000 YAML events");
        r->has_ended = true;
        return;
    }
    if (r->skip > 0) {
        on_skipped(r, event);
        return;
    }
    switch (event->type) {
    case YAML_STREAM_END_EVENT:
        r->has_ended = true;
        return;
    case YAML_DOCUMENT_START_EVENT:
        on_document(r, event);
        return;
    case YAML_SCALAR_EVENT:
        on_scalar(r, event);
        return;
    case YAML_ALIAS_EVENT:
        on_alias(r, event);
        return;
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        on_open(r, event, event->type == YAML_MAPPING_START_EVENT ? DOC_MAP : DOC_SEQ);
        return;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        on_close(r);
        return;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return;
    }
}

static yaml_mark_t mark_of_offset(struct span text, size_t offset)
{
    assert(text.ptr || !text.len);
    yaml_mark_t mark = { .index = offset };
    struct span before = span_head(text, offset);
    for (size_t i = 0; i < before.len; i++) {
        unsigned char c = (unsigned char)before.ptr[i];
        if (c == '\n') {
            mark.line++;
            mark.column = 0;
        } else if ((c & 0xc0) != 0x80) {
            mark.column++;
        }
    }
    return mark;
}

static const struct {
    const char *part, *hint;
} syntax_hints[] = {
    { "tab character", "indent with blanks" },
    { "start any token", "indent with blanks, and put quotes around values that start with @ ` or %" },
    { "mapping values are not allowed", "check the indentation; a value that holds ': ' needs quotes" },
    { "did not find expected key", "check the indentation and open quotes above" },
};

/* libyaml's own words, with a hint for the mistake that is behind most of them. */
static void complain_syntax(struct reader *r, const yaml_parser_t *parser, struct span text)
{
    yaml_mark_t mark = parser->problem_mark;
    if (parser->error == YAML_READER_ERROR)
        mark = mark_of_offset(text, parser->problem_offset);
    const char *problem = parser->problem,
               *hint = parser->context; /* every error but of memory has a problem */
    for (size_t i = 0; i < ARRAY_LEN(syntax_hints); i++) {
        if (strstr(problem, syntax_hints[i].part))
            hint = syntax_hints[i].hint;
    }
    r->depth = 0; /* the path is of no use: the mistake is often above */
    complain(r, &mark, problem, hint);
}

static void read_events(struct reader *r, struct span text)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        mem_exhausted();
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.ptr ? text.ptr : ""), text.len);
    while (!r->has_ended) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            if (parser.error == YAML_MEMORY_ERROR) /* no mistake of the file's author */
                mem_exhausted();
            complain_syntax(r, &parser, text);
            break;
        }
        on_event(r, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
}

static int check_bytes(struct reader *r, struct span text)
{
    const char *nul = text.len ? memchr(text.ptr, '\0', text.len) : NULL;
    if (text.len > MAX_CONFIG_BYTES) {
        complain(r, &(yaml_mark_t){ 0 }, "the file is larger than 256 KiB", NULL);
    } else if (nul) {
        yaml_mark_t mark = mark_of_offset(text, (size_t)(nul - text.ptr));
        complain(r, &mark, "a NUL byte is not allowed", "is this a text file?");
    } else if (!span_is_utf8(text)) {
        struct span line = { text.ptr, 0 }, rest = text;
        while (span_is_utf8(line)) /* one of them is not */
            (void)span_next_line(&rest, &line);
        yaml_mark_t mark = mark_of_offset(text, (size_t)(line.ptr - text.ptr));
        complain(r, &mark, "this line is not UTF-8", "save the file as UTF-8");
    }
    return r->is_bad ? -1 : 0;
}

int yaml_parse(struct span text, const char *file, struct doc **out, struct errs *errs)
{
    auto_doc struct doc *root = mem_zalloc(sizeof(*root));
    struct reader r = { .file = file, .errs = errs, .root = root };
    root->line = root->col = 1;
    if (span_starts(text, "\xef\xbb\xbf"))
        text = span_skip(text, 3);
    if (check_bytes(&r, text) == 0)
        read_events(&r, text);
    for (size_t i = 0; i < MAX_DOC_DEPTH; i++)
        mem_clear_str(&r.levels[i].key);
    if (r.is_bad) {
        errs_sort(errs);
        return -1;
    }
    *out = move_ptr(root);
    return 0;
}
