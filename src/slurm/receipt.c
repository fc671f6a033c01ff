/* What the launcher and `sbatch --test-only` answer; declared in sbatch.h. */
#include "slurm/sbatch.h"

#include "base/mem.h"
#include "slurm/value.h"
#include "text/frame.h"

#include <string.h>

/* "123", "123;cluster", "Submitted batch job 123[ on cluster x]". */
static bool id_of_line(struct span line, uint64_t *id, struct span *cluster)
{
    static const char words[] = "Submitted batch job ";
    line = span_trim(line);
    if (span_starts(line, words)) {
        line = span_skip(line, strlen(words));
        *cluster = (struct span){ 0 };
        return span_u64(span_head(line, span_find_char(line, ' ')), id);
    }
    size_t semicolon = span_find_char(line, ';');
    *cluster = span_skip(line, semicolon + 1);
    return semicolon <= 18 && span_u64(span_head(line, semicolon), id) && !span_has(*cluster, " ");
}

bool sbatch_id(struct span out, uint64_t *id, struct span *cluster)
{
    struct span line, where;
    uint64_t found = 0, value;
    while (span_next_line(&out, &line)) {
        if (!id_of_line(line, &value, &where) || value == 0)
            continue;
        if (found && found != value)
            return false;
        found = value;
        *cluster = where;
    }
    if (!found)
        return false;
    *id = found;
    return true;
}

/* "rc N" LF output LF 0x01 "errors" LF errors. False where the mark is missing: it is not all there. */
static bool cut_receipt(struct span text, struct launch_result *result)
{
    struct span line;
    int64_t rc;
    if (span_next_line(&text, &line) && span_starts(line, "rc ") && span_i64(span_skip(line, 3), &rc) &&
        rc >= -1 && rc <= 255)
        result->rc = (int)rc;
    static const char mark[] = "\n\001errors\n";
    size_t at = span_find(text, SPAN_LIT(mark));
    result->out = span_trim(span_head(text, at));
    result->errors = span_trim(span_skip(text, at + strlen(mark)));
    return at < text.len;
}

struct launch_result receipt_parse(struct span text)
{
    struct launch_result result = { .rc = -1 };
    bool is_whole = cut_receipt(text, &result);
    result.refusal = refusal_read(result.rc, result.errors.len ? result.errors : result.out);
    if (!is_whole)
        return result;
    if (result.rc == 0) {
        if (sbatch_id(result.out, &result.id, &result.cluster))
            result.kind = LAUNCH_SUBMITTED;
    } else if (result.rc > 0 && result.refusal.kind != REFUSAL_AMBIGUOUS) {
        result.kind = LAUNCH_REFUSED;
    }
    return result;
}

static struct launch_result not_sent(struct span text)
{
    struct launch_result result = { .kind = LAUNCH_NOT_SENT, .rc = -1 };
    (void)cut_receipt(text, &result); /* one line of words */
    bool is_full = span_has(result.out, "No space left") || span_has(result.out, "quota exceeded");
    result.refusal =
        (struct refusal){ REFUSAL_TRANSIENT, "workspace",
                          is_full ? "nothing was submitted; free space in the workspace or raise "
                                    "its quota, and it goes on by itself"
                                  : "nothing was submitted; it is tried again by itself",
                          false, result.out };
    return result;
}

struct launch_result launch_parse(struct span out, const struct nonce *frame)
{
    auto_frame struct frame sections = { 0 };
    (void)frame_parse(out, frame, &sections, NULL); /* what is no frame has no section */
    return launch_read(&sections);
}

struct launch_result launch_read(const struct frame *frame)
{
    struct launch_result unknown = { .rc = -1, .refusal = refusal_read(1, (struct span){ 0 }) };
    struct span line;
    const struct frame_section *section = frame_get(frame, "launch");
    if (!section || !section->complete)
        return unknown;
    struct span text = section->data;
    while (span_next_line(&text, &line)) { /* complaints of mkdir and cp may stand before */
        if (span_is(line, "kind not_sent"))
            return not_sent(text);
        if (span_is(line, "kind receipt") || span_is(line, "kind rej") || span_is(line, "kind ambig"))
            break;
    }
    return text.len ? receipt_parse(text) : unknown;
}

/* The word behind "... <before> " in text, up to a blank. */
static struct span word_behind(struct span text, const char *before)
{
    size_t at = span_find(text, span_of(before));
    struct span rest = span_skip(text, at + strlen(before));
    size_t n = 0;
    while (n < rest.len && rest.ptr[n] != ' ' && rest.ptr[n] != '\n')
        n++;
    return span_head(rest, n);
}

struct test_only_result test_only_parse(struct span out, const struct nonce *frame)
{
    auto_frame struct frame sections = { 0 };
    (void)frame_parse(out, frame, &sections, NULL);
    return test_only_read(&sections);
}

struct test_only_result test_only_read(const struct frame *frame)
{
    struct test_only_result result = { .is_known = false };
    const struct frame_section *section = frame_get(frame, "test");
    if (!section || !section->complete)
        return result;
    result.start = word_behind(section->data, " to start at ");
    if (section->rc == 0 && result.start.len) {
        result.is_known = result.would_run = true;
        (void)slurm_epoch_s(result.start, &result.start_s);
        result.nodes = word_behind(section->data, " on nodes ");
        result.partition = word_behind(section->data, " in partition ");
        return result;
    }
    result.start = (struct span){ 0 };
    result.refusal = refusal_read(section->rc ? section->rc : 1, section->data);
    result.is_known = result.refusal.kind != REFUSAL_AMBIGUOUS;
    return result;
}
