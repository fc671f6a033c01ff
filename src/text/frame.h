/* Framing of what we run on a cluster and of what it answers, so that a cut is never taken for the whole.
 *
 * In: the command line is a constant around a nonce; the program comes on stdin between ": <nonce>;" and
 * "#END-<nonce>". A stream cut anywhere, or eaten from the front by a login script that reads stdin, runs
 * nothing and exits FRAME_EXIT_CUT. The line holds no "!", backslash or newline: tcsh and fish take it too.
 * The shell takes one program after the other, until one ends it or its stdin ends.
 *
 * Out: BEGIN, sections of raw bytes, END, each on a line of its own that starts with a nonce. Noise of login
 * scripts is outside. No END: nothing is known about how it went, and the caller must not act on it.
 * Use another nonce than the command line's: that one stands in `ps` for everybody on the login node.
 *
 * Shell names taken by the frame: _f (a function: _f "+ name" opens a section whose name the shell knows, and
 * _f "- name $?" closes it), _n and _r. Why terminators and not byte counts: docs/decisions/framing.md. Pure.
 */
#ifndef SLUICE_TEXT_FRAME_H
#define SLUICE_TEXT_FRAME_H

#include "base/err.h"
#include "base/str.h"
#include "base/token.h"

enum frame_kind {
    FRAME_PROGRAM, /* stdin is the program and nothing else; the program's own stdin is at its end */
    FRAME_STREAM,  /* the first line is the program; it reads the raw bytes behind, if any, as its stdin */
};

enum {
    FRAME_EXIT_CUT = 97,
    /* Up to here the shell reads a program itself, a byte a call, sooner than it starts a process for it. */
    FRAME_LINE_BYTES = 1500,
    MAX_FRAME_SECTIONS = 4096,
    MAX_FRAME_NAME = 128
};

/* The command line, the same for all: it may stand and wait before the program is known. login_shell:
 * by way of `bash -lc`, for sites whose PATH comes from profile scripts. */
void frame_exec_string(struct str *to, bool login_shell, const struct nonce *nonce);
/* What to send on stdin (for FRAME_STREAM: before the raw bytes). A program may have any number of lines in
 * both kinds; it must be complete shell text. ERR_INVALID for a NUL in it. Its end is the shell's. */
int frame_input(struct str *to, enum frame_kind kind, struct span program, const struct nonce *nonce,
                struct err *err);
/* A program that leaves its shell to the next one, as it was: it runs in a shell of its own, its stdin is at
 * its end, and when it is over both streams get a line "<answer> NEXT <status>". Nothing may be sent before
 * that. answer: the answer's nonce, which nobody else knows. */
int frame_input_shared(struct str *to, struct span program, const struct nonce *nonce,
                       const struct nonce *answer, struct err *err);
/* For a command line that was made with another nonce; input holds nothing but one of the above. */
void frame_input_renonce(struct str *input, const struct nonce *nonce);

/* Waits in one stream, however it is cut, for NEXT. */
struct frame_next {
    char mark[1 + NONCE_CHARS + sizeof(" NEXT ")];
    size_t at; /* bytes of it that came */
    int rc;
    bool has_digit;
    bool has_come, has_more; /* more: bytes behind it, which are nobody's */
};

void frame_next_expect(struct frame_next *next, const struct nonce *answer);
bool frame_next_add(struct frame_next *next, struct span bytes); /* has it come? */

/* Shell text that prints the frame. frame_close reports $? of the command right before it; frame_end ends
 * with the status of the last section closed. Names: letters, digits and "_.:/@+=-", at most MAX_FRAME_NAME.
 */
void frame_begin(struct str *to, const struct nonce *nonce);
bool frame_is_name(const char *name);
void frame_section_open(struct str *to, const char *name); /* name: ours, a frame_is_name */
void frame_section_close(struct str *to, const char *name);
void frame_end(struct str *to);

struct frame_section {
    struct span name, data; /* into the output that was parsed */
    int rc;                 /* of the command; -1 while not complete */
    bool complete;          /* its terminator came */
};

struct frame {
    struct frame_section *items;
    size_t count, cap;
    bool begun, ended;
    int rc; /* where ended */
};

void frame_clear(struct frame *frame);
#define auto_frame __attribute__((cleanup(frame_clear)))

/* Splits an output. 0 also where BEGIN or END are missing (see begun, ended) and where the last section is
 * cut. -1 with ERR_CORRUPT for marks that contradict each other, ERR_TOO_LARGE past MAX_FRAME_SECTIONS;
 * *frame is then untouched. Allocates the list only. */
int frame_parse(struct span out, const struct nonce *nonce, struct frame *frame, struct err *err);

/* The first section of that name, or NULL. */
const struct frame_section *frame_get(const struct frame *frame, const char *name);

/* Defines `_cause DIR`, which prints why nothing can be written there ("No space left on device") on one
 * line, and nothing where a megabyte can. For what has failed already: dash's printf does not say why. */
void frame_add_cause(struct str *to);

#endif
