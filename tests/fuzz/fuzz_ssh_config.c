/* ssh_config's lines, `ssh -G`'s answers and what a failed ssh said: any bytes give a verdict. The first NUL
 * parts the answer with the user's files from the one without. */
#include "fuzz.h"

#include "exec/openssh_args.h"
#include "text/ssh_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = { (const char *)data, size }, rest = text, keyword, arguments;
    while (ssh_config_next(&rest, &keyword, &arguments))
        must(!span_has(keyword, "\n") && !span_has(arguments, "\n") && !span_starts(keyword, "#"));
    size_t half = span_find_char(text, '\0');
    struct span with = span_head(text, half), without = span_skip(text, half + 1);
    auto_str struct str why = STR_MAX(16384);
    (void)ssh_config_matters(text);
    must(openssh_config_matters(with, without, &why) == (why.len > 0));
    must(!openssh_config_matters(with, with, &why));
    (void)openssh_setting(text, "hostname");
    const struct ssh_settings set = { .host = (char[]){ "alder" } };
    struct err err = { 0 };
    bool needs_person;
    openssh_explain(&set, text, &err, &needs_person);
    must(err.code != ERR_NONE && (!needs_person || err.code == ERR_AUTH));
    return 0;
}
