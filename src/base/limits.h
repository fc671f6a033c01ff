/* Every size that an outsider decides, in one list. Bytes unless the name says otherwise. */
#ifndef SLUICE_BASE_LIMITS_H
#define SLUICE_BASE_LIMITS_H

enum {
    /* configuration and requests (docs/config.md, docs/api.md) */
    MAX_CONFIG_BYTES = 256 * 1024,
    MAX_CONFIG_EVENTS = 50000,
    MAX_DOC_DEPTH = 32,
    MAX_CONFIG_ERRORS = 50,
    MAX_BODY_BYTES = 64 * 1024,
    MAX_SUBMIT_BODY_BYTES = 1024 * 1024,
    MAX_CONNECTIONS = 100000, /* the most that limits.connections may say */
    MAX_ARGS = 4096,
    MAX_ARG_BYTES = 128 * 1024, /* Linux: MAX_ARG_STRLEN */
    MAX_NAME_BYTES = 200,       /* job names and comments in directives */

    /* rendering */
    MAX_SCRIPT_BYTES = 1024 * 1024,
    MAX_TEMPLATE_DEPTH = 16,
    MAX_TEMPLATE_ITERATIONS = 10000,
    MAX_FRAME_SCRIPT_BYTES = 64 * 1024, /* above: staged in a call of its own first */

    /* clusters */
    MAX_COMMAND_BYTES = 4 * 1024 * 1024, /* a program sent on stdin: a tick of 10,000 jobs */
    MAX_OUTPUT_BYTES = 64 * 1024 * 1024, /* what one command may answer */
    MAX_STDERR_BYTES = 64 * 1024,
    MAX_ARRAY_TASKS = 100000,
    MAX_CLUSTERS = 200,
    MAX_LOG_CHUNK_BYTES = 1024 * 1024,

    /* numbers of runs */
    MAX_REGEX_BYTES = 1000,
    MAX_METRIC_SOURCES = 32,
    MAX_SOURCE_BYTES = 1024,
    MAX_LOG_LINE_BYTES = 4096, /* what is looked at of one */
    MAX_METRIC_LINE_BYTES = 256 * 1024,
    MAX_CSV_HEADER_BYTES = 64 * 1024,
    MAX_SERIES = 2000,     /* of one job */
    MAX_METRIC_KEYS = 512, /* of one line */
    MAX_METRIC_NAME = 200,
    METRIC_DEPTH = 4, /* objects within objects */

    /* lists */
    MAX_PAGE_ROWS = 200,
    DEFAULT_PAGE_ROWS = 50,
    MAX_PAGE_BYTES = 8 * 1024 * 1024,
    MAX_LIST_WALK_ROWS = 50000, /* looked at by one list call */
    MAX_FILTER_BYTES = 1024,

    /* store */
    MAX_JOB_DOC_BYTES = 4 * 1024 * 1024,
    MAX_EVENT_BYTES = 256 * 1024,
    MAX_PRUNE_ROWS = 5000, /* removed in one call */
    MAX_COMMIT_HOOKS = 8,
};

#endif
