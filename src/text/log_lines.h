/* Numbers that stand in a log: what training loops print, by presets, and by patterns of one's own. Pure.
 *
 *   colon        key: value, "Train Loss: 0.25"      keras        450/1000 [===>..] - ETA: 1:16 - loss: 0.1
 *   equals       key=value                           lightning    Epoch 0: 45%|##| 45/100 [...,
 * train_loss=0.6] huggingface  {'loss': 0.5, 'epoch': 1.0}         tqdm         45%|##| 450/1000
 * [01:02<01:16, 7it/s, loss=0.1]
 *
 * A line is of one kind: a bar is read as a bar, a dictionary as a dictionary, anything else as pairs. A
 * carriage return ends a line, too: bars redraw. Colours are taken off. A line that tells no step stands at
 * its epoch, or at none. Words that loggers put in front (INFO: 12) and times (12:00:00) are no numbers. */
#ifndef SLUICE_TEXT_LOG_LINES_H
#define SLUICE_TEXT_LOG_LINES_H

#include "text/metric_row.h"
#include "text/regex.h"
#include "text/step_words.h"

enum log_preset {
    LOG_COLON = 1,
    LOG_EQUALS = 2,
    LOG_KERAS = 4,
    LOG_LIGHTNING = 8,
    LOG_HUGGINGFACE = 16,
    LOG_TQDM = 32,
    LOG_ALL = 63
};
/* 0: no such preset. "all" is each of them. */
unsigned log_preset_of(struct span name);
/* "colon, equals, ..." */
const char *log_preset_words(void);

/* What a pattern must have: groups that are named for the numbers they hold, or `key` and `value`. */
int log_regex_check(const struct regex *regex, struct err *err);

struct log_reader {
    unsigned presets;
    struct regex *const *patterns; /* borrowed */
    size_t pattern_count;
    int64_t epoch,
        epochs; /* the last that stood on a line ("Epoch 3/10"); -1: none. Kept from call to call */
};

/* Whole lines; gives how many bytes are whole: the rest is begun and not ended. is_end: all of it is. */
size_t log_lines_whole(struct span text, bool is_end);
void log_lines(struct log_reader *reader, struct span text, metric_each *each, void *ctx);

#endif
