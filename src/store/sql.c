#include "store/sql.h"

#include "domain/job.h"

#include <string.h>

/* @columns, @params and @assign stand for job_fields' columns: "id,token,...", "?1,?2,...", "token=?2,...".
 *
 * Lists walk one index in order of id and judge the other conditions in the result (column 1), not in WHERE:
 * so the walk hands every row to us and can be stopped after so many and gone on with later. */
#define MATCH                                                                                      \
    "(?2 IS NULL OR instr(?2, '|' || i.state || '|') > 0)"                                         \
    " AND (?3 IS NULL OR i.cluster = ?3 COLLATE NOCASE) AND (?4 IS NULL OR i.project = ?4)"        \
    " AND (?5 IS NULL OR i.user = ?5) AND (?6 IS NULL OR i.gpu_type = ?6 COLLATE NOCASE)"          \
    " AND (?7 IS NULL OR i.grp = ?7) AND (?8 IS NULL OR i.name LIKE ?8 ESCAPE '\\')"               \
    " AND (?9 IS NULL OR i.created_at_us >= ?9) AND (?10 IS NULL OR i.created_at_us < ?10)"        \
    " AND (?11 OR i.archived = 0)"                                                                 \
    " AND (?12 IS NULL OR EXISTS (SELECT 1 FROM job_tag x WHERE x.tag = ?12 AND x.job_id = i.id))" \
    " AND (?13 IS NULL OR i.name LIKE ?13 ESCAPE '\\' OR i.sched_id = ?14)"

/* CASE, because SQLite leaves off what is decided already only in conditions, not in results. */
#define JUDGED     "CASE WHEN " MATCH " THEN 1 ELSE 0 END"
#define FROM_INDEX "SELECT i.id, " JUDGED " FROM job_index i "
#define FROM_TAG   "SELECT i.id, " JUDGED " FROM job_tag t JOIN job_index i ON i.id = t.job_id "
#define NEWEST(id) id " < ?1 ORDER BY " id " DESC"
#define OLDEST(id) id " > ?1 ORDER BY " id

#define OUTBOX_ROW                                                                              \
    "SELECT id, delivery, event_id, job_id, notifier, occasion, state, message, status, tries," \
    " event_at_us, created_at_us, due_at_us, last_try_at_us, done_at_us, answer, error FROM outbox "

