#include "svc/project/tree.h"

#include "base/limits.h"
#include "base/mem.h"
#include "io/file.h"
#include "text/glob.h"
#include "text/units.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fts.h>

enum { MAX_FILES = 200000, LARGEST_NAMED = 5, HASH_CHUNK = 256 * 1024 };

void tree_clear(struct tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        free(tree->paths[i]);
    free(tree->paths);
    *tree = (struct tree){ 0 };
}

static void add(struct tree *tree, struct span path)
{
    *vec_push(tree->paths, tree->count, tree->cap) = span_dup(path);
}

/* --- the candidates --- */

static int walk(const char *folder, struct tree *tree, struct err *err)
{
    char *roots[] = { (char *)folder, NULL };
    size_t skip = strlen(folder) + 1;
    FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    if (!fts)
        return err_errno(err, errno, "%s", folder);
    FTSENT *entry;
    while ((entry = fts_read(fts)) && tree->count <= MAX_FILES) {
        if (entry->fts_info == FTS_D && entry->fts_level > 0 && strcmp(entry->fts_name, ".git") == 0)
            fts_set(fts, entry, FTS_SKIP);
        else if (entry->fts_info == FTS_F || entry->fts_info == FTS_SL || entry->fts_info == FTS_SLNONE)
            add(tree, span_of(entry->fts_path + skip));
    }
    fts_close(fts);
    return 0;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_unique(struct tree *tree)
{
    if (tree->count)
        qsort(tree->paths, tree->count, sizeof(*tree->paths), compare_paths);
    size_t kept = 0;
    for (size_t i = 0; i < tree->count; i++) {
        if (kept && strcmp(tree->paths[kept - 1], tree->paths[i]) == 0)
            free(tree->paths[i]);
        else
            tree->paths[kept++] = tree->paths[i];
    }
    tree->count = kept;
}

/* Adds what `include` names, though git ignores it. */
static int add_included(const char *folder, const struct tree_rules *rules, struct tree *tree,
                        struct err *err)
{
    struct tree all = { 0 };
    auto_glob_list struct glob_list include = { 0 };
    for (size_t i = 0; i < rules->include_count; i++)
        if (glob_list_add(&include, span_of(rules->include[i]), err) < 0)
            return err_wrap(err, "code.include");
    if (!include.count)
        return 0;
    int rc = walk(folder, &all, err);
    for (size_t i = 0; rc == 0 && i < all.count; i++)
        if (glob_list_match(&include, all.paths[i], false))
            add(tree, span_of(all.paths[i]));
    tree_clear(&all);
    return rc;
}

/* The patterns of .mlopsignore, then those of code.exclude: the last that matches decides. */
static int read_excludes(const char *folder, const struct tree_rules *rules, struct glob_list *patterns,
                         struct err *err)
{
    auto_str struct str path = STR_MAX(PATH_MAX), text = STR_MAX(MAX_CONFIG_BYTES);
    str_addf(&path, "%s/.mlopsignore", folder);
    if (file_exists(str_text(&path)) && file_read(str_text(&path), MAX_CONFIG_BYTES, &text, err) < 0)
        return -1;
    if (glob_list_add_lines(patterns, str_span(&text), err) < 0)
        return err_wrap(err, ".mlopsignore");
    for (size_t i = 0; i < rules->exclude_count; i++)
        if (glob_list_add(patterns, span_of(rules->exclude[i]), err) < 0)
            return err_wrap(err, "code.exclude");
    return 0;
}

/* --- the choice --- */

struct sized {
    const char *path;
    uint64_t bytes;
};

static void note_largest(struct sized largest[LARGEST_NAMED], const char *path, uint64_t bytes)
{
    struct sized carry = { path, bytes };
    for (int i = 0; i < LARGEST_NAMED; i++) {
        if (carry.bytes <= largest[i].bytes)
            continue;
        struct sized moved = largest[i];
        largest[i] = carry;
        carry = moved;
    }
}

static int too_large(const struct tree_rules *rules, const struct tree *tree,
                     const struct sized largest[LARGEST_NAMED], struct err *err)
{
    auto_str struct str text = STR_MAX(ERR_TEXT_BYTES);
    str_add(&text, "the snapshot holds ");
    units_add_size(&text, tree->bytes);
    str_add(&text, ", code.max_size is ");
    units_add_size(&text, rules->max_bytes);
    str_add(&text, "; the largest files:");
    for (int i = 0; i < LARGEST_NAMED && largest[i].path; i++) {
        str_addf(&text, "%s %s (", i ? "," : "", largest[i].path);
        units_add_size(&text, largest[i].bytes);
        str_add(&text, ")");
    }
    str_add(&text, "; leave them out by code.exclude or .mlopsignore");
    return err_set(err, ERR_TOO_LARGE, "%s", str_text(&text));
}

/* Drops what is excluded or no file (any more), and adds up. */
static int filter(const char *folder, const struct glob_list *exclude, const struct tree_rules *rules,
                  struct tree *tree, struct err *err)
{
    struct sized largest[LARGEST_NAMED] = { 0 };
    size_t kept = 0;
    for (size_t i = 0; i < tree->count; i++) {
        char full[PATH_MAX];
        struct stat st;
        int n = snprintf(full, sizeof(full), "%s/%s", folder, tree->paths[i]);
        bool is_file =
            n > 0 && n < PATH_MAX && lstat(full, &st) == 0 && (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode));
        if (!is_file || glob_list_match(exclude, tree->paths[i], false)) {
            free(tree->paths[i]);
            continue;
        }
        uint64_t bytes = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
        tree->bytes += bytes;
        tree->paths[kept++] = tree->paths[i];
        note_largest(largest, tree->paths[kept - 1], bytes);
    }
    tree->count = kept;
    if (tree->count > MAX_FILES)
        return err_set(err, ERR_TOO_LARGE, "the snapshot holds more than %d files", MAX_FILES);
    return tree->bytes > rules->max_bytes ? too_large(rules, tree, largest, err) : 0;
}

