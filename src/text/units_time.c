/* RFC 3339, by the proleptic Gregorian calendar and without libc's time zones. */
#include "text/units.h"

enum { US_PER_SECOND = 1000000, SECONDS_PER_DAY = 86400 };

/* Days since 1970-01-01 (Howard Hinnant's algorithm: years start in March, eras are 400 years). */
static int64_t days_of_date(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_of_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

static void put_digits(char *at, int value, int digits)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
}

/* Clamps to what four digits of year can say. */
static int64_t clamp_us(int64_t us)
{
    const int64_t min = INT64_C(-62167219200) * US_PER_SECOND;
    const int64_t max = INT64_C(253402300799) * US_PER_SECOND + 999999;
    return us < min ? min : us > max ? max : us;
}

void units_add_time(struct str *to, int64_t wall_us)
{
    wall_us = clamp_us(wall_us);
    int64_t seconds = wall_us / US_PER_SECOND - (wall_us % US_PER_SECOND < 0);
    int ms = (int)((wall_us - seconds * US_PER_SECOND) / 1000);
    int64_t days = seconds / SECONDS_PER_DAY - (seconds % SECONDS_PER_DAY < 0);
    int second = (int)(seconds - days * SECONDS_PER_DAY);
    int64_t year;
    int month, day;
    date_of_days(days, &year, &month, &day);
    char text[] = "0000-00-00T00:00:00.000";
    put_digits(text, (int)year, 4);
    put_digits(text + 5, month, 2);
    put_digits(text + 8, day, 2);
    put_digits(text + 11, second / 3600, 2);
    put_digits(text + 14, second / 60 % 60, 2);
    put_digits(text + 17, second % 60, 2);
    put_digits(text + 20, ms, 3);
    str_add_span(to, (struct span){ text, ms ? 23 : 19 });
    str_add_char(to, 'Z');
}

/* Takes exactly `digits` digits off the head. */
static bool take_digits(struct span *rest, size_t digits, int64_t *out)
{
    int64_t value = 0;
    if (rest->len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        char c = rest->ptr[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *out = value;
    *rest = span_skip(*rest, digits);
    return true;
}

static bool take_char(struct span *rest, const char *one_of)
{
    for (; rest->len && *one_of; one_of++) {
        if (rest->ptr[0] != *one_of)
            continue;
        *rest = span_skip(*rest, 1);
        return true;
    }
    return false;
}

/* ".123456789" to microseconds; further digits are dropped. */
static bool take_fraction(struct span *rest, int64_t *us)
{
    *us = 0;
    if (!take_char(rest, "."))
        return true;
    int64_t digit, scale = US_PER_SECOND;
    bool has_digit = false;
    while (take_digits(rest, 1, &digit)) {
        has_digit = true;
        scale /= 10;
        *us += digit * scale;
    }
    return has_digit;
}

static bool take_zone(struct span *rest, int64_t *offset_s)
{
    *offset_s = 0;
    if (take_char(rest, "Zz"))
        return true;
    bool is_west = rest->len && rest->ptr[0] == '-';
    int64_t hours, minutes;
    if (!take_char(rest, "+-") || !take_digits(rest, 2, &hours) || !take_char(rest, ":") ||
        !take_digits(rest, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *offset_s = (hours * 60 + minutes) * (is_west ? -60 : 60);
    return true;
}

static bool take_date(struct span *rest, int64_t *days)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t year, month, day;
    if (!take_digits(rest, 4, &year) || !take_char(rest, "-") || !take_digits(rest, 2, &month) ||
        !take_char(rest, "-") || !take_digits(rest, 2, &day) || month < 1 || month > 12 || day < 1)
        return false;
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > lengths[month - 1] + (month == 2 && is_leap))
        return false;
    *days = days_of_date(year, month, day);
    return true;
}

static bool take_clock(struct span *rest, int64_t *second)
{
    int64_t h, m, s;
    if (!take_digits(rest, 2, &h) || !take_char(rest, ":") || !take_digits(rest, 2, &m) ||
        !take_char(rest, ":") || !take_digits(rest, 2, &s) || h > 23 || m > 59 || s > 60)
        return false;
    *second = h * 3600 + m * 60 + s;
    return true;
}

int units_parse_time(struct span text, int64_t *out_us, struct err *err)
{
    struct span rest = text;
    int64_t days, second, us, offset;
    if (!take_date(&rest, &days) || !take_char(&rest, "Tt ") || !take_clock(&rest, &second) ||
        !take_fraction(&rest, &us) || !take_zone(&rest, &offset) || rest.len)
        return err_set(err, ERR_INVALID, "\"%.*s\" is no time like 2026-01-31T12:00:00Z",
                       SPAN_FMT(span_head(text, 64)));
    us += (days * SECONDS_PER_DAY + second - offset) * US_PER_SECOND;
    if (us != clamp_us(us)) /* its offset, or a leap second, leads out of the years we write */
        return err_set(err, ERR_INVALID, "\"%.*s\" is not within the years 0000 to 9999 in UTC",
                       SPAN_FMT(span_head(text, 64)));
    *out_us = us;
    return 0;
}
