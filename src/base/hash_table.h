/* uthash (docs/decisions/lib-uthash.md), which by itself ends the process with status 255 and without a word
 * where there is no memory for a table. */
#ifndef SLUICE_BASE_HASH_TABLE_H
#define SLUICE_BASE_HASH_TABLE_H

#include "base/mem.h"

#define uthash_fatal(text) mem_exhausted()
#include <uthash.h>

#endif
