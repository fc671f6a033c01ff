#include "svc/project/project_file.h"

#include "base/limits.h"
#include "io/file.h"

#include <limits.h>

int project_file_read(const char *folder, struct project_config **out, struct errs *errs)
{
    auto_str struct str path = STR_MAX(PATH_MAX), text = STR_MAX(MAX_CONFIG_BYTES);
    struct err err = { 0 };
    str_addf(&path, "%s/%s", folder, PROJECT_FILE);
    if (file_exists(str_text(&path)) && file_read(str_text(&path), MAX_CONFIG_BYTES, &text, &err) < 0)
        return errs_add(errs,
                        &(struct errs_item){ .code = err.code, .file = PROJECT_FILE, .text = err.text });
    return project_config_parse(str_span(&text), PROJECT_FILE, out, errs);
}
