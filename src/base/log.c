#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 4096 };

static struct {
    enum log_level level;
    bool json;
} settings = { LOG_INFO, false };

static const char *const names[] = { "debug", "info", "warn", "error" };

void log_setup(enum log_level level, bool json)
{
    settings.level = level;
    settings.json = json;
}

/* Copies text with control bytes, and what JSON needs, as \u00XX. Gives the length; out holds size bytes. */
static size_t escape(char *out, size_t size, const char *text)
{
    size_t n = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p && n + 8 < size; p++) {
        bool quote = settings.json && (*p == '"' || *p == '\\');
        if (*p < 0x20 || *p == 0x7f || quote)
            n += (size_t)snprintf(out + n, size - n, "\\u%04x", *p);
        else
            out[n++] = (char)*p;
    }
    out[n] = '\0';
    return n;
}

void log_at(enum log_level level, const char *fmt, ...)
{
    if (level < settings.level)
        return;
    char text[LINE_BYTES / 2], safe[LINE_BYTES], line[LINE_BYTES + 128], stamp[32];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    escape(safe, sizeof(safe), text);

    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
    const char *layout =
        settings.json ? "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"text\":\"%s\"}\n" : "%s.%03ldZ %-5s %s\n";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int n = snprintf(line, sizeof(line), layout, stamp, now.tv_nsec / 1000000, names[level], safe);
#pragma GCC diagnostic pop
    ssize_t done = write(STDERR_FILENO, line, (size_t)n); /* one write: lines of threads do not mix */
    (void)done;                                           /* a log that cannot be written must stop nobody */
}
