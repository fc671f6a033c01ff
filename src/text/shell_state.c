#include "text/shell_state.h"

#include <string.h>

static const size_t no_match = (size_t)-1;

enum shell_place shell_state_place(const struct shell_state *state)
{
    return state->depth ? state->levels[state->depth - 1].place : SHELL_BARE;
}

static void push(struct shell_state *state, enum shell_place place)
{
    if (state->depth == SHELL_MAX_DEPTH)
        return;
    state->levels[state->depth].place = place;
    state->levels[state->depth].has_escapes = false;
    state->depth++;
}

static void pop(struct shell_state *state)
{
    state->depth -= state->depth > 0;
}

static bool is_word_start(char before)
{
    return before == '\0' || strchr(" \t\n;&|()", before);
}

/* "<<" stands at the head of rest: which word ends the here-document, if it is one. */
static void read_here(struct shell_state *state, struct span rest)
{
    rest = span_skip(rest, 2);
    bool strips = span_starts(rest, "-");
    rest = span_skip(rest, strips);
    while (rest.len && (rest.ptr[0] == ' ' || rest.ptr[0] == '\t'))
        rest = span_skip(rest, 1);
    if (rest.len && strchr("'\"\\", rest.ptr[0]))
        rest = span_skip(rest, 1);
    size_t len = 0;
    while (len < rest.len && (rest.ptr[len] == '_' || rest.ptr[len] == '-' || rest.ptr[len] == '.' ||
                              (rest.ptr[len] >= '0' && rest.ptr[len] <= '9') ||
                              ((rest.ptr[len] | 32) >= 'a' && (rest.ptr[len] | 32) <= 'z')))
        len++;
    if (len == 0 || (rest.ptr[0] >= '0' && rest.ptr[0] <= '9'))
        return;
    state->here_word = span_head(rest, len);
    state->here_strips_tabs = strips;
    state->has_pending = true;
}

static bool is_arithmetic(const struct shell_state *state)
{
    /* "((" was pushed as two levels, one right behind the other */
    return state->depth >= 2 && state->levels[state->depth - 1].has_escapes;
}

static void open_paren(struct shell_state *state)
{
    bool is_double = state->before == '(';
    push(state, SHELL_BARE);
    state->levels[state->depth - 1].has_escapes = is_double;
}

static void feed_bare(struct shell_state *state, char c, struct span rest)
{
    if (c == '\'') {
        bool is_ansi = state->before == '$';
        push(state, SHELL_SINGLE);
        state->levels[state->depth - 1].has_escapes = is_ansi;
    } else if (c == '"') {
        push(state, SHELL_DOUBLE);
    } else if (c == '`') {
        push(state, SHELL_TICKS);
    } else if (c == '#' && is_word_start(state->before)) {
        push(state, SHELL_COMMENT);
    } else if (c == '(') {
        open_paren(state);
    } else if (c == ')') {
        pop(state);
    } else if (c == '<' && state->before != '<' && span_starts(rest, "<<") && !span_starts(rest, "<<<") &&
               !is_arithmetic(state)) {
        read_here(state, rest);
    } else if (c == '\n' && state->has_pending) {
        state->has_pending = false;
        state->here_matched = 0;
        push(state, SHELL_HERE);
    }
}

static void feed_here(struct shell_state *state, char c)
{
    if (c == '\n') {
        bool is_end = state->here_matched == state->here_word.len;
        state->here_matched = 0;
        if (is_end)
            pop(state);
    } else if (c == '\t' && state->here_matched == 0 && state->here_strips_tabs) {
        return;
    } else if (state->here_matched < state->here_word.len && state->here_word.ptr[state->here_matched] == c) {
        state->here_matched++;
    } else {
        state->here_matched = no_match;
    }
}

static void feed_quoted(struct shell_state *state, char c)
{
    enum shell_place place = shell_state_place(state);
    if (place == SHELL_DOUBLE && c == '(' && state->before == '$')
        push(state, SHELL_BARE);
    else if ((place == SHELL_SINGLE && c == '\'') || (place == SHELL_DOUBLE && c == '"') ||
             (place == SHELL_TICKS && c == '`') || (place == SHELL_COMMENT && c == '\n'))
        pop(state);
}

static bool takes_escapes(const struct shell_state *state)
{
    switch (shell_state_place(state)) {
    case SHELL_BARE:
    case SHELL_DOUBLE:
    case SHELL_TICKS:
        return true;
    case SHELL_SINGLE:
        return state->levels[state->depth - 1].has_escapes;
    case SHELL_COMMENT:
    case SHELL_HERE:
        break;
    }
    return false;
}

static void feed_char(struct shell_state *state, struct span rest)
{
    char c = rest.ptr[0];
    enum shell_place place = shell_state_place(state);
    if (state->is_escaped)
        state->is_escaped = false;
    else if (c == '\\' && takes_escapes(state))
        state->is_escaped = true;
    else if (place == SHELL_BARE)
        feed_bare(state, c, rest);
    else if (place == SHELL_HERE)
        feed_here(state, c);
    else
        feed_quoted(state, c);
    /* the newline that ends a comment may also start a here-document */
    if (place == SHELL_COMMENT && c == '\n') /* a comment stands in what is bare */
        feed_bare(state, c, rest);
    state->before = c;
}

void shell_state_feed(struct shell_state *state, struct span text)
{
    for (; text.len; text = span_skip(text, 1))
        feed_char(state, text);
}

void shell_state_value(struct shell_state *state)
{
    state->before = 'x';
    state->is_escaped = false;
    if (shell_state_place(state) == SHELL_HERE)
        state->here_matched = no_match;
}
