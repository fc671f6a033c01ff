#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "io/crypto_memory.h"

#include <openssl/crypto.h>

static void libcrypto_takes_its_memory_from_us(void **state)
{
    CRYPTO_malloc_fn take;
    CRYPTO_realloc_fn resize;
    CRYPTO_free_fn release;
    (void)state;
    crypto_memory_guard();
    CRYPTO_get_mem_functions(&take, &resize, &release);
    assert_true(take != CRYPTO_malloc && resize != CRYPTO_realloc && release != CRYPTO_free);
    char *bytes = OPENSSL_malloc(4);
    bytes[3] = 'x';
    bytes = OPENSSL_realloc(bytes, 4000);
    assert_int_equal(bytes[3], 'x');
    assert_null(OPENSSL_realloc(bytes, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libcrypto_takes_its_memory_from_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
