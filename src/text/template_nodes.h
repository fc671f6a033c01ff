/* A template cut into pieces: what text/template.c renders. Not for others. */
#ifndef SLUICE_TEXT_TEMPLATE_NODES_H
#define SLUICE_TEXT_TEMPLATE_NODES_H

#include "text/errs.h"
#include "text/shell_state.h"

enum node_kind { NODE_TEXT, NODE_VALUE, NODE_RAW, NODE_SECTION, NODE_INVERTED, NODE_END };

struct node {
    enum node_kind kind;
    enum shell_place place; /* of a value */
    bool is_reported;       /* its error stands already */
    unsigned line, col;
    struct span text; /* the text, or the name */
    size_t end;       /* sections: index of their NODE_END */
};

struct nodes {
    struct node *items;
    size_t count, cap;
};

void nodes_clear(struct nodes *nodes);
#define auto_nodes __attribute__((cleanup(nodes_clear)))

/* Spans point into text; file is for messages. -1 with everything found in errs. */
int nodes_parse(struct span text, const char *file, bool allow_raw, struct nodes *nodes, struct errs *errs);

#endif
