#include "domain/schema.h"

#include "base/limits.h"
#include "base/mem.h"

/* POST /api/v1/jobs: these, and any section of the project's file. */
static const struct schema_row rows[] = {
    { "project", SCHEMA_STR, SCHEMA_NAME, "null", .max = 100, .help = "A registered project." },
    { "cluster", SCHEMA_STR, SCHEMA_NAME, "null", .max = 64,
      .help = "Where; null: the only enabled cluster." },
    { "profile", SCHEMA_STR, SCHEMA_NAME, "null", .help = "One of the project's profiles." },
    { "name", SCHEMA_STR, SCHEMA_TITLE, "null", .max = MAX_NAME_BYTES,
      .help = "The job's name; null: the project's." },
    { "description", SCHEMA_STR, SCHEMA_ANY, "null", .max = 16384, .help = "Free text." },
    { "tags", SCHEMA_STRS, SCHEMA_LINE, "[]", .max = 100, .help = "Words to find it by." },
    { "group", SCHEMA_STR, SCHEMA_LINE, "null", .max = 200, .help = "The experiment it belongs to." },
    { "args", SCHEMA_STRS, SCHEMA_ANY, "[]",
      .help = "Arguments behind the project's own and the parameters." },
    { "overrides", SCHEMA_DICT, SCHEMA_PARAM_NAME, "{}", .help = "Parameters, over default_overrides." },
    { "environment", SCHEMA_DICT, SCHEMA_ENV_NAME, "{}",
      .help = "Values for the names in env.pass and env.secrets; never stored." },
    { "priority", SCHEMA_INT, .fallback = "0", .min = -1000000, .max = 1000000,
      .help = "In a queue that the gateway keeps: more goes first." },
};

const struct schema schema_request = { "request", "POST /api/v1/jobs", rows, ARRAY_LEN(rows),
                                       &schema_project };
