/* Which files of a folder make its snapshot. Blocking (stat, walk): for the thread pool. */
#ifndef SLUICE_SVC_PROJECT_TREE_H
#define SLUICE_SVC_PROJECT_TREE_H

#include "base/err.h"
#include "base/span.h"

struct tree_rules {
    char **include, **exclude; /* patterns (text/glob.h); .mlopsignore's stand before exclude's */
    size_t include_count, exclude_count;
    uint64_t max_bytes;
    size_t max_files; /* 0: 200,000 */
};

struct tree {
    char **paths; /* relative, sorted by bytes */
    size_t count, cap;
    uint64_t bytes;
};

/* git_files: NUL-separated (tracked files that are gone are left out), or empty with is_repo false: the whole
 * folder but .git. ERR_TOO_LARGE past max_bytes names the largest files. */
int tree_choose(const char *folder, bool is_repo, struct span git_files, const struct tree_rules *rules,
                struct tree *out, struct err *err);
void tree_clear(struct tree *tree);

/* BLAKE2b-256 of a file's bytes as 64 lower-case hex digits (what `b2sum -l 256` prints). */
enum { TREE_HEX = 65 };
int tree_hash_file(int fd, char hex[TREE_HEX], uint64_t *bytes, struct err *err);

#endif