#define LIST_BY(name, where)                                                \
    [SQL_LIST_##name] = { FROM_INDEX "WHERE " where NEWEST("i.id"), true }, \
    [SQL_LIST_##name##_OLDEST] = { FROM_INDEX "WHERE " where OLDEST("i.id"), true }

static const struct {
    const char *text;
    bool reads_committed;
} statements[SQL_COUNT] = {
    [SQL_JOB_INSERT] = { "INSERT INTO job(@columns) VALUES(@params)", false },
    [SQL_JOB_UPDATE] = { "UPDATE job SET @assign WHERE id = ?1", false },
    [SQL_JOB_GET] = { "SELECT @columns FROM job WHERE id = ?1", false },
    [SQL_JOB_BY_TOKEN] = { "SELECT @columns FROM job WHERE token = ?1", false },
    [SQL_JOB_OPEN_IDS] = { "SELECT id FROM job_index WHERE open = 1 AND id > ?1 ORDER BY id", false },
    [SQL_INDEX_INSERT] = { "INSERT INTO job_index(id, open, failed, archived, event, created_at_us, state, "
                           "cluster,"
                           " project, user, gpu_type, grp, name, sched_id)"
                           " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                           false },
    /* What changes often apart from what hardly ever does: an UPDATE writes every index of the columns it
     * names, changed or not. */
    [SQL_INDEX_HOT] = { "UPDATE job_index SET open = ?2, failed = ?3, event = ?5, state = ?7 WHERE id = ?1",
                        false },
    [SQL_INDEX_COLD] = { "UPDATE job_index SET archived = ?4, created_at_us = ?6, cluster = ?8, project = ?9,"
                         " user = ?10, gpu_type = ?11, grp = ?12, name = ?13, sched_id = ?14"
                         " WHERE id = ?1 AND (archived, created_at_us, cluster, project, user, gpu_type, "
                         "grp, name,"
                         " sched_id) IS NOT (?4, ?6, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                         false },
    [SQL_TAGS_GET] = { "SELECT tags FROM job WHERE id = ?1", false },
    [SQL_TAGS_CLEAR] = { "DELETE FROM job_tag WHERE job_id = ?1", false },
    [SQL_TAG_ADD] = { "INSERT OR IGNORE INTO job_tag(tag, job_id) VALUES(?1, ?2)", false },
    [SQL_DOC_PUT] = { "INSERT INTO job_doc(id, doc) VALUES(?1, ?2) ON CONFLICT(id) DO UPDATE SET doc = "
                      "excluded.doc",
                      false },
    [SQL_DOC_GET] = { "SELECT doc FROM job_doc WHERE id = ?1", true },
    [SQL_JOB_LAST] = { "SELECT id FROM job WHERE id > ?1 ORDER BY id DESC LIMIT 1", false },
    [SQL_DOC_LAST] = { "SELECT doc FROM job_doc WHERE id > ?1 ORDER BY id DESC LIMIT 1", true },
    [SQL_SCRIPT_PUT] = { "INSERT INTO job_script(id, script, sha256, request, resolved, diff)"
                         " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                         false },
    [SQL_SCRIPT_DIFF] = { "UPDATE job_script SET diff = ?2 WHERE id = ?1", false },
    [SQL_SCRIPT_GET] = { "SELECT script, sha256, request, resolved, diff FROM job_script WHERE id = ?1",
                         false },
    [SQL_COUNTS] = { "SELECT state, sum(n) FROM job_count WHERE archived <= ?1 GROUP BY state HAVING sum(n) "
                     "> 0",
                     true },
    [SQL_STARTED] = { "SELECT j.partition, j.gpu_type, j.eligible_at_us, j.submitted_at_us, j.started_at_us,"
                      " j.attempt, j.array_spec IS NOT NULL FROM job_index i JOIN job j ON j.id = i.id"
                      " WHERE i.cluster = ?1 COLLATE NOCASE AND i.cluster = ?1 ORDER BY i.id DESC LIMIT ?2",
                      true },
    [SQL_EVENT_ADD] = { "INSERT INTO event(id, time_us, job_id, topic, kind, data)"
                        " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                        false },
    [SQL_EVENT_LAST] = { "SELECT max(id) FROM event", false },
    [SQL_EVENT_FIRST] = { "SELECT min(id) FROM event", true },
    [SQL_EVENT_LIST] = { "SELECT id, time_us, job_id, topic, kind, data FROM event WHERE id > ?1"
                         " ORDER BY id LIMIT ?2",
                         true },
    [SQL_EVENT_OF_JOB] = { "SELECT id, time_us, job_id, topic, kind, data FROM event WHERE job_id = ?3 AND "
                           "id > ?1"
                           " AND (?4 IS NULL OR topic = ?4)"
                           " AND (NOT ?5 OR kind NOT IN ('metrics', 'progress')) ORDER BY id LIMIT ?2",
                           true },
    [SQL_EVENT_OF_TOPIC] = { "SELECT id, time_us, job_id, topic, kind, data FROM event WHERE topic = ?4 AND "
                             "id > ?1"
                             " ORDER BY id LIMIT ?2",
                             true },
    [SQL_EVENT_OLDEST] = { "SELECT id, time_us FROM event WHERE id < ?1 AND time_us <= ?3 ORDER BY id LIMIT "
                           "?2",
                           false },
    [SQL_EVENT_PRUNE] = { "DELETE FROM event WHERE id <= ?1", false },
    [SQL_PROJECT_PUT] = { "INSERT INTO project(name, path, url, grp, created_at_us, synced_at_us)"
                          " VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(name) DO UPDATE SET path = "
                          "excluded.path,"
                          " url = excluded.url, grp = excluded.grp, created_at_us = excluded.created_at_us,"
                          " synced_at_us = excluded.synced_at_us",
                          false },
    [SQL_PROJECT_GET] = { "SELECT name, path, url, grp, created_at_us, synced_at_us FROM project WHERE name "
                          "= ?1",
                          false },
    [SQL_PROJECT_REMOVE] = { "DELETE FROM project WHERE name = ?1", false },
    [SQL_PROJECT_LIST] = { "SELECT name, path, url, grp, created_at_us, synced_at_us FROM project WHERE name "
                           "> ?1"
                           " ORDER BY name",
                           false },
    [SQL_IDEM_GET] = { "SELECT hash, body, location, status, job_id FROM idempotency"
                       " WHERE scope = ?1 AND key = ?2",
                       false },
    [SQL_IDEM_PUT] = { "INSERT INTO idempotency(scope, key, hash, body, location, status, job_id, "
                       "created_at_us)"
                       " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(scope, key) DO UPDATE SET"
                       " hash = excluded.hash, body = excluded.body, location = excluded.location,"
                       " status = excluded.status, job_id = excluded.job_id",
                       false },
    [SQL_IDEM_PRUNE] = { "DELETE FROM idempotency WHERE id IN (SELECT id FROM idempotency WHERE "
                         "created_at_us < ?1"
                         " ORDER BY created_at_us LIMIT ?2)",
                         false },
    [SQL_VALUE_PUT] = { "INSERT INTO value(key, value) VALUES(?1, ?2)"
                        " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
                        false },
    [SQL_VALUE_GET] = { "SELECT value FROM value WHERE key = ?1", false },
    [SQL_SCRIPT_RESOLVED] = { "SELECT resolved FROM job_script WHERE id = ?1", false },
    [SQL_OUTBOX_ADD] = { "INSERT INTO outbox(delivery, event_id, job_id, notifier, occasion, state, "
                         "event_at_us,"
                         " created_at_us, due_at_us, status, tries, last_try_at_us, done_at_us, answer)"
                         " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'waiting', 0, 0, 0, 0)"
                         " ON CONFLICT(job_id, event_id, notifier) DO NOTHING",
                         false },
    [SQL_OUTBOX_UPDATE] = { "UPDATE outbox SET message = ?2, status = ?3, tries = ?4, due_at_us = ?5,"
                            " last_try_at_us = ?6, done_at_us = ?7, answer = ?8, error = ?9 WHERE id = ?1",
                            false },
    [SQL_OUTBOX_DUE] = { OUTBOX_ROW "WHERE status = 'waiting' AND notifier = ?1 ORDER BY due_at_us LIMIT ?2",
                         true },
    [SQL_OUTBOX_EXPIRE] = { "UPDATE outbox SET status = 'dead', done_at_us = ?2, error = ?3 WHERE id IN"
                            " (SELECT id FROM outbox WHERE status = 'waiting' AND due_at_us < ?1"
                            " AND instr(?5, char(10) || notifier || char(10)) = 0 ORDER BY due_at_us LIMIT "
                            "?4)",
                            false },
    [SQL_OUTBOX_LIST] = { OUTBOX_ROW "WHERE notifier = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3", true },
    [SQL_OUTBOX_COUNT] = { "SELECT status, count(*) FROM outbox WHERE notifier = ?1 GROUP BY status", true },
    [SQL_OUTBOX_PRUNE] = { "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE status <> 'waiting'"
                           " AND done_at_us < ?1 ORDER BY done_at_us LIMIT ?2)",
                           false },
    [SQL_SERIES_FIND] = { "SELECT id, count, last_step, last, low, high, source, max_points FROM "
                          "metric_series"
                          " WHERE job_id = ?1 AND name = ?2",
                          false },
    [SQL_SERIES_SEEN] = { "SELECT id, count, last_step, last, low, high, source, max_points FROM "
                          "metric_series"
                          " WHERE job_id = ?1 AND name = ?2",
                          true },
    [SQL_SERIES_COUNT] = { "SELECT count(*) FROM metric_series WHERE job_id = ?1", false },
    [SQL_SERIES_ADD] = { "INSERT INTO metric_series(job_id, name, count, source, max_points)"
                         " VALUES(?1, ?2, 0, ?3, ?4)",
                         false },
    [SQL_SERIES_RESET] = { "UPDATE metric_series SET count = 0, last_step = NULL, last = NULL, low = NULL,"
                           " high = NULL, source = ?2 WHERE id = ?1",
                           false },
    [SQL_SERIES_PUT] = { "UPDATE metric_series SET count = ?2, last_step = ?3, last = ?4, low = ?5, high = ?6"
                         " WHERE id = ?1",
                         false },
    [SQL_SERIES_LIST] = { "SELECT name, count, last_step, last, low, high FROM metric_series"
                          " WHERE job_id = ?1 ORDER BY name",
                          false },
    [SQL_CHUNK_GET] = { "SELECT data FROM metric_chunk WHERE series = ?1 AND level = ?2 AND number = ?3",
                        false },
    [SQL_CHUNK_PUT] = { "INSERT INTO metric_chunk(series, level, number, data) VALUES(?1, ?2, ?3, ?4)"
                        " ON CONFLICT(series, level, number) DO UPDATE SET data = excluded.data",
                        false },
    [SQL_CHUNK_RANGE] = { "SELECT number, data FROM metric_chunk WHERE series = ?1 AND level = ?2"
                          " AND number BETWEEN ?3 AND ?4 ORDER BY number",
                          true },
    [SQL_UNREAD_LIST] = { "SELECT job_id FROM unread WHERE job_id > ?1 ORDER BY job_id LIMIT ?2", false },
    [SQL_UNREAD_REMOVE] = { "DELETE FROM unread WHERE job_id = ?1", false },
    [SQL_CHUNK_DROP] = { "DELETE FROM metric_chunk WHERE series = ?1 AND level = ?2 AND number < ?3", false },
    [SQL_JOB_TOKEN_PUT] = { "INSERT INTO job_token(hash, job_id, created_at_us) VALUES(?1, ?2, ?3)", false },
    [SQL_JOB_TOKEN_GET] = { "SELECT job_id FROM job_token WHERE hash = ?1", false },
    [SQL_JOB_TOKEN_DROP] = { "DELETE FROM job_token WHERE job_id = ?1", false },
    [SQL_JOB_TOKEN_LIST] = { "SELECT job_id FROM job_token WHERE job_id > ?1 ORDER BY job_id LIMIT ?2",
                             false },
    LIST_BY(ALL, ""),
    LIST_BY(OPEN, "i.open = 1 AND "),
    LIST_BY(FAILED, "i.failed = 1 AND "),
    LIST_BY(STATE, "i.state = ?15 AND "),
    LIST_BY(GROUP, "i.grp = ?7 AND "),
    LIST_BY(PROJECT, "i.project = ?4 AND "),
    LIST_BY(GPU, "i.gpu_type = ?6 COLLATE NOCASE AND "),
    LIST_BY(CLUSTER, "i.cluster = ?3 COLLATE NOCASE AND "),
    LIST_BY(USER, "i.user = ?5 AND "),
    [SQL_LIST_TAG] = { FROM_TAG "WHERE t.tag = ?12 AND " NEWEST("t.job_id"), true },
    [SQL_LIST_TAG_OLDEST] = { FROM_TAG "WHERE t.tag = ?12 AND " OLDEST("t.job_id"), true },
    [SQL_LIST_SINCE] = { "SELECT i.id, " JUDGED
                         ", i.event FROM job_index i WHERE i.event > ?1 ORDER BY i.event",
                         true },
};

enum column_style { COLUMN_NAME, COLUMN_PARAM, COLUMN_ASSIGN };

/* Parameters are numbered by the columns: the i-th column is ?i. */
static void add_columns(struct str *out, enum column_style style)
{
    size_t n = 0;
    const char *comma = "";
    for (size_t i = 0; i < job_field_count; i++) {
        if (!job_fields[i].column)
            continue;
        n++;
        if (style == COLUMN_ASSIGN && n == 1) /* the id */
            continue;
        str_add(out, comma);
        comma = ", ";
        if (style != COLUMN_PARAM)
            str_add(out, job_fields[i].column);
        if (style == COLUMN_ASSIGN)
            str_add_char(out, '=');
        if (style != COLUMN_NAME)
            str_addf(out, "?%zu", n);
    }
}

void sql_text(enum sql_id id, struct str *out)
{
    static const char *const marks[] = {
        [COLUMN_NAME] = "@columns", [COLUMN_PARAM] = "@params", [COLUMN_ASSIGN] = "@assign"
    };
    struct span rest = span_of(statements[id].text);
    while (rest.len) {
        size_t at = span_find_char(rest, '@');
        str_add_span(out, span_head(rest, at));
        rest = span_skip(rest, at);
        for (int style = COLUMN_NAME; rest.len && style <= COLUMN_ASSIGN; style++) {
            if (!span_starts(rest, marks[style]))
                continue;
            add_columns(out, (enum column_style)style);
            rest = span_skip(rest, strlen(marks[style]));
            break;
        }
    }
}

bool sql_reads_committed(enum sql_id id)
{
    return statements[id].reads_committed;
}
