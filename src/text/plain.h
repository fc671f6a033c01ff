/* Text as it reads without a terminal: escape sequences (colours, cursor, titles) are taken out; of a
 * hyperlink (OSC 8) its address stays, between blanks. NULs go, too. Pure. */
#ifndef SLUICE_TEXT_PLAIN_H
#define SLUICE_TEXT_PLAIN_H

#include "base/str.h"

/* Appends the text. */
void plain_add(struct str *to, struct span text);

#endif
