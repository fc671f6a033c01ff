#include "text/units.h"

#include <inttypes.h>

static const int64_t max_seconds = INT64_C(100) * 366 * 86400;

static const struct unit {
    char letter;
    int64_t seconds;
} units[] = { { 'w', 604800 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
enum { UNIT_COUNT = sizeof(units) / sizeof(*units) };

static size_t count_digits(struct span text)
{
    size_t n = 0;
    while (n < text.len && text.ptr[n] >= '0' && text.ptr[n] <= '9')
        n++;
    return n;
}

static bool take_number(struct span *rest, uint64_t *out)
{
    struct span digits = span_head(*rest, count_digits(*rest));
    *rest = span_skip(*rest, digits.len);
    return span_u64(digits, out) && *out <= (uint64_t)max_seconds;
}

/* "1h30m": each unit once, largest first. */
static bool parse_letters(struct span text, int64_t *out)
{
    int64_t total = 0;
    size_t next = 0;
    while (text.len) {
        uint64_t number;
        if (!take_number(&text, &number) || text.len == 0)
            return false;
        while (next < UNIT_COUNT && units[next].letter != (text.ptr[0] | 0x20))
            next++;
        if (next == UNIT_COUNT)
            return false;
        total += (int64_t)number * units[next++].seconds;
        if (total > max_seconds)
            return false;
        text = span_skip(text, 1);
    }
    *out = total;
    return true;
}

/* Up to three numbers between colons. The count, or 0. */
static size_t take_colons(struct span text, uint64_t parts[3])
{
    size_t count = 0;
    do {
        if (count == 3 || !take_number(&text, &parts[count]))
            return 0;
        count++;
        if (text.len && text.ptr[0] != ':')
            return 0;
        if (text.len == 1)
            return 0; /* "1:" */
        text = span_skip(text, 1);
    } while (text.len);
    return count;
}

static bool parse_clock(struct span text, int64_t *out)
{
    static const int64_t with_day[] = { 3600, 60, 1 };
    static const int64_t without_day[][3] = { { 60, 0, 0 }, { 60, 1, 0 }, { 3600, 60, 1 } };
    size_t dash = span_find_char(text, '-');
    uint64_t days = 0, parts[3];
    bool has_days = dash < text.len;
    if (has_days) {
        struct span head = span_head(text, dash);
        if (!take_number(&head, &days) || head.len)
            return false;
        text = span_skip(text, dash + 1);
    }
    size_t count = take_colons(text, parts);
    if (count == 0 || (has_days && parts[0] > 23))
        return false;
    const int64_t *scale = has_days ? with_day : without_day[count - 1];
    int64_t total = (int64_t)days * 86400;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && parts[i] > 59)
            return false;
        total += (int64_t)parts[i] * scale[i];
    }
    if (total > max_seconds)
        return false;
    *out = total;
    return true;
}

int units_parse_duration(struct span text, int64_t *out_s, struct err *err)
{
    struct span word = span_trim(text);
    if (word.len && (parse_clock(word, out_s) || parse_letters(word, out_s)))
        return 0;
    return err_set(err, ERR_INVALID, "\"%.*s\" is no duration: D-HH:MM:SS, HH:MM:SS, 90m, 2d, or minutes",
                   SPAN_FMT(span_head(text, 64)));
}

void units_add_duration(struct str *to, int64_t seconds)
{
    int64_t left = seconds < 0 ? 0 : seconds;
    if (left >= 86400)
        str_addf(to, "%" PRId64 "-", left / 86400);
    left %= 86400;
    str_addf(to, "%02d:%02d:%02d", (int)(left / 3600), (int)(left / 60 % 60), (int)(left % 60));
}

static const char size_letters[] = "KMGTP";

/* The shift of "G", "GB", "GiB"; -1 for what is no unit. Empty and "B" answer bare's. */
static int shift_of(struct span unit, enum units_bare bare)
{
    if (unit.len == 0)
        return bare == UNITS_BARE_MIB ? 20 : 0;
    if (span_is(unit, "B") || span_is(unit, "b"))
        return 0;
    char letter = (char)(unit.ptr[0] & ~0x20);
    struct span tail = span_skip(unit, 1);
    if (tail.len && !span_is(tail, "B") && !span_is(tail, "b") && !span_is(tail, "iB") &&
        !span_is(tail, "ib"))
        return -1;
    for (int i = 0; size_letters[i]; i++) {
        if (size_letters[i] == letter)
            return 10 * (i + 1);
    }
    return -1;
}

/* The digits behind the point as bytes of a unit: up to nine count. */
static uint64_t fraction_bytes(struct span digits, int shift)
{
    uint64_t value = 0, scale = 1;
    for (size_t i = 0; i < digits.len && i < 9; i++) {
        value = value * 10 + (uint64_t)(digits.ptr[i] - '0');
        scale *= 10;
    }
    __extension__ unsigned __int128 wide = (unsigned __int128)value << shift;
    return (uint64_t)(wide / scale);
}

int units_parse_size(struct span text, enum units_bare bare, uint64_t *out_bytes, struct err *err)
{
    struct span rest = span_trim(text);
    struct span whole = span_head(rest, count_digits(rest)), fraction = { 0 };
    rest = span_skip(rest, whole.len);
    if (rest.len && rest.ptr[0] == '.') {
        fraction = span_head(span_skip(rest, 1), count_digits(span_skip(rest, 1)));
        rest = span_skip(rest, fraction.len ? 1 + fraction.len : 0);
    }
    int shift = shift_of(span_trim(rest), bare);
    uint64_t number;
    if (!span_u64(whole, &number) || shift < 0)
        return err_set(err, ERR_INVALID, "\"%.*s\" is no size: a number with K, M, G or T, as 64G",
                       SPAN_FMT(span_head(text, 64)));
    if (number >= (UINT64_C(1) << 63) >> shift)
        return err_set(err, ERR_INVALID, "the size %.*s is too large", SPAN_FMT(span_head(text, 64)));
    *out_bytes = (number << shift) + fraction_bytes(fraction, shift);
    return 0;
}

void units_add_size(struct str *to, uint64_t bytes)
{
    if (bytes < 1024) {
        str_addf(to, "%" PRIu64 "B", bytes);
        return;
    }
    int unit = 0;
    while (unit < 4 && bytes >> (10 * (unit + 1)) >= 1024)
        unit++;
    int shift = 10 * (unit + 1);
    uint64_t whole = bytes >> shift;
    uint64_t rest = bytes & ((UINT64_C(1) << shift) - 1);
    uint64_t tenths = ((rest >> (shift - 10)) * 10 + 512) >> 10;
    whole += tenths / 10;
    tenths %= 10;
    if (tenths)
        str_addf(to, "%" PRIu64 ".%d%c", whole, (int)tenths, size_letters[unit]);
    else
        str_addf(to, "%" PRIu64 "%c", whole, size_letters[unit]);
}

void units_add_mem(struct str *to, uint64_t bytes)
{
    uint64_t mib = (bytes >> 20) + ((bytes & 0xfffff) != 0);
    if (mib && mib % 1024 == 0)
        str_addf(to, "%" PRIu64 "G", mib / 1024);
    else
        str_addf(to, "%" PRIu64 "M", mib);
}