static int choose(const char *folder, bool is_repo, struct span git_files, const struct tree_rules *rules,
                  struct tree *tree, struct err *err)
{
    struct span path;
    while (is_repo && span_next(&git_files, '\0', &path))
        if (path.len)
            add(tree, path);
    if (!is_repo && walk(folder, tree, err) < 0)
        return -1;
    if (add_included(folder, rules, tree, err) < 0)
        return -1;
    sort_unique(tree);
    auto_glob_list struct glob_list exclude = { 0 };
    if (read_excludes(folder, rules, &exclude, err) < 0)
        return -1;
    return filter(folder, &exclude, rules, tree, err);
}

int tree_choose(const char *folder, bool is_repo, struct span git_files, const struct tree_rules *rules,
                struct tree *out, struct err *err)
{
    struct tree tree = { 0 };
    if (choose(folder, is_repo, git_files, rules, &tree, err) < 0) {
        tree_clear(&tree);
        return -1;
    }
    *out = tree;
    return 0;
}

int tree_hash_file(int fd, char hex[TREE_HEX], uint64_t *bytes, struct err *err)
{
    crypto_generichash_state state;
    unsigned char digest[32];
    auto_free unsigned char *chunk = mem_alloc(HASH_CHUNK);
    uint64_t total = 0;
    crypto_generichash_init(&state, NULL, 0, sizeof(digest));
    for (;;) {
        ssize_t n = pread(fd, chunk, HASH_CHUNK, (off_t)total);
        if (n < 0)
            return err_errno(err, errno, "reading the snapshot");
        if (n == 0)
            break;
        crypto_generichash_update(&state, chunk, (unsigned long long)n);
        total += (uint64_t)n;
    }
    crypto_generichash_final(&state, digest, sizeof(digest));
    sodium_bin2hex(hex, TREE_HEX, digest, sizeof(digest));
    *bytes = total;
    return 0;
}
