/* The answers of the process scheduler's look program, line by line, and the supervisor's files. */
#include "fuzz.h"

#include "exec/process_rows.h"
#include "exec/supervisor_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = { (const char *)data, size }, line;
    while (span_next_line(&text, &line)) {
        struct process_row row;
        struct process_gpu gpu;
        must(!process_row_parse(line, &row) || (row.token.len && row.word < PROCESS_WORD_COUNT));
        must(!process_gpu_parse(line, &gpu) || gpu.index.len);
    }
    char *file = span_dup((struct span){ (const char *)data, size });
    unsigned long long start;
    int64_t number;
    (void)stat_start(file, &start);
    (void)spec_number(file, "gpus", &number);
    free(file);
    return 0;
}
