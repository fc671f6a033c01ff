#include "slurm/row.h"

#include <stdio.h>
#include <string.h>

void row_reject(size_t *rejected, char *note, const char *why, struct span text)
{
    if ((*rejected)++ > 0)
        return;
    struct span head = span_head(text, 60);
    int n = snprintf(note, ROW_REJECT_BYTES, "%s: ", why);
    size_t at = n > 0 ? (size_t)n : 0;
    for (size_t i = 0; i < head.len && at + 1 < ROW_REJECT_BYTES; i++) {
        unsigned char c = (unsigned char)head.ptr[i];
        note[at++] = c < 0x20 || c >= 0x7f ? '?' : (char)c;
    }
    note[at < ROW_REJECT_BYTES ? at : ROW_REJECT_BYTES - 1] = '\0';
}

static bool is_all_of(struct span text, const char *more)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_word && (c == '\0' || !strchr(more, c)))
            return false;
    }
    return true;
}

bool row_is_plain_name(struct span name)
{
    return name.len && name.len <= 128 && name.ptr[0] != '-' && is_all_of(name, "_.@+-");
}

int row_add_tool(struct str *sh, const char *bin_dir, const char *tool, struct err *err)
{
    if (bin_dir && *bin_dir) {
        struct span dir = span_of(bin_dir);
        if (bin_dir[0] != '/' || !is_all_of(dir, "_./+-"))
            return err_set(err, ERR_INVALID, "bin_dir must be an absolute path of plain characters");
        str_add(sh, bin_dir);
        str_add_char(sh, '/');
    }
    str_add(sh, tool);
    return 0;
}
