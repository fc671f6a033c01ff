#include "io/crypto_memory.h"

#include "base/mem.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static void *allocate(size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return mem_alloc(bytes);
}

static void release(void *ptr, const char *file, int line)
{
    (void)file;
    (void)line;
    free(ptr);
}

/* Of no bytes: a free. */
static void *resize(void *ptr, size_t bytes, const char *file, int line)
{
    if (bytes)
        return mem_grow(ptr, bytes, 1);
    release(ptr, file, line);
    return NULL;
}

void crypto_memory_guard(void)
{
    (void)CRYPTO_set_mem_functions(allocate, resize, release);
}
