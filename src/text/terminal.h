/* Text of others on a person's terminal: job names, log lines, node names may hold escape sequences that move
 * the cursor, set the title, paste commands, or turn the reading direction around. Everything shown passes
 * here. Pure. */
#ifndef SLUICE_TEXT_TERMINAL_H
#define SLUICE_TEXT_TERMINAL_H

#include "base/str.h"

enum terminal_mode {
    TERMINAL_CELL = 0,  /* a cell of a table: newline and tab are escaped too */
    TERMINAL_LINES = 1, /* log text: newline and tab stay, a CR before a newline goes */
    TERMINAL_SGR = 2,   /* colours (ESC [ numbers m) stay; only where the user asked for them */
};

/* Appends text with C0, C1, ESC, DEL, the controls of reading direction and bytes that are no UTF-8 in a
 * visible form: \x1b, \u202e, \xff. A backslash stays as it is. mode: the flags above. */
void terminal_escape(struct str *to, struct span text, unsigned mode);

/* Columns that escaped text takes: 2 for wide East Asian characters and emoji, 0 for combining marks; colours
 * and control characters count 0. */
size_t terminal_width(struct span text);

/* Appends text cut to that many columns, the last one an ellipsis where something is missing. */
void terminal_cut(struct str *to, struct span text, size_t columns);

#endif
