/* What reaches the screen: text of others escaped, colours only on a terminal that wants them. */
#ifndef SLUICE_CLI_SCREEN_H
#define SLUICE_CLI_SCREEN_H

#include "base/err.h"
#include "base/str.h"
#include "cli/env.h"

enum tint { TINT_NONE, TINT_GOOD, TINT_BAD, TINT_BUSY, TINT_WAIT, TINT_FAINT, TINT_STRONG };

bool screen_has_color(const struct cli_env *env); /* a terminal, no NO_COLOR, no TERM=dumb */
/* Tint of a job's state word. */
enum tint screen_state_tint(const char *state);

/* Writes text with control characters made visible (line breaks and tabs stay). */
void screen_put(const struct cli_env *env, struct span text);
void screen_putf(const struct cli_env *env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same on stderr. */
void screen_errf(const struct cli_env *env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "sluice: <text>" on stderr. */
void screen_error(const struct cli_env *env, const struct err *err);
/* Appends text between the codes of a tint, where colours are on; text must be harmless already. */
void screen_add_tinted(const struct cli_env *env, struct str *to, struct span text, enum tint tint);
/* The bytes as they are; on a terminal control characters are made visible. */
void screen_bytes(const struct cli_env *env, struct span bytes);
/* JSON as it came, with a line break; on a terminal control characters are made visible. */
void screen_json(const struct cli_env *env, struct span json);
/* Flushes stdout; -1 where something could not be written. */
int screen_end(const struct cli_env *env, struct err *err);

#endif
