/* Errors are values the caller owns.
 *
 * A function that can fail takes `struct err *` last (NULL: the caller does not care), returns 0 or -1, and
 * either reports or returns an error, never both. It is set once where it happened, wrapped with context on
 * the way up, and logged or turned into a status only at an edge. Untouched on success. No allocation. */
#ifndef SLUICE_BASE_ERR_H
#define SLUICE_BASE_ERR_H

enum err_code {
    ERR_NONE = 0,
    ERR_INVALID, /* what was given is wrong: a value, a file, a request */
    ERR_NOT_FOUND,
    ERR_CONFLICT,     /* not in this state, or already there */
    ERR_TOO_LARGE,    /* a named limit is exceeded */
    ERR_UNSUPPORTED,  /* known, but this build or machine cannot do it (yet) */
    ERR_DENIED,       /* not allowed */
    ERR_UNAUTHORIZED, /* who are you */
    ERR_OFFLINE,      /* a cluster cannot be reached now; nothing is known */
    ERR_AUTH,         /* a cluster refuses the login; no retry by itself */
    ERR_BUSY,         /* try again later */
    ERR_TIMEOUT,
    ERR_REFUSED, /* the scheduler said no, for good */
    ERR_CANCELLED,
    ERR_IO,
    ERR_FULL,     /* disk or quota */
    ERR_CORRUPT,  /* what we stored or were sent is damaged */
    ERR_INTERNAL, /* our own bug */
    ERR_CODE_COUNT
};

enum { ERR_TEXT_BYTES = 1024 };

struct err {
    enum err_code code;
    char text[ERR_TEXT_BYTES]; /* one line, UTF-8, cut with "..." where longer */
};

/* Sets code and text. Always -1, so that `return err_set(...)` reads well. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the text; the code stays. Always -1. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Like err_set, with ": " and strerror(errnum) at the end. ENOSPC and EDQUOT become ERR_FULL, ENOENT
 * ERR_NOT_FOUND, EACCES and EPERM ERR_DENIED, anything else ERR_IO. Always -1. */
int err_errno(struct err *err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The stable lower-case word of a code ("not_found"), as the API's `code` shows it. */
const char *err_word(enum err_code code);

#endif
