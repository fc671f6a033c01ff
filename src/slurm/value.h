/* Slurm's small value formats, as its commands print them. All pure; a span in, a number out, false where
 * the text says nothing ("N/A", "(null)", "Unknown") or is not of that form: *out is then untouched. */
#ifndef SLUICE_SLURM_VALUE_H
#define SLUICE_SLURM_VALUE_H

#include "base/span.h"

enum { SLURM_UNLIMITED = -1 };

/* "(null)", "N/A", "n/a", "None", "NONE", "None assigned", "Unknown", "INVALID", "" say nothing. */
bool slurm_is_null(struct span text);
struct span slurm_text(struct span text); /* the text, or the empty span where it says nothing */

/* Seconds of "30:00", "1:00:00", "2-00:00:00", "1-02", "00:00.043" (the fraction is cut); a bare number is
 * minutes; SLURM_UNLIMITED for UNLIMITED and infinite. */
bool slurm_duration_s(struct span text, int64_t *seconds);

/* Seconds since the epoch, as SLURM_TIME_FORMAT=%s makes Slurm print times. */
bool slurm_epoch_s(struct span text, int64_t *seconds);

/* Bytes of "2888K", "62.50G", "1000M", "512" (then times unit: pass 1 or 1024 * 1024), "4Gn", "4Gc". */
bool slurm_bytes(struct span text, uint64_t unit, uint64_t *bytes);

/* A count that Slurm may write as "UNLIMITED" (SLURM_UNLIMITED), "4K", or with NO_VAL (says nothing). */
bool slurm_count(struct span text, int64_t *count);

#endif
