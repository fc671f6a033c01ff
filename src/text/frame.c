#include "text/frame.h"

#include "base/mem.h"
#include "text/quote.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* What judges that which arrives, without a single quote inside, so that quoting it is simple. Each line read
 * is a program, or says how to get one that is longer than a shell likes to read by itself. Without its last
 * byte neither is one. TMOUT: of a site's profile; bash as sh would read no longer.
 */
static void add_guard(struct str *to, const struct nonce *nonce)
{
    const char *n = nonce->text;
    str_addf(to,
             "unset TMOUT; while IFS= read -r p || exit %d; do "
             "case $p in \": %s;\"*\"#GET-%s\") eval \"$p\";; esac; "
             "case $p in \": %s;\"*\"#END-%s\") eval \"$p\";; *) exit %d;; esac; done",
             FRAME_EXIT_CUT, n, n, n, n, FRAME_EXIT_CUT);
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
static void add_eval_line(struct str *to, struct span program)
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
}

static int check_program(struct span program, struct err *err)
{
    if (program.len && memchr(program.ptr, '\0', program.len))
        return err_set(err, ERR_INVALID, "a remote program holds a NUL byte");
    return 0;
}

int frame_input(struct str *to, enum frame_kind kind, struct span program, const struct nonce *nonce,
                struct err *err)
{
    const char *n = nonce->text;
    if (check_program(program, err) < 0)
        return -1;
    if (kind == FRAME_STREAM) {
        str_addf(to, ": %s;", n);
        add_eval_line(to, program);
        str_addf(to, "; exit #END-%s\n", n);
        return 0;
    }
    str_addf(to, ": %s; p=$(cat) #GET-%s\n: %s;\n", n, n, n);
    str_add_span(to, program);
    /* Two newlines: a last line that ends in a backslash must not join the marker. */
    str_addf(to, "\n\nexit\n#END-%s", n);
    return 0;
}

/* A shell of its own for cd, exit, traps and the like; a program that is no shell text fails in there, too.
 */
int frame_input_shared(struct str *to, struct span program, const struct nonce *nonce,
                       const struct nonce *answer, struct err *err)
{
    const char *n = nonce->text, *a = answer->text;
    auto_str struct str line = STR_MAX(to->max);
    if (check_program(program, err) < 0)
        return -1;
    str_addf(&line, ": %s; (", n);
    if (program.len <= FRAME_LINE_BYTES) {
        add_eval_line(&line, program);
    } else {
        str_add(&line, " eval ");
        (void)quote_shell(&line, program, NULL);
    }
    str_addf(&line,
             " ) </dev/null; _r=$?; printf '\\n%%s NEXT %%s\\n' %s $_r; "
             "printf '\\n%%s NEXT %%s\\n' %s $_r >&2 #END-%s",
             a, a, n);
    if (program.len > FRAME_LINE_BYTES)
        str_addf(to, ": %s; p=$(head -c %zu) #GET-%s\n", n, line.len, n);
    else
        str_add_char(&line, '\n');
    str_add_span(to, str_span(&line));
    to->failed |= line.failed;
    return 0;
}

/* The nonce it was made with stands behind ": " and, being random, nowhere in the program. */
void frame_input_renonce(struct str *input, const struct nonce *nonce)
{
    enum { FRONT = 2 };
    struct nonce old = { "" };
    assert(input->len > FRONT + NONCE_CHARS);
    memcpy(old.text, input->buf + FRONT, NONCE_CHARS);
    struct span all = str_span(input);
    for (size_t at = 0; (at += span_find(span_skip(all, at), span_of(old.text))) < all.len;)
        memcpy(input->buf + at, nonce->text, NONCE_CHARS);
}

void frame_next_expect(struct frame_next *next, const struct nonce *answer)
{
    *next = (struct frame_next){ 0 };
    snprintf(next->mark, sizeof(next->mark), "\n%s NEXT ", answer->text);
}

/* One byte against the mark, which holds a newline in front and nowhere else. */
static void next_byte(struct frame_next *next, char c)
{
    bool is_words = next->at < sizeof(next->mark) - 1;
    if (is_words && c == next->mark[next->at]) {
        next->at++;
    } else if (!is_words && c >= '0' && c <= '9' && next->rc < 100) {
        next->rc = next->rc * 10 + (c - '0');
        next->has_digit = true;
    } else if (!is_words && c == '\n' && next->has_digit && next->rc <= 255) {
        next->has_come = true;
    } else {
        next->at = c == '\n';
        next->rc = 0;
        next->has_digit = false;
    }
}

bool frame_next_add(struct frame_next *next, struct span bytes)
{
    while (bytes.len && !next->has_come) {
        if (next->at == 0)
            bytes = span_skip(bytes, span_find_char(bytes, '\n'));
        if (!bytes.len)
            break;
        next_byte(next, bytes.ptr[0]);
        bytes = span_skip(bytes, 1);
    }
    next->has_more |= bytes.len > 0;
    return next->has_come;
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
        if (span_starts(mark.words, "NEXT "))
            break; /* the program is over, without its END */
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
