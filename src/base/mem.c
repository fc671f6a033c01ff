#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void mem_exhausted(void)
{
    static const char text[] = "sluice: out of memory\n";
    ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);
    (void)n;
    abort();
}

static void *must(void *ptr)
{
    if (!ptr)
        mem_exhausted();
    return ptr;
}

void *mem_alloc(size_t size)
{
    return must(malloc(size ? size : 1));
}

void *mem_zalloc(size_t size)
{
    return must(calloc(1, size ? size : 1));
}

void *mem_grow(void *ptr, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        must(NULL);
    size_t bytes = count * size;
    return must(realloc(ptr, bytes ? bytes : 1));
}

void *mem_room(void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    *cap = *cap ? *cap * 2 : 8;
    return mem_grow(items, *cap, size);
}

void *mem_try_grow(void *ptr, size_t bytes)
{
    return realloc(ptr, bytes ? bytes : 1);
}

char *mem_dup_str(const char *text)
{
    return text ? mem_dup_bytes(text, strlen(text)) : NULL;
}

char *mem_dup_bytes(const void *bytes, size_t len)
{
    char *copy = mem_alloc(len + 1);
    if (len)
        memcpy(copy, bytes, len);
    copy[len] = '\0';
    return copy;
}

void mem_clear_str(char **field)
{
    free(*field);
    *field = NULL;
}

void mem_replace_str(char **field, const char *text)
{
    char *copy = mem_dup_str(text); /* text may point into *field */
    free(*field);
    *field = copy;
}

void mem_free_ptr(void *ptr_to_ptr)
{
    free(*(void **)ptr_to_ptr);
}

void mem_close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
