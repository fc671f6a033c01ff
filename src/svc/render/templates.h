/* The batch templates of templates/, embedded at build by scripts/embed-text. */
#ifndef SLUICE_SVC_RENDER_TEMPLATES_H
#define SLUICE_SVC_RENDER_TEMPLATES_H

struct embedded_template {
    const char *name; /* "slurm.sh"; NULL ends the list */
    const char *text;
};

extern const struct embedded_template embedded_templates[];

#endif
