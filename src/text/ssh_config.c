#include "text/ssh_config.h"

#include "base/mem.h"

#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct span skip_blanks(struct span text)
{
    size_t n = 0;
    while (n < text.len && is_blank(text.ptr[n]))
        n++;
    return span_skip(text, n);
}

/* Letters up to a blank, '=' or a quote, which may stand right behind a keyword. */
static struct span take_keyword(struct span *line)
{
    size_t n = 0;
    while (n < line->len && line->ptr[n] != '=' && line->ptr[n] != '"' && !is_blank(line->ptr[n]))
        n++;
    struct span word = span_head(*line, n);
    *line = span_skip(*line, n);
    return word;
}

bool ssh_config_next(struct span *text, struct span *keyword, struct span *arguments)
{
    struct span line;
    while (span_next_line(text, &line)) {
        line = span_trim(line);
        if (!line.len || line.ptr[0] == '#')
            continue;
        *keyword = take_keyword(&line);
        line = skip_blanks(line);
        if (span_starts(line, "="))
            line = span_skip(line, 1);
        *arguments = span_trim(line);
        return true;
    }
    return false;
}

static bool is_word(struct span word, const char *known)
{
    return word.len == strlen(known) && strncasecmp(word.ptr, known, word.len) == 0;
}

/* A block for every host is as good as none, and SSH_CONFIG_PARTS is the caller's. */
static bool names_hosts(struct span keyword, struct span arguments)
{
    if (is_word(keyword, "host"))
        return !span_is(arguments, "*") && !span_is(arguments, "\"*\"");
    if (is_word(keyword, "match"))
        return !span_is(arguments, "all");
    return is_word(keyword, "include") && !span_is(arguments, SSH_CONFIG_PARTS "/*.conf");
}

static bool moves_connections(struct span keyword)
{
    static const char *const telling[] = { "hostname",
                                           "user",
                                           "port",
                                           "proxyjump",
                                           "proxycommand",
                                           "identityfile",
                                           "identityagent",
                                           "certificatefile",
                                           "pkcs11provider",
                                           "hostkeyalias",
                                           "bindaddress",
                                           "bindinterface",
                                           "globalknownhostsfile",
                                           "userknownhostsfile" };
    for (size_t i = 0; i < ARRAY_LEN(telling); i++)
        if (is_word(keyword, telling[i]))
            return true;
    return false;
}

bool ssh_config_matters(struct span text)
{
    struct span keyword, arguments;
    while (ssh_config_next(&text, &keyword, &arguments))
        if (names_hosts(keyword, arguments) || moves_connections(keyword))
            return true;
    return false;
}
