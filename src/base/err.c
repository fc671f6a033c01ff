#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const words[] = {
    [ERR_NONE] = "ok",
    [ERR_INVALID] = "invalid",
    [ERR_NOT_FOUND] = "not_found",
    [ERR_CONFLICT] = "conflict",
    [ERR_TOO_LARGE] = "too_large",
    [ERR_UNSUPPORTED] = "unsupported",
    [ERR_DENIED] = "denied",
    [ERR_UNAUTHORIZED] = "unauthorized",
    [ERR_OFFLINE] = "offline",
    [ERR_AUTH] = "auth_failed",
    [ERR_BUSY] = "busy",
    [ERR_TIMEOUT] = "timeout",
    [ERR_REFUSED] = "refused",
    [ERR_CANCELLED] = "cancelled",
    [ERR_IO] = "io",
    [ERR_FULL] = "full",
    [ERR_CORRUPT] = "corrupt",
    [ERR_INTERNAL] = "internal",
};
_Static_assert(sizeof(words) / sizeof(*words) == ERR_CODE_COUNT, "a word per code");

const char *err_word(enum err_code code)
{
    assert(code < ERR_CODE_COUNT);
    return words[code];
}

/* One line only: what came from outside may hold anything, and texts end up in logs and terminals. */
static void make_one_line(char *text)
{
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
}

__attribute__((format(printf, 2, 0))) static void put_text(char *text, const char *fmt, va_list args)
{
    int n = vsnprintf(text, ERR_TEXT_BYTES, fmt, args);
    if (n >= ERR_TEXT_BYTES) {
        size_t cut = ERR_TEXT_BYTES - 4;
        while (cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80)
            cut--; /* never in the middle of a character */
        memcpy(text + cut, "...", 4);
    }
    make_one_line(text);
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    if (!err)
        return -1;
    char text[ERR_TEXT_BYTES]; /* arguments may point into err->text */
    va_list args;
    va_start(args, fmt);
    put_text(text, fmt, args);
    va_end(args);
    err->code = code;
    memcpy(err->text, text, sizeof(text));
    return -1;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
    if (!err)
        return -1;
    char context[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, fmt);
    put_text(context, fmt, args);
    va_end(args);
    return err_set(err, err->code, "%s: %s", context, err->text);
}

static enum err_code code_of_errno(int errnum)
{
    switch (errnum) {
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    case ENOENT:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return ERR_DENIED;
    default:
        return ERR_IO;
    }
}

int err_errno(struct err *err, int errnum, const char *fmt, ...)
{
    if (!err)
        return -1;
    char what[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, fmt);
    put_text(what, fmt, args);
    va_end(args);
    char reason[128];
    return err_set(err, code_of_errno(errnum), "%s: %s", what, strerror_r(errnum, reason, sizeof(reason)));
}
