#include "text/frame.h"

#include "base/mem.h"
#include "text/quote.h"

#include <assert.h>
#include <string.h>

/* What judges that which arrives, without a single quote inside, so that quoting it is simple. The first line
 * is the program, or says that all of stdin is. TMOUT: of a site's profile; bash as sh would read no longer.
 */
static void add_guard(struct str *to, const struct nonce *nonce)
{
    str_addf(to,
             "unset TMOUT; IFS= read -r p; case $p in \": %s;\") p=$p$(cat);; esac; "
             "case $p in \": %s;\"*\"#END-%s\") eval \"$p\";; *) exit %d;; esac",
             nonce->text, nonce->text, nonce->text, FRAME_EXIT_CUT);
}

void frame_exec_string(struct str *to, bool login_shell, const struct nonce *nonce)
{
    if (!login_shell) {
        str_add(to, "exec /bin/sh -c '");
        add_guard(to, nonce);
        str_add_char(to, '\'');
        return;
    }
    /* '"'"' and not '\'': fish and tcsh have their own ideas about a backslash. */
    str_add(to, "exec bash -lc 'exec /bin/sh -c '\"'\"'");
    add_guard(to, nonce);
    str_add(to, "'\"'\"''");
}

/* One line that evals the program. A newline inside quotes cannot be written in one line without printf or
 * $'', but IFS has one to give: a shell sets it to blank, tab, newline when it starts, whatever was exported.
 */
static void add_stream_line(struct str *to, struct span program)
{
    struct span line;
    bool is_first = true;
    str_add(to, " _n=${IFS#??}; eval ");
    while (span_next_line(&program, &line)) {
        if (!is_first)
            str_add(to, "\"$_n\"");
        is_first = false;
        (void)quote_shell(to, line, NULL); /* has no NUL: checked by the caller */
    }
    str_add_char(to, ' ');
}

int frame_input(struct str *to, enum frame_kind kind, struct span program, const struct nonce *nonce,
                struct err *err)
{
    if (program.len && memchr(program.ptr, '\0', program.len))
        return err_set(err, ERR_INVALID, "a remote program holds a NUL byte");
    str_addf(to, ": %s;", nonce->text);
    if (kind == FRAME_STREAM) {
        add_stream_line(to, program);
    } else {
        str_add_char(to, '\n');
        str_add_span(to, program);
        str_add(to, "\n\n"); /* two: a last line that ends in a backslash must not join the marker */
    }
    str_addf(to, "#END-%s\n", nonce->text);
    return 0;
}

/* ": <nonce>;" in front, "#END-<nonce>" and a newline at the end. */
void frame_input_renonce(struct str *input, const struct nonce *nonce)
{
    enum { FRONT = 2, BACK = NONCE_CHARS + 1 };
    assert(input->len > FRONT + NONCE_CHARS + BACK);
    memcpy(input->buf + FRONT, nonce->text, NONCE_CHARS);
    memcpy(input->buf + input->len - BACK, nonce->text, NONCE_CHARS);
}

void frame_begin(struct str *to, const struct nonce *nonce)
{
    str_addf(to, "_r=0; _f() { printf '\\n%%s %%s\\n' %s \"$1\"; }\n_f BEGIN\n", nonce->text);
}

/* Random bytes: zeros take no space where the file system compresses. */
void frame_add_cause(struct str *to)
{
    str_add(to, "_cause() {\n_w=$({ LC_ALL=C; export LC_ALL; mkdir -p \"$1\" && "
                "head -c 1048576 /dev/urandom > \"$1/.try\"; } 2>&1)\n"
                "rm -f \"$1/.try\"\n_w=${_w%%'\n'*}\nprintf %s \"${_w##*: }\"\n}\n");
}

bool frame_is_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= MAX_FRAME_NAME &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/@+=-") == len;
}

void frame_section_open(struct str *to, const char *name)
{
    assert(frame_is_name(name));
    str_addf(to, "_f '+ %s'\n", name);
}

void frame_section_close(struct str *to, const char *name)
{
    assert(frame_is_name(name));
    str_addf(to, "_r=$?; _f \"- %s $_r\"\n", name);
}

void frame_end(struct str *to)
{
    str_add(to, "_f \"END $_r\"\n");
}

