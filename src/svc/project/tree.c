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

/* What is left out because it cannot be looked at would be missed by the job: only what is gone, or is to be
 * left out, may be. */
static int cannot_read(const char *path, int number, struct err *err)
{
    return err_errno(err, number,
                     "snapshot: %.200s cannot be read; leave it out by code.exclude or .mlopsignore", path);
}

/* Which of what lies there counts: judged on the way, or a folder of a million files that nobody wants would
 * use up what is looked at, and hide what lies behind it. */
struct choice {
    const struct glob_list *exclude, *include; /* include NULL: all that is not excluded */
    size_t most;
};

static size_t most_files(const struct tree_rules *rules)
{
    return rules->max_files ? rules->max_files : MAX_FILES;
}

static bool is_chosen(const struct choice *choice, const char *path)
{
    return !glob_list_match(choice->exclude, path, false) &&
           (!choice->include || glob_list_match(choice->include, path, false));
}

static int walk_entry(FTS *fts, FTSENT *entry, const char *path, const struct choice *choice,
                      struct tree *tree, struct err *err)
{
    switch (entry->fts_info) {
    case FTS_D:
        if (entry->fts_level > 0 && strcmp(entry->fts_name, ".git") == 0)
            fts_set(fts, entry, FTS_SKIP);
        return 0;
    case FTS_F:
    case FTS_SL:
    case FTS_SLNONE:
        if (is_chosen(choice, path))
            add(tree, span_of(path));
        return 0;
    case FTS_DNR:
    case FTS_NS:
    case FTS_ERR:
        if (entry->fts_errno == ENOENT ||
            (entry->fts_level > 0 && glob_list_match(choice->exclude, path, entry->fts_info == FTS_DNR)))
            return 0;
        return cannot_read(path, entry->fts_errno, err);
    default:
        return 0;
    }
}

static int walk(const char *folder, const struct choice *choice, struct tree *tree, struct err *err)
{
    char *roots[] = { (char *)folder, NULL };
    size_t skip = strlen(folder) + 1, most = tree->count + choice->most;
    FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    if (!fts)
        return err_errno(err, errno, "%s", folder);
    FTSENT *entry = NULL;
    int rc = 0;
    while (rc == 0 && tree->count <= most && (errno = 0, entry = fts_read(fts)))
        rc =
            walk_entry(fts, entry, entry->fts_level > 0 ? entry->fts_path + skip : folder, choice, tree, err);
    if (rc == 0 && !entry && errno)
        rc = cannot_read(folder, errno, err);
    fts_close(fts);
    return rc;
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
static int add_included(const char *folder, const struct tree_rules *rules, const struct glob_list *exclude,
                        struct tree *tree, struct err *err)
{
    auto_glob_list struct glob_list include = { 0 };
    for (size_t i = 0; i < rules->include_count; i++)
        if (glob_list_add(&include, span_of(rules->include[i]), err) < 0)
            return err_wrap(err, "code.include");
    return include.count ? walk(folder, &(struct choice){ exclude, &include, most_files(rules) }, tree, err)
                         : 0;
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

/* st stays zero where there is nothing (any more). */
static int look_at(const char *folder, const char *path, struct stat *st, struct err *err)
{
    char full[PATH_MAX];
    int n = snprintf(full, sizeof(full), "%s/%s", folder, path);
    if (n >= PATH_MAX)
        return cannot_read(path, ENAMETOOLONG, err);
    if (lstat(full, st) < 0 && errno != ENOENT && errno != ENOTDIR)
        return cannot_read(path, errno, err);
    return 0;
}

/* Drops what is excluded or no file (any more), and adds up. */
static int filter(const char *folder, const struct glob_list *exclude, const struct tree_rules *rules,
                  struct tree *tree, struct err *err)
{
    struct sized largest[LARGEST_NAMED] = { 0 };
    size_t kept = 0;
    for (size_t i = 0; i < tree->count; i++) {
        auto_free char *path = move_ptr(tree->paths[i]);
        struct stat st = { 0 };
        if (glob_list_match(exclude, path, false))
            continue;
        if (look_at(folder, path, &st, err) < 0)
            return -1;
        if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
            continue;
        uint64_t bytes = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
        tree->bytes += bytes;
        note_largest(largest, path, bytes);
        tree->paths[kept++] = move_ptr(path);
    }
    tree->count = kept;
    if (tree->count > most_files(rules))
        return err_set(err, ERR_TOO_LARGE, "the snapshot holds more than %zu files", most_files(rules));
    return tree->bytes > rules->max_bytes ? too_large(rules, tree, largest, err) : 0;
}

static int choose(const char *folder, bool is_repo, struct span git_files, const struct tree_rules *rules,
                  struct tree *tree, struct err *err)
{
    struct span path;
    auto_glob_list struct glob_list exclude = { 0 };
    if (read_excludes(folder, rules, &exclude, err) < 0)
        return -1;
    while (is_repo && span_next(&git_files, '\0', &path))
        if (path.len)
            add(tree, path);
    if (!is_repo && walk(folder, &(struct choice){ &exclude, NULL, most_files(rules) }, tree, err) < 0)
        return -1;
    if (add_included(folder, rules, &exclude, tree, err) < 0)
        return -1;
    sort_unique(tree);
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
