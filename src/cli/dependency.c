#include "cli/dependency.h"

#include "cli/view.h"

#include <string.h>

static int add_number(struct cli *cli, struct span number, const char *cluster, struct str *to)
{
    auto_answer struct answer answer = { 0 };
    int status = ask_get(cli, &answer, API "/jobs/%.*s", SPAN_FMT(number));
    if (status != EXIT_OK)
        return status;
    const char *where = view_text(answer.doc, "cluster"), *id = view_text(answer.doc, "slurm.job_id");
    if (where && cluster && strcmp(where, cluster) != 0)
        return ask_misused(cli, "--dependency: job %.*s is on %s; a job on %s cannot wait for it",
                           SPAN_FMT(number), where, cluster);
    if (!id)
        return ask_misused(cli, "--dependency: job %.*s has no number of its scheduler to wait for",
                           SPAN_FMT(number));
    str_add(to, id);
    return EXIT_OK;
}

int dependency_translate(struct cli *cli, const char *text, const char *cluster, struct str *to)
{
    int status = EXIT_OK;
    while (*text && status == EXIT_OK) {
        size_t digits = *text == ':' ? strspn(text + 1, "0123456789") : 0;
        str_add_char(to, *text++);
        if (digits)
            status = add_number(cli, (struct span){ text, digits }, cluster, to);
        text += digits;
    }
    return status;
}
