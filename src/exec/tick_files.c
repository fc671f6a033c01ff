#include "exec/tick_files.h"

#include "base/limits.h"
#include "base/mem.h"

#include <string.h>

/* Input: "inode offset path" of what is known, "full 0 token" of runs that have no room for others, an empty
 * line, stat's "inode size path mode". Output: "path inode size offset take cut". Inodes are compared as
 * text: 64 bits do not fit awk's numbers. Only what a link leads to tells how long it is, and only of a
 * regular file (mode 8...) there is an end. */
static const char choose_awk[] =
    "!rows && $0 == \"\" { rows = 1; next }\n"
    "!rows && $1 == \"full\" { full[$3] = 1; next }\n"
    "!rows { ino[$3] = $1 \"\"; off[$3] = $2 + 0; next }\n"
    "$3 in seen || $4 !~ /^8...$/ { next }\n"
    "{\n"
    "  if (!($3 in ino) && split($3, part, \"/\") && part[2] in full) next\n"
    "  p = $3; size = $2 + 0; o = 0; seen[p] = 1\n"
    "  same = (p in ino) && (ino[p] \"\" == $1 \"\" || ino[p] \"\" == \"0\")\n"
    "  if (same && off[p] <= size) o = off[p]\n"
    "  left = size - o\n"
    "  if (left <= 0 && (!(p in ino) || (same && off[p] <= size))) next\n"
    "  if (o > 0 && left > skip && p ~ /\\.log$/) { o = size - keep; left = keep }\n"
    "  if (n >= most) { more = 1; next }\n"
    "  n++; path[n] = p; inode[n] = $1 \"\"; sz[n] = size; at[n] = o; want[n] = left\n"
    "}\n"
    "END {\n"
    "  open = n\n"
    "  while (open > 0) {\n"
    "    share = budget / open; some = 0\n"
    "    for (i = 1; i <= n; i++) {\n"
    "      if (i in take || want[i] > share) continue\n"
    "      take[i] = want[i]; budget -= want[i]; open--; some = 1\n"
    "    }\n"
    "    if (!some) break\n"
    "  }\n"
    "  for (i = 1; i <= n; i++) {\n"
    "    c = !(i in take); t = c ? int(share) : take[i]\n"
    "    if (c) more = 1\n"
    "    printf \"%s %s %.0f %.0f %.0f %d\\n\", path[i], inode[i], sz[i], at[i], t, c\n"
    "  }\n"
    "  if (more) print \"more\"\n"
    "}\n";

/* A whole rest is one `tail`; where the budget cuts it, `head` ends it. */
static const char send_text[] =
    "printf '%s\\n' \"$_w\" | while read -r _p _i _s _o _t _c; do\n"
    "  if [ \"$_p\" = more ]; then _f '+ file:more'; _f '- file:more 0'; continue; fi\n"
    "  [ -n \"$_p\" ] || continue\n"
    "  _k=file:${_p#runs/}:$_i:$_s:$_o\n"
    "  _f \"+ $_k\"\n"
    "  if [ \"$_t\" -eq 0 ]; then :\n"
    "  elif [ \"$_c\" = 1 ]; then tail -c +$((_o + 1)) -- \"$_p\" | head -c \"$_t\"\n"
    "  else tail -c +$((_o + 1)) -- \"$_p\"; fi\n"
    "  _f \"- $_k $?\"\n"
    "done\n";

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/"

/* "metrics.csv", "code/logs/x.csv": nothing that a shell minds, and no way out. */
static bool is_below(const char *name, const char *letters)
{
    size_t len = strspn(name, letters);
    return len > 0 && !name[len] && !strchr("./-", name[0]) && !strstr(name, "..");
}

bool tick_files_is_path(const char *path)
{
    const char *name = strchr(path, '/');
    return name && token_is_valid((struct span){ path, (size_t)(name - path) }) &&
           is_below(name + 1, LETTERS);
}

static int add_globs(struct str *sh, const struct tick_follow *follow, struct err *err)
{
    if (!follow->glob_count)
        return 0;
    str_add(sh, "; printf '%s\\n'");
    for (size_t i = 0; i < follow->glob_count; i++) {
        const struct tick_glob *glob = &follow->globs[i];
        if (!token_is_valid(span_of(glob->token)) || !is_below(glob->pattern, LETTERS "*?"))
            return err_set(err, ERR_INVALID, "tick: '%s' is no pattern of files", glob->pattern);
        str_addf(sh, " runs/%s/%s", glob->token, glob->pattern);
    }
    return 0;
}

