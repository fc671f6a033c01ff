#include "text/errs.h"

#include "base/limits.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void item_clear(struct errs_item *item)
{
    free((char *)item->file);
    free((char *)item->path);
    free((char *)item->pointer);
    free((char *)item->text);
    free((char *)item->hint);
}

void errs_clear(struct errs *errs)
{
    for (size_t i = 0; i < errs->count; i++)
        item_clear(&errs->items[i]);
    free(errs->items);
    *errs = (struct errs){ 0 };
}

int errs_add(struct errs *errs, const struct errs_item *item)
{
    if (!errs)
        return -1;
    if (errs->count >= MAX_CONFIG_ERRORS) {
        errs->more++;
        return -1;
    }
    struct errs_item *own = vec_push(errs->items, errs->count, errs->cap);
    *own = (struct errs_item){
        .code = item->code ? item->code : ERR_INVALID,
        .file = mem_dup_str(item->file),
        .line = item->line,
        .col = item->col,
        .path = mem_dup_str(item->path),
        .pointer = mem_dup_str(item->pointer),
        .text = mem_dup_str(item->text ? item->text : ""),
        .hint = mem_dup_str(item->hint),
    };
    return -1;
}

int errs_addf(struct errs *errs, const struct errs_item *at, const char *fmt, ...)
{
    char text[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    struct errs_item item = *at;
    item.text = text;
    return errs_add(errs, &item);
}

static int compare_files(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static bool is_after(const struct errs_item *a, const struct errs_item *b)
{
    int order = compare_files(a->file, b->file);
    if (order != 0)
        return order > 0;
    if (a->line != b->line)
        return a->line > b->line;
    return a->col > b->col;
}

/* Insertion: stable, and the list is short. */
void errs_sort(struct errs *errs)
{
    for (size_t i = 1; errs && i < errs->count; i++) {
        struct errs_item item = errs->items[i];
        size_t at = i;
        for (; at > 0 && is_after(&errs->items[at - 1], &item); at--)
            errs->items[at] = errs->items[at - 1];
        errs->items[at] = item;
    }
}

bool errs_within(const struct errs *errs, const char *path)
{
    size_t len = strlen(path);
    if (!errs || errs->more)
        return true;
    for (size_t i = 0; i < errs->count; i++) {
        const char *other = errs->items[i].path;
        if (other && strncmp(other, path, len) == 0 && strchr(".[", other[len]))
            return true; /* strchr finds the end, too */
    }
    return false;
}

static void item_text(const struct errs_item *item, struct str *to)
{
    if (item->file)
        str_addf(to, "%s:", item->file);
    if (item->line)
        str_addf(to, "%u:%u:", item->line, item->col);
    if (item->file || item->line)
        str_add_char(to, ' ');
    if (item->path && *item->path)
        str_addf(to, "%s: ", item->path);
    str_add(to, item->text);
    if (item->hint)
        str_addf(to, " (%s)", item->hint);
}

void errs_text(const struct errs *errs, struct str *to)
{
    for (size_t i = 0; i < errs->count; i++) {
        item_text(&errs->items[i], to);
        str_add_char(to, '\n');
    }
    if (errs->more)
        str_addf(to, "and %zu more\n", errs->more);
}

void errs_line(const struct errs *errs, struct str *to)
{
    for (size_t i = 0; i < errs->count; i++) {
        str_add(to, i ? "; " : "");
        item_text(&errs->items[i], to);
    }
    if (errs->more)
        str_addf(to, "; and %zu more", errs->more);
}

int errs_first(const struct errs *errs, struct err *err)
{
    if (errs->count == 0)
        return err_set(err, ERR_INTERNAL, "an error was reported without a reason");
    auto_str struct str text = STR_MAX(4 * ERR_TEXT_BYTES);
    item_text(&errs->items[0], &text);
    size_t others = errs->count - 1 + errs->more;
    if (others)
        str_addf(&text, " (and %zu more)", others);
    return err_set(err, errs->items[0].code, "%s", str_text(&text));
}

void errs_path_key(struct str *dotted, struct str *pointer, const char *key)
{
    if (dotted) {
        if (dotted->len)
            str_add_char(dotted, '.');
        str_add(dotted, key);
    }
    if (!pointer)
        return;
    str_add_char(pointer, '/');
    for (; *key; key++) {
        if (*key == '~')
            str_add(pointer, "~0");
        else if (*key == '/')
            str_add(pointer, "~1");
        else
            str_add_char(pointer, *key);
    }
}

void errs_path_index(struct str *dotted, struct str *pointer, size_t index)
{
    if (dotted)
        str_addf(dotted, "[%zu]", index);
    if (pointer)
        str_addf(pointer, "/%zu", index);
}
