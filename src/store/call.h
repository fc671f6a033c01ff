/* One call of a statement of the store. It is ready for its next call when `call` leaves its scope:
 *     auto_call struct call call = call_open(store, SQL_VALUE_GET);
 *     call_text(&call, 1, key);
 *     int rc = call_step(&call, err);        1: a row, 0: no more, -1: err */
#ifndef SLUICE_STORE_CALL_H
#define SLUICE_STORE_CALL_H

#include "store/inside.h"

struct call {
    struct store *store;
    sqlite3_stmt *stmt;
    int rc; /* first failure of preparing or binding */
};
struct call call_open(struct store *store, enum sql_id id);
void call_close(struct call *call);
#define auto_call __attribute__((cleanup(call_close)))
void call_text(struct call *call, int at, const char *text); /* NULL: NULL; must live until call_close */
void call_span(struct call *call, int at, struct span text);
void call_int(struct call *call, int at, int64_t value);
int call_step(struct call *call, struct err *err);
int call_run(struct call *call, struct err *err);    /* to its end */
char *call_dup(struct call *call, int column);       /* NULL: NULL; caller frees */
struct span call_get(struct call *call, int column); /* valid until the next step */

#endif