int tick_files_program(struct str *sh, const struct tick_follow *follow, struct err *err)
{
    if (!follow || !follow->token_count)
        return 0;
    str_add(sh, "_k='");
    for (size_t i = 0; i < follow->known_count; i++) {
        const struct tick_known *known = &follow->known[i];
        if (!tick_files_is_path(known->path))
            return err_set(err, ERR_INVALID, "tick: '%s' is no file of a run", known->path);
        str_addf(sh, "%llu %lld runs/%s\n", (unsigned long long)known->inode, (long long)known->offset,
                 known->path);
    }
    for (size_t i = 0; i < follow->full_count; i++)
        str_addf(sh, "full 0 %s\n", follow->full[i]); /* one of the tokens, which are looked at below */
    str_add(sh, "'\n_w=$( { printf '%s\\n\\n' \"${_k%?}\"; { for _t in");
    for (size_t i = 0; i < follow->token_count; i++) {
        if (!token_is_valid(span_of(follow->tokens[i])))
            return err_set(err, ERR_INVALID, "tick: '%s' is no token", follow->tokens[i]);
        str_addf(sh, " %s", follow->tokens[i]);
    }
    str_add(sh,
            "; do printf '%s\\n' runs/$_t/attempt-*.log runs/$_t/metrics*.jsonl runs/$_t/metrics*.csv; done");
    if (add_globs(sh, follow, err) < 0)
        return -1;
    str_addf(
        sh,
        "; } | LC_ALL=C grep -v '[^A-Za-z0-9._/-]' | xargs stat -L -c '%%i %%s %%n %%f' -- 2>/dev/null; } | "
        "LC_ALL=C awk -v budget=%zu -v skip=%d "
        "-v keep=%d -v most=%d '%s')\n",
        follow->budget, (int)TICK_SKIP_BYTES, (int)TICK_KEEP_BYTES, (int)MAX_TICK_FILES, choose_awk);
    str_add(sh, send_text);
    return 0;
}

/* --- the answer --- */

/* "TOKEN/name:inode:size:offset" */
static bool read_name(struct span name, struct seen_file *file)
{
    struct span part[4];
    for (size_t i = 0; i < ARRAY_LEN(part); i++)
        if (!span_next(&name, ':', &part[i]))
            return false;
    file->path = part[0];
    return span_u64(part[1], &file->inode) && span_i64(part[2], &file->size) &&
           span_i64(part[3], &file->offset) && file->offset >= 0;
}

static void take_file(struct tick_files *out, const struct frame_section *section)
{
    struct span name = span_skip(section->name, strlen("file:"));
    struct seen_file file = { 0 };
    if (span_is(name, "more"))
        out->cut = true;
    else if (section->complete && read_name(name, &file)) {
        file.bytes = section->data;
        *vec_push(out->files, out->count, out->cap) = file;
    }
}

/* Points the files into our own copy, in the order of copying. */
static void own_bytes(struct tick_files *out)
{
    out->bytes = STR_MAX(MAX_OUTPUT_BYTES * (size_t)2);
    for (size_t i = 0; i < out->count; i++) {
        str_add_span(&out->bytes, out->files[i].path);
        str_add_span(&out->bytes, out->files[i].bytes);
    }
    struct span rest = str_span(&out->bytes);
    for (size_t i = 0; i < out->count; i++) {
        struct seen_file *file = &out->files[i];
        file->path = span_head(rest, file->path.len);
        rest = span_skip(rest, file->path.len);
        file->bytes = span_head(rest, file->bytes.len);
        rest = span_skip(rest, file->bytes.len);
    }
}

void tick_files_read(const struct frame *frame, struct tick_files *out)
{
    for (size_t i = 0; i < frame->count; i++)
        if (span_starts(frame->items[i].name, "file:"))
            take_file(out, &frame->items[i]);
    own_bytes(out);
}

void tick_files_clear(struct tick_files *files)
{
    mem_free_ptr(&files->files);
    str_clear(&files->bytes);
    *files = (struct tick_files){ 0 };
}

void tick_files_report(const struct tick_files *files, struct tick_report *report)
{
    report->files = files->files;
    report->file_count = files->count;
    report->files_cut = files->cut;
}
