#include "text/sha1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

/* RFC 2202, section 3. */
static void the_rfc_s_hmacs_come_out(void **state)
{
    (void)state;
    unsigned char out[SHA1_BYTES];
    sha1_hmac(SPAN_LIT("Jefe"), SPAN_LIT("what do ya want for nothing?"), out);
    assert_memory_equal(
        out, "\xef\xfc\xdf\x6a\xe5\xeb\x2f\xa2\xd2\x74\x16\xd5\xf1\x84\xdf\x9c\x25\x9a\x7c\x79", 20);
    char key[80];
    memset(key, 0xaa, sizeof(key));
    sha1_hmac((struct span){ key, sizeof(key) },
              SPAN_LIT("Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data"), out);
    assert_memory_equal(
        out, "\xe8\xe9\x9d\x0f\x45\x23\x7d\x78\x6d\x6b\xba\xa7\x96\x5c\x78\x08\xbb\xff\x1a\x91", 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_rfc_s_hmacs_come_out) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
