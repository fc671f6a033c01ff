/* Names that cannot be guessed or met twice.
 * A job's token is "jx" + a ULID (48 bits of milliseconds, 80 random bits) in lower-case Crockford base32:
 * it sorts by time, holds nothing a shell or Slurm would look at, and is the job's id everywhere. */
#ifndef SLUICE_BASE_TOKEN_H
#define SLUICE_BASE_TOKEN_H

#include "base/span.h"

enum { TOKEN_CHARS = 28, NONCE_CHARS = 32 };

struct token {
    char text[TOKEN_CHARS + 1];
};

struct nonce {
    char text[NONCE_CHARS + 1]; /* 128 random bits as lower-case hex */
};

/* Random bytes from the kernel; aborts where it has none. */
void token_random(void *bytes, size_t len);
struct token token_new(int64_t wall_us);
struct nonce nonce_new(void);
bool token_is_valid(struct span text);
/* Where a valid token stands in text as a whole path component or word ("/runs/<token>/script.sh"), or an
 * empty span. For rows that come back from a cluster. */
struct span token_find(struct span text);

#endif
