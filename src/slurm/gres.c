#include "slurm/gres.h"

#include "base/mem.h"
#include "slurm/value.h"

#include <string.h>

static int add_gpus(struct slurm_gpus *gpus, struct span type, uint64_t count, struct err *err)
{
    for (size_t i = 0; i < gpus->count; i++)
        if (span_eq(gpus->items[i].type, type)) {
            gpus->items[i].count += (uint32_t)count;
            return 0;
        }
    if (gpus->count == MAX_GPU_TYPES)
        return err_set(err, ERR_TOO_LARGE, "more than %d GPU types in one list", MAX_GPU_TYPES);
    gpus->items[gpus->count++] = (struct slurm_gpu){ type, (uint32_t)count };
    return 0;
}

static bool read_count(struct span text, uint64_t *count)
{
    uint64_t value;
    if (!span_u64(text, &value) || value > 1000000)
        return false;
    *count = value;
    return true;
}

/* Cuts the part up to the next comma outside parentheses off *rest. */
static bool next_item(struct span *rest, struct span *item)
{
    size_t n = 0, depth = 0;
    if (!rest->len)
        return false;
    for (; n < rest->len && (depth || rest->ptr[n] != ','); n++) {
        if (rest->ptr[n] == '(')
            depth++;
        else if (rest->ptr[n] == ')' && depth)
            depth--;
    }
    *item = span_head(*rest, n);
    *rest = span_skip(*rest, n + 1);
    return true;
}

/* "(S:0-1)" and "(IDX:0-3)" behind the count say where, not how many. "(null)" as a type is none. */
static struct span cut_note(struct span item)
{
    if (!item.len || item.ptr[item.len - 1] != ')')
        return item;
    const char *open = memrchr(item.ptr, '(', item.len);
    if (!open || open == item.ptr || open[-1] == ':')
        return item;
    return span_head(item, (size_t)(open - item.ptr));
}

static int add_gres_item(struct span item, struct slurm_gpus *gpus, struct err *err)
{
    struct span text = cut_note(span_trim(item)), type = { 0 };
    uint64_t count = 1;
    if (span_starts(text, "gres:") || span_starts(text, "gres/"))
        text = span_skip(text, 5);
    if (span_is(text, "gpu"))
        return add_gpus(gpus, type, 1, err);
    if (!span_starts(text, "gpu:") && !span_starts(text, "gpu="))
        return 0;
    text = span_skip(text, 4);
    size_t cut = text.len; /* at the last ':' or '=' */
    while (cut && text.ptr[cut - 1] != ':' && text.ptr[cut - 1] != '=')
        cut--;
    if (read_count(span_skip(text, cut), &count))
        type = span_head(text, cut ? cut - 1 : 0);
    else if (cut == 0)
        type = text; /* "gpu:a100": one of them */
    else
        return err_set(err, ERR_INVALID, "'%.*s' has no count", SPAN_FMT(item));
    return add_gpus(gpus, slurm_text(type), count, err);
}

int slurm_gres_parse(struct span text, struct slurm_gpus *gpus, struct err *err)
{
    struct slurm_gpus found = { .count = 0 };
    struct span rest = slurm_text(text), item;
    while (next_item(&rest, &item))
        if (add_gres_item(item, &found, err) < 0)
            return -1;
    *gpus = found;
    return 0;
}

int slurm_tres_parse(struct span text, struct slurm_gpus *gpus, struct err *err)
{
    struct slurm_gpus found = { .count = 0 };
    struct span rest = slurm_text(text), item;
    uint64_t total = 0, typed = 0, count;
    while (span_next(&rest, ',', &item)) {
        size_t equals = span_find_char(item, '=');
        struct span name = span_head(item, equals);
        if (!span_is(name, "gres/gpu") && !span_starts(name, "gres/gpu:"))
            continue;
        if (!read_count(span_skip(item, equals + 1), &count))
            return err_set(err, ERR_INVALID, "'%.*s' has no count", SPAN_FMT(item));
        if (name.len == strlen("gres/gpu")) {
            total = count;
            continue;
        }
        typed += count;
        if (add_gpus(&found, span_skip(name, strlen("gres/gpu:")), count, err) < 0)
            return -1;
    }
    if (total > typed && add_gpus(&found, (struct span){ 0 }, total - typed, err) < 0)
        return -1;
    *gpus = found;
    return 0;
}

uint64_t slurm_gpus_total(const struct slurm_gpus *gpus)
{
    uint64_t total = 0;
    for (size_t i = 0; i < gpus->count; i++)
        total += gpus->items[i].count;
    return total;
}

const struct slurm_gpu *slurm_gpus_find(const struct slurm_gpus *gpus, struct span type)
{
    for (size_t i = 0; i < gpus->count; i++)
        if (span_eq(gpus->items[i].type, type))
            return &gpus->items[i];
    return NULL;
}

static const char *const accepting[] = { "IDLE",  "MIXED",      "MIX",  "ALLOCATED",
                                         "ALLOC", "COMPLETING", "COMP", "PLANNED" };
static const char *const refusing[] = {
    "DOWN",     "DRAIN",       "DRAINED",  "DRAINING",      "NOT_RESPONDING", "NO_RESPOND",
    "MAINT",    "MAINTENANCE", "RESERVED", "FAIL",          "FAILING",        "FUTURE",
    "INVAL",    "INVALID_REG", "REBOOT",   "REBOOT_ISSUED", "UNKNOWN",        "ERROR",
    "PERFCTRS", "NPC",         "BLOCKED",  "POWERING_DOWN", "POWER_DOWN",
};

static bool is_in(struct span word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (span_is(word, list[i]))
            return true;
    return false;
}

bool slurm_node_accepts(struct span state)
{
    /* one letter behind the state: not responding, maintenance, rebooting, powering down */
    static const char bad_marks[] = "*$^%!";
    bool is_known = false;
    struct span rest = span_trim(state), word;
    while (rest.len && strchr("*$^%!~#@-+", rest.ptr[rest.len - 1])) {
        if (strchr(bad_marks, rest.ptr[rest.len - 1]))
            return false;
        rest.len--;
    }
    while (span_next(&rest, '+', &word)) {
        if (is_in(word, refusing, ARRAY_LEN(refusing)))
            return false;
        is_known |= is_in(word, accepting, ARRAY_LEN(accepting));
    }
    return is_known;
}
