/* Every statement of the store, in one table, so that a test can ask SQLite for the plan of each. */
#ifndef SLUICE_STORE_SQL_H
#define SLUICE_STORE_SQL_H

#include "base/str.h"

enum sql_id {
    SQL_JOB_INSERT,
    SQL_JOB_UPDATE,
    SQL_JOB_GET,
    SQL_JOB_BY_TOKEN,
    SQL_JOB_OPEN_IDS,
    SQL_INDEX_INSERT,
    SQL_INDEX_HOT,
    SQL_INDEX_COLD,
    SQL_TAGS_GET,
    SQL_TAGS_CLEAR,
    SQL_TAG_ADD,
    SQL_DOC_PUT,
    SQL_DOC_GET,
    SQL_DOC_LAST,
    SQL_JOB_LAST,
    SQL_SCRIPT_PUT,
    SQL_SCRIPT_DIFF,
    SQL_SCRIPT_GET,
    SQL_COUNTS,
    SQL_STARTED,
    SQL_EVENT_ADD,
    SQL_EVENT_LAST,
    SQL_EVENT_FIRST,
    SQL_EVENT_LIST,
    SQL_EVENT_OF_JOB,
    SQL_EVENT_OF_TOPIC,
    SQL_EVENT_OLDEST,
    SQL_EVENT_PRUNE,
    SQL_PROJECT_PUT,
    SQL_PROJECT_GET,
    SQL_PROJECT_REMOVE,
    SQL_PROJECT_LIST,
    SQL_IDEM_GET,
    SQL_IDEM_PUT,
    SQL_IDEM_PRUNE,
    SQL_VALUE_PUT,
    SQL_VALUE_GET,
    SQL_SCRIPT_RESOLVED,
    SQL_OUTBOX_ADD,
    SQL_OUTBOX_UPDATE,
    SQL_OUTBOX_DUE,
    SQL_OUTBOX_EXPIRE,
    SQL_OUTBOX_LIST,
    SQL_OUTBOX_COUNT,
    SQL_OUTBOX_PRUNE,
    SQL_SERIES_FIND,
    SQL_SERIES_SEEN,
    SQL_SERIES_COUNT,
    SQL_SERIES_ADD,
    SQL_SERIES_PUT,
    SQL_SERIES_LIST,
    SQL_CHUNK_GET,
    SQL_CHUNK_PUT,
    SQL_CHUNK_RANGE,
    SQL_UNREAD_LIST,
    SQL_UNREAD_REMOVE,
    SQL_CHUNK_DROP,
    SQL_SERIES_RESET,
    SQL_JOB_TOKEN_PUT,
    SQL_JOB_TOKEN_GET,
    SQL_JOB_TOKEN_DROP,
    SQL_JOB_TOKEN_LIST,
    /* Lists: one a driving index and order, newest before oldest. */
    SQL_LIST_ALL,
    SQL_LIST_ALL_OLDEST,
    SQL_LIST_OPEN,
    SQL_LIST_OPEN_OLDEST,
    SQL_LIST_FAILED,
    SQL_LIST_FAILED_OLDEST,
    SQL_LIST_STATE,
    SQL_LIST_STATE_OLDEST,
    SQL_LIST_TAG,
    SQL_LIST_TAG_OLDEST,
    SQL_LIST_GROUP,
    SQL_LIST_GROUP_OLDEST,
    SQL_LIST_PROJECT,
    SQL_LIST_PROJECT_OLDEST,
    SQL_LIST_GPU,
    SQL_LIST_GPU_OLDEST,
    SQL_LIST_CLUSTER,
    SQL_LIST_CLUSTER_OLDEST,
    SQL_LIST_USER,
    SQL_LIST_USER_OLDEST,
    SQL_LIST_SINCE, /* by change */
    SQL_COUNT
};

/* Parameters of the SQL_LIST_ statements. */
enum list_param {
    LIST_CURSOR = 1,
    LIST_STATES, /* '|failed|timeout|', or NULL */
    LIST_CLUSTER,
    LIST_PROJECT,
    LIST_USER,
    LIST_GPU,
    LIST_GROUP,
    LIST_NAME, /* LIKE pattern */
    LIST_AFTER,
    LIST_BEFORE,
    LIST_ARCHIVED, /* 1: archived ones too */
    LIST_TAG,
    LIST_TEXT, /* LIKE pattern */
    LIST_EXACT,
    LIST_STATE, /* the one state of SQL_LIST_STATE */
};

/* Appends the statement's SQL, column lists of job_fields filled in. */
void sql_text(enum sql_id id, struct str *out);
/* True: for the read-only connection, which sees committed rows only. */
bool sql_reads_committed(enum sql_id id);

#endif
