/* Memory. Our own small allocations abort on failure: a gateway without memory for a string cannot go on
 * in a defined way, and is restarted without loss (every promise is on disk before it is given).
 * Sizes that an outsider decides pass a named limit of base/limits.h first. */
#ifndef SLUICE_BASE_MEM_H
#define SLUICE_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));
void *mem_zalloc(size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));
/* count * size with overflow check; ptr may be NULL. */
void *mem_grow(void *ptr, size_t count, size_t size) __attribute__((returns_nonnull, warn_unused_result));
/* For what an outsider made large: NULL where there is no memory for it, ptr is as it was then. */
void *mem_try_grow(void *ptr, size_t bytes) __attribute__((warn_unused_result));
/* Where a library had no memory for something small of ours: says so and ends the process. */
_Noreturn void mem_exhausted(void);
/* NULL stays NULL. */
char *mem_dup_str(const char *text);
/* A copy with a NUL behind it. */
char *mem_dup_bytes(const void *bytes, size_t len) __attribute__((returns_nonnull));
/* Frees and NULLs: for fields. mem_replace frees *field and takes `text`. */
void mem_clear_str(char **field);
void mem_replace_str(char **field, const char *text); /* copies text (NULL allowed) */

/* Cleanup attributes. */
void mem_free_ptr(void *ptr_to_ptr);
#define auto_free __attribute__((cleanup(mem_free_ptr)))
void mem_close_fd(const int *fd);
#define auto_fd __attribute__((cleanup(mem_close_fd)))

/* Gives a local's value away and leaves NULL behind: `*out = move_ptr(job);` */
#define move_ptr(p)                 \
    __extension__({                 \
        __typeof__(p) moved_ = (p); \
        (p) = NULL;                 \
        moved_;                     \
    })
/* The same for a file descriptor, leaving -1. */
#define move_fd(fd)        \
    __extension__({        \
        int moved_ = (fd); \
        (fd) = -1;         \
        moved_;            \
    })

/* Room for one more item of an array: items, count and cap (a size_t) are lvalues. */
#define vec_push(items, count, cap) \
    ((items) = mem_room((items), (count), &(cap), sizeof(*(items))), &(items)[(count)++])
void *mem_room(void *items, size_t count, size_t *cap, size_t size) __attribute__((returns_nonnull));

#define ARRAY_LEN(a) (sizeof(a) / sizeof(*(a)))

#endif
