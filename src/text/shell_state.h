/* Where in a shell script a place stands: bare, or inside quotes, a comment, a here-document. Templates ask
 * it, because a quoted value is one safe word only where no other quoting is at work: "{{x}}" would hand
 * $(...) in a value to the shell. A reader of common shell, not a parser: it errs towards "inside". Pure. */
#ifndef SLUICE_TEXT_SHELL_STATE_H
#define SLUICE_TEXT_SHELL_STATE_H

#include "base/span.h"

enum shell_place {
    SHELL_BARE,
    SHELL_SINGLE,  /* '..' and $'..' */
    SHELL_DOUBLE,  /* ".." */
    SHELL_TICKS,   /* `..` */
    SHELL_COMMENT, /* safe for a value without newline */
    SHELL_HERE,    /* here-document, quoted or not */
};

enum { SHELL_MAX_DEPTH = 32 };

struct shell_state {
    struct {
        enum shell_place place;
        bool has_escapes; /* single: $'..' */
    } levels[SHELL_MAX_DEPTH];
    size_t depth;     /* above the bottom, which is bare */
    char before;      /* the character before; 0 at the start */
    bool is_escaped;  /* the next character stands behind a backslash */
    bool has_pending; /* a here-document starts at the next line */
    bool here_strips_tabs;
    struct span here_word; /* ends it; into the text that was fed */
    size_t
        here_matched; /* characters of here_word at the start of this line; past its length: another line */
};

/* Reads on; text must outlive the state. A zeroed state is the start of a script. */
void shell_state_feed(struct shell_state *state, struct span text);
/* A value stands here: a word of unknown letters. */
void shell_state_value(struct shell_state *state);
enum shell_place shell_state_place(const struct shell_state *state);

#endif
