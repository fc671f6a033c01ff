#include "slurm/value.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *const nulls[] = { "(null)", "N/A",  "n/a",     "None",    "NONE", "None assigned",
                                     "none",   "NULL", "Unknown", "INVALID", "n/s" };

bool slurm_is_null(struct span text)
{
    if (!text.len)
        return true;
    if (!strchr("(NnUI", text.ptr[0])) /* none of them begins so; a NUL, which strchr finds, is compared */
        return false;
    for (size_t i = 0; i < ARRAY_LEN(nulls); i++)
        if (span_is(text, nulls[i]))
            return true;
    return false;
}

struct span slurm_text(struct span text)
{
    return slurm_is_null(text) ? (struct span){ 0 } : text;
}

static bool is_unlimited(struct span text)
{
    return (text.len == 9 && strncasecmp(text.ptr, "unlimited", 9) == 0) ||
           (text.len == 8 && strncasecmp(text.ptr, "infinite", 8) == 0);
}

/* "a:b:c" to numbers; the count, or 0 where it is not of that form. */
static int clock_parts(struct span text, uint64_t part[3])
{
    int n = 0;
    struct span word;
    if (text.len && text.ptr[text.len - 1] == ':')
        return 0;
    while (span_next(&text, ':', &word)) {
        if (n == 3 || word.len > 9 || !span_u64(word, &part[n]))
            return 0;
        n++;
    }
    return n;
}

bool slurm_duration_s(struct span text, int64_t *seconds)
{
    uint64_t days = 0, part[3] = { 0 };
    if (is_unlimited(text)) {
        *seconds = SLURM_UNLIMITED;
        return true;
    }
    size_t dot = span_find_char(text, '.'), dash = span_find_char(text, '-');
    bool has_days = dash < text.len;
    text = span_head(text, dot);
    if (has_days && (dash > 9 || dash >= dot || !span_u64(span_head(text, dash), &days)))
        return false;
    int n = clock_parts(has_days ? span_skip(text, dash + 1) : text, part);
    /* with days the first is hours; without, a lone number is minutes and a pair minutes and seconds */
    static const uint64_t with_days[4][3] = { { 0 }, { 3600 }, { 3600, 60 }, { 3600, 60, 1 } };
    static const uint64_t without[4][3] = { { 0 }, { 60 }, { 60, 1 }, { 3600, 60, 1 } };
    const uint64_t *weight = has_days ? with_days[n] : without[n];
    if (n == 0)
        return false;
    *seconds = (int64_t)(days * 86400 + part[0] * weight[0] + part[1] * weight[1] + part[2] * weight[2]);
    return true;
}

bool slurm_epoch_s(struct span text, int64_t *seconds)
{
    int64_t value;
    if (!span_i64(text, &value) || value <= 0)
        return false;
    *seconds = value;
    return true;
}

static const char unit_letters[] = "KMGTPE";

static bool scale_of(char letter, uint64_t *scale)
{
    const char *at = letter ? strchr(unit_letters, toupper((unsigned char)letter)) : NULL;
    if (!at)
        return false;
    *scale = UINT64_C(1) << (10 * (at - unit_letters + 1));
    return true;
}

bool slurm_bytes(struct span text, uint64_t unit, uint64_t *bytes)
{
    double value;
    uint64_t scale = unit;
    if (text.len > 1 && (text.ptr[text.len - 1] == 'n' || text.ptr[text.len - 1] == 'c'))
        text.len--; /* per node, per cpu: as sacct's ReqMem said it */
    if (text.len && scale_of(text.ptr[text.len - 1], &scale))
        text.len--;
    if (!span_f64(text, &value) || value < 0 || value * (double)scale >= 9e18)
        return false;
    *bytes = (uint64_t)(value * (double)scale);
    return true;
}

bool slurm_count(struct span text, int64_t *count)
{
    uint64_t value, scale = 1;
    if (is_unlimited(text)) {
        *count = SLURM_UNLIMITED;
        return true;
    }
    if (text.len && (text.ptr[text.len - 1] == 'K' || text.ptr[text.len - 1] == 'M')) {
        scale = text.ptr[text.len - 1] == 'K' ? 1000 : 1000000;
        text.len--;
    }
    if (!span_u64(text, &value) || value >= 0xfffffffeU)
        return false;
    *count = (int64_t)(value * scale);
    return true;
}