void frame_clear(struct frame *frame)
{
    mem_free_ptr(&frame->items);
    *frame = (struct frame){ 0 };
}

/* A mark: "\n<nonce> <words>\n". */
struct mark {
    struct span words;
    size_t start, end; /* of the whole mark in the output */
};

/* The next mark from *at on. The newline before it may be the one that ended the mark before. */
static bool next_mark(struct span out, size_t at, const struct nonce *nonce, struct mark *mark)
{
    for (;;) {
        size_t found = at + span_find(span_skip(out, at), span_of(nonce->text));
        if (found >= out.len)
            return false;
        struct span rest = span_skip(out, found + NONCE_CHARS);
        size_t line = span_find_char(rest, '\n');
        bool has_edges = found > 0 && out.ptr[found - 1] == '\n' && line < rest.len && rest.ptr[0] == ' ';
        if (has_edges) {
            *mark = (struct mark){ .words = span_skip(span_head(rest, line), 1),
                                   .start = found - 1,
                                   .end = found + NONCE_CHARS + line + 1 };
            return true;
        }
        at = found + NONCE_CHARS;
    }
}

static int corrupt(struct span words, struct err *err)
{
    return err_set(err, ERR_CORRUPT, "the answer's frame is broken at \"%.*s\"",
                   SPAN_FMT(span_head(words, 80)));
}

static bool parse_rc(struct span text, int *rc)
{
    uint64_t value;
    if (!span_u64(text, &value) || value > 255)
        return false;
    *rc = (int)value;
    return true;
}

static int open_section(struct frame *frame, struct span name, struct span data, struct err *err)
{
    if (frame->count == MAX_FRAME_SECTIONS)
        return err_set(err, ERR_TOO_LARGE, "the answer has more than %d sections", MAX_FRAME_SECTIONS);
    *vec_push(frame->items, frame->count, frame->cap) =
        (struct frame_section){ .name = name, .data = data, .rc = -1 };
    return 0;
}

static int close_section(struct frame_section *open, const struct mark *mark, struct span out,
                         struct err *err)
{
    struct span words = span_skip(mark->words, 2);
    if (!open || !span_eq(span_head(words, open->name.len), open->name))
        return corrupt(mark->words, err);
    struct span rc = span_skip(words, open->name.len);
    if (!span_starts(rc, " ") || !parse_rc(span_skip(rc, 1), &open->rc))
        return corrupt(mark->words, err);
    /* An empty section: its two marks share no newline, so the data may end before it begins only by a bug.
     */
    size_t start = (size_t)(open->data.ptr - out.ptr);
    if (mark->start < start)
        return corrupt(mark->words, err);
    open->data.len = mark->start - start;
    open->complete = true;
    return 0;
}

static int take_mark(struct frame *frame, const struct mark *mark, struct span out, struct err *err)
{
    struct frame_section *last = frame->count ? &frame->items[frame->count - 1] : NULL;
    struct frame_section *open = last && !last->complete ? last : NULL;
    if (!frame->begun) {
        frame->begun = span_is(mark->words, "BEGIN");
        return frame->begun ? 0 : corrupt(mark->words, err);
    }
    if (span_starts(mark->words, "- "))
        return close_section(open, mark, out, err);
    if (open)
        return corrupt(mark->words, err);
    if (span_starts(mark->words, "+ "))
        return open_section(frame, span_skip(mark->words, 2), span_skip(out, mark->end), err);
    if (!span_starts(mark->words, "END ") || !parse_rc(span_skip(mark->words, 4), &frame->rc))
        return corrupt(mark->words, err);
    frame->ended = true;
    return 0;
}

int frame_parse(struct span out, const struct nonce *nonce, struct frame *frame, struct err *err)
{
    auto_frame struct frame own = { 0 };
    struct mark mark = { .end = 0 };
    while (!own.ended && next_mark(out, mark.end, nonce, &mark)) {
        if (take_mark(&own, &mark, out, err) < 0)
            return -1;
    }
    *frame = own;
    own = (struct frame){ 0 };
    return 0;
}

const struct frame_section *frame_get(const struct frame *frame, const char *name)
{
    for (size_t i = 0; i < frame->count; i++) {
        if (span_is(frame->items[i].name, name))
            return &frame->items[i];
    }
    return NULL;
}
