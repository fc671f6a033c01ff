/* Durations, sizes and times: what is read and written again reads as the same. */
#include "fuzz.h"

#include "text/units.h"

static void check_duration(struct span text)
{
    auto_str struct str again = STR_MAX(64);
    int64_t seconds, same;
    if (units_parse_duration(text, &seconds, NULL) < 0)
        return;
    units_add_duration(&again, seconds);
    must(seconds >= 0 && units_parse_duration(str_span(&again), &same, NULL) == 0 && same == seconds);
}

static void check_size(struct span text, enum units_bare bare)
{
    auto_str struct str mem = STR_MAX(64), shown = STR_MAX(64);
    uint64_t bytes, again;
    if (units_parse_size(text, bare, &bytes, NULL) < 0)
        return;
    units_add_size(&shown, bytes);
    units_add_mem(&mem, bytes);
    must(bytes <= INT64_MAX && !shown.failed && !mem.failed);
    uint64_t mib = (uint64_t)1 << 20;
    if (bytes > (uint64_t)INT64_MAX - mib)
        return;
    must(units_parse_size(str_span(&mem), UNITS_BARE_MIB, &again, NULL) == 0 && again >= bytes);
    must(again - bytes < mib);
}

static void check_time(struct span text)
{
    auto_str struct str again = STR_MAX(64);
    int64_t us, same;
    if (units_parse_time(text, &us, NULL) < 0)
        return;
    units_add_time(&again, us);
    must(units_parse_time(str_span(&again), &same, NULL) == 0 && same <= us && us - same < 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = { (const char *)data, size };
    check_duration(text);
    check_size(text, UNITS_BARE_BYTES);
    check_size(text, UNITS_BARE_MIB);
    check_time(text);
    return 0;
}
