#include "base/crash.h"

#ifdef SLUICE_FAULTS

#include "base/span.h"

#include <signal.h>
#include <string.h>

static struct {
    struct span name;
    uint64_t passings_left;
} armed;

void crash_setup(const char *spec)
{
    struct span rest = span_of(spec);
    if (!span_next(&rest, ':', &armed.name))
        return;
    armed.passings_left = 1;
    if (rest.len && !span_u64(rest, &armed.passings_left))
        armed.passings_left = 1;
}

void crash_point(const char *name)
{
    if (armed.passings_left && span_is(armed.name, name) && --armed.passings_left == 0)
        raise(SIGKILL);
}

size_t crash_part(const char *name, size_t len)
{
    bool is_next = armed.passings_left == 1 && span_is(armed.name, name);
    return is_next && len > 1 ? len / 2 : len;
}

#else
typedef int crash_points_are_compiled_out; /* ISO C wants something in a file */
#endif
