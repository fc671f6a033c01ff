/* Answers: JSON, bytes, and RFC 9457 problem documents.
 *
 * A request is answered once; what comes after the first is dropped. Bodies are taken, not copied. The server
 * adds the security headers (reliability.md 6) to every answer. */
#ifndef SLUICE_API_REPLY_H
#define SLUICE_API_REPLY_H

#include "api/request.h"
#include "svc/answer.h"

/* JSON that *body holds; it is empty after. A body that passed its ceiling becomes a 500. */
void reply_json(struct request *request, int status, struct str *body);
void reply_json_copy(struct request *request, int status, struct span body);
/* Bytes of another type (static text), copied. */
void reply_bytes(struct request *request, int status, const char *type, struct span bytes);
/* Bytes that live as long as the server. cache: Cache-Control or NULL. */
void reply_fixed(struct request *request, const char *type, struct span bytes, const char *cache);
/* A stream (request.h); type is static. */
void reply_stream(struct request *request, const char *type, const struct reply_source *source);
/* The source has something again. Not from inside its read. */
void reply_wake(struct request *request);
void reply_empty(struct request *request, int status);
/* A header of the answer; before the reply itself. name is static, value copied. */
void reply_header(struct request *request, const char *name, const char *value);

struct problem {
    int status;              /* 0: by err->code */
    const struct err *err;   /* code and detail */
    const struct errs *errs; /* one per field, or NULL */
    const char *upstream;    /* the scheduler's or ssh's own words, or NULL */
    const char *hint;        /* the next step; NULL: the code's own, where it has one */
    bool close;              /* and end the connection */
};
void reply_problem(struct request *request, const struct problem *problem);
void reply_err(struct request *request, const struct err *err);
void reply_errf(struct request *request, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* What a service answered: its body with that status, or its problem. */
void reply_answer(struct request *request, int status, const struct answer *answer);

/* Weak validator of lists: the newest event and the query. True: 304 has been replied. */
bool reply_not_modified(struct request *request, int64_t event);

/* The problem as JSON, for answers that hold one per item. instance: NULL none. */
void problem_json(const struct problem *problem, const char *instance, struct str *out);

/* The table behind it: status, title and hint of a code. */
struct problem_kind {
    int status;
    const char *title, *hint;
};
const struct problem_kind *problem_kind(enum err_code code);

#endif
