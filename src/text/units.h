/* Durations, sizes and times as people and Slurm write them. Pure, locale-free, no overflow: what does not
 * fit is an error that says what was expected. */
#ifndef SLUICE_TEXT_UNITS_H
#define SLUICE_TEXT_UNITS_H

#include "base/err.h"
#include "base/str.h"

/* Seconds of: D-HH:MM:SS, D-HH:MM, D-HH, HH:MM:SS, MM:SS; a bare number is minutes (all five as Slurm reads
 * them); or numbers with w d h m s, largest first ("90s", "90m", "1h30m", "2d"). Parts behind the first stay
 * in their range (minutes under 60). At most 100 years. */
int units_parse_duration(struct span text, int64_t *out_s, struct err *err);
/* "2-00:00:00" from a day on, "HH:MM:SS" under it; negative as 0. What Slurm takes. */
void units_add_duration(struct str *to, int64_t seconds);

enum units_bare { UNITS_BARE_BYTES, UNITS_BARE_MIB }; /* what a number without a letter means */

/* Bytes of "64G", "512M", "1T", "1.5G", "200 MiB", "64GB": letters K M G T P in either case are powers of
 * 1024 as Slurm has them. Rounded down to a byte. Less than 2^63. */
int units_parse_size(struct span text, enum units_bare bare, uint64_t *out_bytes, struct err *err);
/* For people: "1.5G", "512M", "17B": one decimal at most, rounded. */
void units_add_size(struct str *to, uint64_t bytes);
/* For Slurm: exact in M, or G where it divides; rounded up to a MiB. */
void units_add_mem(struct str *to, uint64_t bytes);

/* "2026-01-31T12:00:00Z"; ".123" behind the seconds only where there are milliseconds. Years 0000-9999. */
void units_add_time(struct str *to, int64_t wall_us);
/* RFC 3339 with Z or an offset, fraction to the microsecond ('T', 't' or a blank between). */
int units_parse_time(struct span text, int64_t *out_us, struct err *err);

#endif
