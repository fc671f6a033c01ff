/* Runs a fuzz entry once over each file it is given: the corpus as a test that needs no clang. */
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "io/file.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak)); /* not every target has one */

int main(int argc, char **argv)
{
    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        auto_str struct str text = STR_MAX((size_t)16 << 20);
        struct err err;
        if (file_read(argv[i], text.max, &text, &err) < 0) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        printf("%s\n", argv[i]);
        fflush(stdout);
        LLVMFuzzerTestOneInput((const uint8_t *)str_text(&text), text.len);
    }
    if (argc < 2)
        fprintf(stderr, "no file: the target has no corpus\n");
    return argc < 2;
}
