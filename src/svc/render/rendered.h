/* What the renderer is given and what it gives. */
#ifndef SLUICE_SVC_RENDER_RENDERED_H
#define SLUICE_SVC_RENDER_RENDERED_H

#include "domain/cluster.h"
#include "domain/resolve.h"
#include "text/errs.h"

struct render_input { /* all borrowed, during the call only */
    const struct resolved *resolved;
    const struct cluster_config *cluster;
    const char *token;      /* the job's; a preview takes any valid one */
    const char *name;       /* the job's */
    const char *project;    /* or NULL */
    bool has_code;          /* the tree is copied to <run>/code */
    const char *in_place;   /* code.mode in_place: the folder on the cluster, else NULL */
    const struct doc *pass; /* env.pass: DOC_MAP of the values that the submitter gave, or NULL */

    struct span template_text; /* the project's or cluster's own template; empty: the built-in one */
    const char *template_file; /* its name, for messages */
    bool template_is_trusted;  /* from the gateway's configuration folder: raw values allowed */
};

struct render_line {
    unsigned line;    /* of the script, from 1 */
    const char *path; /* config path that it came from ("slurm.partition"); static */
};

struct rendered { /* owned: rendered_clear */
    struct str script;
    struct str argv; /* JSON array of the payload's words */
    struct render_line *lines;
    size_t line_count, line_cap;
    struct str warnings; /* JSON array of sentences */
};

void rendered_clear(struct rendered *rendered);
#define auto_rendered __attribute__((cleanup(rendered_clear)))

#endif
