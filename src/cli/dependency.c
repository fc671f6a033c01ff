#include "cli/dependency.h"

#include "base/mem.h"
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

/* "foo:1", and "28" alone: the job's number is looked for only behind a word that means something. */
static int check_kinds(struct cli *cli, struct span text)
{
    static const char *const kinds[] = { "after",     "afterany",         "afterok", "afternotok",
                                         "aftercorr", "afterburstbuffer", "expand",  "singleton" };
    char sep = span_find_char(text, '?') < text.len ? '?' : ',';
    struct span item;
    while (span_next(&text, sep, &item)) {
        struct span kind = span_head(item, span_find_char(item, ':'));
        bool is_known = false;
        for (size_t i = 0; i < ARRAY_LEN(kinds) && !is_known; i++)
            is_known = span_is(kind, kinds[i]);
        if (!is_known)
            return ask_misused(cli,
                               "--dependency: \"%.*s\" is no kind of dependency; there are afterok:JOB, "
                               "afterany:JOB, afternotok:JOB, after:JOB, aftercorr:JOB and singleton",
                               SPAN_FMT(kind));
    }
    return EXIT_OK;
}

int dependency_translate(struct cli *cli, const char *text, const char *cluster, struct str *to)
{
    int status = check_kinds(cli, span_of(text));
    while (*text && status == EXIT_OK) {
        size_t digits = *text == ':' ? strspn(text + 1, "0123456789") : 0;
        str_add_char(to, *text++);
        if (digits)
            status = add_number(cli, (struct span){ text, digits }, cluster, to);
        text += digits;
    }
    return status;
}
