#include "slurm/nodelist.h"

#include "base/mem.h"
#include "slurm/value.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BRACKETS = 4 };

static bool is_name(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum((unsigned char)text.ptr[i]) && !(text.ptr[i] && strchr("_.-", text.ptr[i])))
            return false;
    return true;
}

static int add_name(struct nodelist *list, const struct str *name, struct err *err)
{
    if (list->count == MAX_NODELIST_NODES)
        return err_set(err, ERR_TOO_LARGE, "more than %d nodes in one list", MAX_NODELIST_NODES);
    if (name->failed)
        return err_set(err, ERR_TOO_LARGE, "a node name is over %d bytes", MAX_NODE_NAME_BYTES);
    *vec_push(list->names, list->count, list->cap) = span_dup(str_span(name));
    return 0;
}

static int expand_rest(struct nodelist *list, struct str *name, struct span rest, int depth, struct err *err);

struct range {
    uint64_t first, last;
    int width; /* zero padding; 0: none */
};

static int read_range(struct span text, struct range *range, struct err *err)
{
    size_t dash = span_find_char(text, '-');
    struct span first = span_head(text, dash), last = dash < text.len ? span_skip(text, dash + 1) : first;
    if (first.len > 18 || last.len > 18 || !span_u64(first, &range->first) || !span_u64(last, &range->last) ||
        range->last < range->first)
        return err_set(err, ERR_INVALID, "'%.*s' is no range of nodes", SPAN_FMT(text));
    if (range->last - range->first >= MAX_NODELIST_NODES)
        return err_set(err, ERR_TOO_LARGE, "more than %d nodes in one list", MAX_NODELIST_NODES);
    range->width = (int)first.len;
    return 0;
}

static int expand_bracket(struct nodelist *list, struct str *name, struct span inside, struct span rest,
                          int depth, struct err *err)
{
    struct span part;
    struct range range;
    size_t length = name->len;
    if (!inside.len)
        return err_set(err, ERR_INVALID, "an empty bracket in a node list");
    while (span_next(&inside, ',', &part)) {
        if (read_range(part, &range, err) < 0)
            return -1;
        for (uint64_t i = range.first; i <= range.last; i++) {
            str_addf(name, "%0*llu", range.width, (unsigned long long)i);
            if (expand_rest(list, name, rest, depth + 1, err) < 0)
                return -1;
            str_cut(name, length);
        }
    }
    return 0;
}

/* name holds what is settled; rest is the rest of one pattern. */
static int expand_rest(struct nodelist *list, struct str *name, struct span rest, int depth, struct err *err)
{
    size_t open = span_find_char(rest, '['), close = span_find_char(rest, ']'), length = name->len;
    struct span plain = span_head(rest, open);
    if (!is_name(plain))
        return err_set(err, ERR_INVALID, "'%.*s' is no node name", SPAN_FMT(plain));
    str_add_span(name, plain);
    int rc;
    if (open == rest.len)
        rc = add_name(list, name, err);
    else if (close == rest.len || depth == MAX_BRACKETS) /* close > open: plain holds no bracket */
        rc = err_set(err, ERR_INVALID, "an unclosed bracket in a node list, or too many");
    else
        rc = expand_bracket(list, name, span_head(span_skip(rest, open + 1), close - open - 1),
                            span_skip(rest, close + 1), depth, err);
    str_cut(name, length);
    return rc;
}

/* Cuts the part up to the next comma outside brackets off *rest. */
static bool next_pattern(struct span *rest, struct span *pattern)
{
    size_t n = 0;
    bool is_inside = false;
    if (!rest->len)
        return false;
    for (; n < rest->len && (is_inside || rest->ptr[n] != ','); n++)
        is_inside = rest->ptr[n] == '[' || (is_inside && rest->ptr[n] != ']');
    *pattern = span_head(*rest, n);
    *rest = span_skip(*rest, n + 1);
    return true;
}

int nodelist_expand(struct span text, struct nodelist *list, struct err *err)
{
    auto_nodelist struct nodelist found = { 0 };
    auto_str struct str name = STR_MAX(MAX_NODE_NAME_BYTES);
    struct span rest = slurm_text(span_trim(text)), pattern;
    if (rest.len && rest.ptr[rest.len - 1] == ',')
        return err_set(err, ERR_INVALID, "an empty name in a node list");
    while (next_pattern(&rest, &pattern)) {
        if (!pattern.len)
            return err_set(err, ERR_INVALID, "an empty name in a node list");
        if (expand_rest(&found, &name, pattern, 0, err) < 0)
            return -1;
    }
    *list = found;
    found = (struct nodelist){ 0 };
    return 0;
}

void nodelist_clear(struct nodelist *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->names[i]);
    free(list->names);
    *list = (struct nodelist){ 0 };
}

/* A name as head, last run of digits, tail. */
struct cut {
    struct span head, digits, tail;
};

static struct cut cut_name(const char *name)
{
    struct span text = span_of(name);
    size_t end = text.len;
    while (end && !isdigit((unsigned char)name[end - 1]))
        end--;
    size_t start = end;
    while (start && isdigit((unsigned char)name[start - 1]) && end - start < 18)
        start--;
    return (struct cut){ span_head(text, start), { name + start, end - start }, span_skip(text, end) };
}

static bool is_same_family(const struct cut *a, const struct cut *b)
{
    return a->digits.len && b->digits.len && span_eq(a->head, b->head) && span_eq(a->tail, b->tail);
}

/* True where b is the number behind a, written as the padding of `first` writes it. */
static bool is_next(const struct cut *first, const struct cut *a, const struct cut *b)
{
    uint64_t before = 0, value = 0;
    (void)span_u64(a->digits, &before); /* 1 to 18 digits: they fit */
    (void)span_u64(b->digits, &value);
    auto_str struct str text = STR_MAX(32);
    str_addf(&text, "%0*llu", (int)first->digits.len, (unsigned long long)before + 1);
    return value == before + 1 && span_eq(b->digits, str_span(&text));
}

/* Writes one family, names[from..to), as "head[ranges]tail". */
static void add_family(const struct nodelist *list, size_t from, size_t to, struct str *out)
{
    struct cut start = cut_name(list->names[from]);
    str_add_span(out, start.head);
    str_add_char(out, '[');
    for (size_t i = from; i < to;) {
        struct cut first = cut_name(list->names[i]), last = first;
        size_t next = i + 1;
        for (; next < to; next++) {
            struct cut here = cut_name(list->names[next]);
            if (!is_next(&first, &last, &here))
                break;
            last = here;
        }
        str_add(out, i > from ? "," : "");
        str_add_span(out, first.digits);
        if (next > i + 1) {
            str_add_char(out, '-');
            str_add_span(out, last.digits);
        }
        i = next;
    }
    str_add_char(out, ']');
    str_add_span(out, start.tail);
}

void nodelist_compress(const struct nodelist *list, struct str *to)
{
    for (size_t from = 0; from < list->count;) {
        struct cut first = cut_name(list->names[from]);
        size_t next = from + 1;
        for (; next < list->count; next++) {
            struct cut here = cut_name(list->names[next]);
            if (!is_same_family(&first, &here))
                break;
        }
        str_add(to, from ? "," : "");
        if (next == from + 1)
            str_add(to, list->names[from]);
        else
            add_family(list, from, next, to);
        from = next;
    }
}
