#include "exec/process_rows.h"

#include "base/mem.h"
#include "base/token.h"
#include "domain/report.h"

#define MAX_TIME_S INT64_C(253402300799) /* the year 9999 */

static const char *const words[PROCESS_WORD_COUNT] = {
    [PROCESS_ABSENT] = "absent",   [PROCESS_QUEUED] = "queued", [PROCESS_UNBORN] = "unborn",
    [PROCESS_RUNNING] = "running", [PROCESS_ENDED] = "ended",   [PROCESS_CANCELLED] = "cancelled",
    [PROCESS_LOST] = "lost",
};

enum {
    COL_TOKEN,
    COL_WORD,
    COL_CODE,
    COL_SIGNAL,
    COL_STARTED,
    COL_ENDED,
    COL_HOW,
    COL_GPUS,
    COL_REASON,
    COLS
};

/* From files that the job could write to, too. */
static int64_t number(struct span text, int64_t max)
{
    int64_t value;
    return span_i64(text, &value) && value >= 0 && value <= max ? value : SEEN_ABSENT;
}

static struct span known(struct span text)
{
    return span_is(text, "-") ? (struct span){ "", 0 } : text;
}

bool process_row_parse(struct span line, struct process_row *row)
{
    struct span col[COLS], rest = line;
    size_t n = 0, word = 0;
    while (n < COLS && span_next(&rest, ' ', &col[n]))
        n++;
    if (n != COLS || rest.len || !token_is_valid(col[COL_TOKEN]))
        return false;
    while (word < PROCESS_WORD_COUNT && !span_is(col[COL_WORD], words[word]))
        word++;
    if (word == PROCESS_WORD_COUNT)
        return false;
    *row = (struct process_row){
        .token = col[COL_TOKEN],
        .word = (enum process_word)word,
        .code = number(col[COL_CODE], 255),
        .signal = number(col[COL_SIGNAL], 64),
        .started_s = number(col[COL_STARTED], MAX_TIME_S),
        .ended_s = number(col[COL_ENDED], MAX_TIME_S),
        .how = known(col[COL_HOW]),
        .gpus = known(col[COL_GPUS]),
        .reason = known(col[COL_REASON]),
    };
    return true;
}

bool process_gpu_parse(struct span line, struct process_gpu *gpu)
{
    struct span col[4], rest = line, unit;
    uint64_t mem, index;
    for (size_t i = 0; i < ARRAY_LEN(col); i++) {
        if (!span_next(&rest, ',', &col[i]))
            return false;
        col[i] = span_trim(col[i]);
    }
    if (!span_u64(col[0], &index) || !span_next(&col[3], ' ', &unit))
        return false;
    *gpu = (struct process_gpu){ .index = col[0], .uuid = col[1], .name = col[2] };
    gpu->mem_mb = span_u64(unit, &mem) && mem < INT32_MAX ? (int64_t)mem : 0;
    return true;
}
