/* Writes the OpenAPI document to stdout: what the page's types are generated from. */
#include "api/openapi.h"

#include <stdio.h>

int main(void)
{
    auto_str struct str text = STR_MAX(MAX_OPENAPI_BYTES);
    openapi_render("", "0", &text);
    return fwrite(str_text(&text), 1, text.len, stdout) == text.len ? 0 : 1;
}
