/* A stream of log bytes on its way to the screen: to a terminal harmless, with progress bars that redraw
 * their line; to anything else byte for byte. Chunks may cut characters and escape sequences anywhere. */
#ifndef SLUICE_CLI_LOG_VIEW_H
#define SLUICE_CLI_LOG_VIEW_H

#include "base/str.h"

enum { LOG_VIEW_HELD_BYTES = 64 };

struct log_view {
    bool is_terminal, keeps_colors;
    bool has_return;                /* a CR came last: what follows decides what it means */
    char held[LOG_VIEW_HELD_BYTES]; /* the beginning of something unfinished */
    size_t held_len;
};

/* Appends what may be shown now. */
void log_view_feed(struct log_view *view, struct span bytes, struct str *to);
/* The rest, at the end of the log. */
void log_view_end(struct log_view *view, struct str *to);

#endif
