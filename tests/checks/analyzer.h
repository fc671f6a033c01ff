/* For clang-tidy and gcc -fanalyzer: what they cannot see of other sources. Included before each but err.c.
 */
#include "base/err.h"

/* Always -1, so that they do not look at what is only set on success. */
static inline int failed_whatever(int rc)
{
    (void)rc;
    return -1;
}
#define err_set(...)   failed_whatever(err_set(__VA_ARGS__))
#define err_wrap(...)  failed_whatever(err_wrap(__VA_ARGS__))
#define err_errno(...) failed_whatever(err_errno(__VA_ARGS__))
