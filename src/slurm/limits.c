#include "slurm/limits.h"

#include "base/mem.h"
#include "slurm/row.h"
#include "slurm/value.h"
#include "text/frame.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_TEXT, KIND_LIST, KIND_TIME, KIND_COUNT, KIND_SECONDS, KIND_YES, KIND_UP, KIND_GPUS };

struct field {
    const char *key;
    enum kind kind;
    size_t at;
};

#define AT(s, f) offsetof(struct s, f)

static const struct field partition_fields[] = {
    { "PartitionName", KIND_TEXT, AT(slurm_partition, name) },
    { "Nodes", KIND_TEXT, AT(slurm_partition, nodes) },
    { "AllowAccounts", KIND_LIST, AT(slurm_partition, allow_accounts) },
    { "DenyAccounts", KIND_LIST, AT(slurm_partition, deny_accounts) },
    { "AllowQos", KIND_LIST, AT(slurm_partition, allow_qos) },
    { "DenyQos", KIND_LIST, AT(slurm_partition, deny_qos) },
    { "AllowGroups", KIND_LIST, AT(slurm_partition, allow_groups) },
    { "QoS", KIND_TEXT, AT(slurm_partition, qos) },
    { "State", KIND_UP, AT(slurm_partition, is_up) },
    { "Default", KIND_YES, AT(slurm_partition, is_default) },
    { "Hidden", KIND_YES, AT(slurm_partition, is_hidden) },
    { "MaxTime", KIND_TIME, AT(slurm_partition, max_time_s) },
    { "DefaultTime", KIND_TIME, AT(slurm_partition, default_time_s) },
    { "MaxNodes", KIND_COUNT, AT(slurm_partition, max_nodes) },
    { "MinNodes", KIND_COUNT, AT(slurm_partition, min_nodes) },
    { "TotalNodes", KIND_COUNT, AT(slurm_partition, total_nodes) },
    { "TotalCPUs", KIND_COUNT, AT(slurm_partition, total_cpus) },
    { "TRES", KIND_GPUS, AT(slurm_partition, gpus) },
};

/* In the order of the format that limits_program asks for. */
static const struct field assoc_fields[] = {
    { "cluster", KIND_TEXT, AT(slurm_assoc, cluster) },
    { "account", KIND_TEXT, AT(slurm_assoc, account) },
    { "user", KIND_TEXT, AT(slurm_assoc, user) },
    { "partition", KIND_TEXT, AT(slurm_assoc, partition) },
    { "qos", KIND_TEXT, AT(slurm_assoc, qos) },
    { "defaultqos", KIND_TEXT, AT(slurm_assoc, default_qos) },
    { "maxwall", KIND_TIME, AT(slurm_assoc, max_wall_s) },
    { "maxtres", KIND_TEXT, AT(slurm_assoc, max_tres_per_job) },
    { "grptres", KIND_TEXT, AT(slurm_assoc, group_tres) },
};

static const struct field qos_fields[] = {
    { "name", KIND_TEXT, AT(slurm_qos, name) },
    { "priority", KIND_COUNT, AT(slurm_qos, priority) },
    { "flags", KIND_TEXT, AT(slurm_qos, flags) },
    { "preempt", KIND_TEXT, AT(slurm_qos, preempt) },
    { "maxwall", KIND_TIME, AT(slurm_qos, max_wall_s) },
    { "maxtrespu", KIND_TEXT, AT(slurm_qos, max_tres_per_user) },
    { "maxtres", KIND_TEXT, AT(slurm_qos, max_tres_per_job) },
    { "maxjobspu", KIND_COUNT, AT(slurm_qos, max_jobs_per_user) },
    { "maxsubmitpu", KIND_COUNT, AT(slurm_qos, max_submit_per_user) },
    { "grptres", KIND_TEXT, AT(slurm_qos, group_tres) },
};

static const struct field config_fields[] = {
    { "SLURM_VERSION", KIND_TEXT, AT(slurm_config, version) },
    { "ClusterName", KIND_TEXT, AT(slurm_config, cluster) },
    { "MessageTimeout", KIND_SECONDS, AT(slurm_config, message_timeout_s) },
    { "MinJobAge", KIND_SECONDS, AT(slurm_config, min_job_age_s) },
    { "KillWait", KIND_SECONDS, AT(slurm_config, kill_wait_s) },
    { "MaxArraySize", KIND_COUNT, AT(slurm_config, max_array_size) },
};

static bool set_text(void *to, enum kind kind, struct span value)
{
    value = kind == KIND_LIST && span_is(value, "ALL") ? (struct span){ 0 } : slurm_text(value);
    memcpy(to, &value, sizeof(value));
    return true;
}

/* "10 sec". */
static bool set_seconds(int64_t *to, struct span value)
{
    (void)slurm_count(span_head(value, span_find_char(value, ' ')), to);
    return true;
}

static bool set_field(void *row, const struct field *field, struct span value)
{
    void *to = (char *)row + field->at;
    switch (field->kind) {
    case KIND_TEXT:
    case KIND_LIST:
        return set_text(to, field->kind, value);
    case KIND_TIME:
        (void)slurm_duration_s(value, to);
        return true;
    case KIND_COUNT:
        (void)slurm_count(value, to);
        return true;
    case KIND_SECONDS:
        return set_seconds(to, value);
    case KIND_YES:
        *(bool *)to = span_is(value, "YES");
        return true;
    case KIND_UP:
        *(bool *)to = span_is(value, "UP");
        return true;
    case KIND_GPUS:
        break;
    }
    return slurm_tres_parse(value, to, NULL) == 0;
}

static const struct field *find_field(const struct field *fields, size_t count, struct span key)
{
    for (size_t i = 0; i < count; i++)
        if (span_is(key, fields[i].key))
            return &fields[i];
    return NULL;
}

static bool read_partition(struct span line, struct slurm_partition *partition)
{
    struct span word;
    bool is_good = span_starts(line, "PartitionName=");
    while (is_good && span_next(&line, ' ', &word)) {
        size_t equals = span_find_char(word, '=');
        const struct field *field =
            find_field(partition_fields, ARRAY_LEN(partition_fields), span_head(word, equals));
        if (field && equals < word.len)
            is_good = set_field(partition, field, span_skip(word, equals + 1));
    }
    return is_good && partition->name.len > 0;
}

static int too_many(struct err *err)
{
    return err_set(err, ERR_TOO_LARGE, "the cluster lists more than %d limits", MAX_LIMIT_ROWS);
}

int slurm_parse_partitions(struct span text, struct slurm_limits *limits, struct err *err)
{
    struct span line;
    while (span_next_line(&text, &line)) {
        struct slurm_partition partition = { .is_up = false };
        if (!span_trim(line).len)
            continue;
        if (!read_partition(line, &partition)) {
            row_reject(&limits->rejected, limits->reject, "no partition", line);
            continue;
        }
        if (limits->partition_count == MAX_LIMIT_ROWS)
            return too_many(err);
        *vec_push(limits->partitions, limits->partition_count, limits->partition_cap) = partition;
    }
    return 0;
}

/* "a|b|c" by position; false unless there are exactly count columns. */
static bool read_columns(struct span line, void *row, const struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = span_find_char(line, '|');
        if ((at == line.len) != (i + 1 == count))
            return false;
        (void)set_field(row, &fields[i], span_head(line, at)); /* an odd value leaves it as it is */
        line = span_skip(line, at + 1);
    }
    return true;
}

int slurm_parse_assocs(struct span text, struct slurm_limits *limits, struct err *err)
{
    struct span line;
    while (span_next_line(&text, &line)) {
        struct slurm_assoc assoc = { .max_wall_s = SLURM_UNLIMITED };
        if (!line.len)
            continue;
        if (!read_columns(line, &assoc, assoc_fields, ARRAY_LEN(assoc_fields)) || !assoc.account.len) {
            row_reject(&limits->rejected, limits->reject, "no association", line);
            continue;
        }
        if (limits->assoc_count == MAX_LIMIT_ROWS)
            return too_many(err);
        *vec_push(limits->assocs, limits->assoc_count, limits->assoc_cap) = assoc;
    }
    return 0;
}

int slurm_parse_qos(struct span text, struct slurm_limits *limits, struct err *err)
{
    struct span line;
    while (span_next_line(&text, &line)) {
        struct slurm_qos qos = { .max_wall_s = SLURM_UNLIMITED };
        qos.max_jobs_per_user = qos.max_submit_per_user = SLURM_UNLIMITED;
        if (!line.len)
            continue;
        if (!read_columns(line, &qos, qos_fields, ARRAY_LEN(qos_fields)) || !qos.name.len) {
            row_reject(&limits->rejected, limits->reject, "no QOS", line);
            continue;
        }
        if (limits->qos_count == MAX_LIMIT_ROWS)
            return too_many(err);
        *vec_push(limits->qos, limits->qos_count, limits->qos_cap) = qos;
    }
    return 0;
}

static void read_setting(struct slurm_config *config, struct span key, struct span value)
{
    const struct field *field = find_field(config_fields, ARRAY_LEN(config_fields), key);
    if (field)
        (void)set_field(config, field, value);
    else if (span_is(key, "AccountingStorageType"))
        config->has_accounting = value.len && !span_ends(value, "/none") && !slurm_is_null(value);
    else if (span_is(key, "AccountingStoreFlags"))
        config->stores_comments = span_has(value, "job_comment");
    else if (span_is(key, "EnforcePartLimits"))
        config->is_enforcing_limits = span_is(value, "ANY") || span_is(value, "ALL");
}

void slurm_parse_config(struct span text, struct slurm_limits *limits)
{
    struct span line;
    while (span_next_line(&text, &line)) {
        size_t equals = span_find_char(line, '=');
        if (equals < line.len)
            read_setting(&limits->config, span_trim(span_head(line, equals)),
                         span_trim(span_skip(line, equals + 1)));
    }
}

void slurm_limits_clear(struct slurm_limits *limits)
{
    free(limits->partitions);
    free(limits->assocs);
    free(limits->qos);
    *limits = (struct slurm_limits){ 0 };
}

const struct slurm_partition *slurm_partition_find(const struct slurm_limits *limits, struct span name)
{
    for (size_t i = 0; i < limits->partition_count; i++)
        if (span_eq(limits->partitions[i].name, name))
            return &limits->partitions[i];
    return NULL;
}

bool slurm_list_allows(struct span list, struct span word)
{
    struct span item;
    if (!list.len)
        return true;
    while (span_next(&list, ',', &item))
        if (span_eq(item, word))
            return true;
    return false;
}

/* One section: the tool with its arguments. */
static int add_section(struct str *sh, const struct limits_request *request, const char *section,
                       const char *tool, struct err *err)
{
    frame_section_open(sh, section);
    str_add(sh, "LC_ALL=C ");
    if (row_add_tool(sh, request->bin_dir, tool, err) < 0)
        return -1;
    if (request->cluster && strcmp(tool, "scontrol") == 0)
        str_addf(sh, " -M %s", request->cluster);
    return 0;
}

static void end_section(struct str *sh, const char *section)
{
    str_add_char(sh, '\n');
    frame_section_close(sh, section);
}

static void add_format(struct str *sh, const struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        str_addf(sh, "%s%s", i ? "," : " format=", fields[i].key);
}

/* What it says is kept for add_budgets, which asks for the accounts that it names. */
static void add_assocs(struct str *sh, const struct limits_request *request)
{
    str_add(sh, "_a=; _u=");
    str_add(sh, request->user ? request->user : "$(id -un)");
    str_add(sh, "\n");
    frame_section_open(sh, "assocs");
    str_add(sh, "_a=$(LC_ALL=C ");
    (void)row_add_tool(sh, request->bin_dir, "sacctmgr", NULL); /* as scontrol, which passed */
    str_add(sh, " -nP show assoc user=\"$_u\"");
    add_format(sh, assoc_fields, ARRAY_LEN(assoc_fields));
    str_add(sh, "); _c=$?; printf '%s\\n' \"$_a\"; (exit $_c)\n");
    frame_section_close(sh, "assocs");
}

/* Of the accounts as a whole, of this user, and of the QOS: an account may have a thousand users. */
static void add_budgets(struct str *sh, const struct limits_request *request)
{
    frame_section_open(sh, "budgets");
    str_add(sh, "[ -z \"$_a\" ] || LC_ALL=C ");
    (void)row_add_tool(sh, request->bin_dir, "scontrol", NULL);
    if (request->cluster)
        str_addf(sh, " -M %s", request->cluster);
    str_add(sh, " -o show assoc_mgr flags=assoc,qos"
                " accounts=\"$(printf '%s\\n' \"$_a\" | cut -d'|' -f2 | sort -u | tr '\\n' ,)\" 2>/dev/null |"
                " grep -e ' UserName= ' -e \" UserName=$_u(\" -e '^QOS='\n");
    frame_section_close(sh, "budgets");
}

static int add_sections(struct str *sh, const struct limits_request *request, struct err *err)
{
    if (add_section(sh, request, "config", "scontrol", err) < 0)
        return -1;
    str_add(sh, " show config");
    end_section(sh, "config");
    (void)add_section(sh, request, "partitions", "scontrol", err);
    str_add(sh, " -a show partition -o");
    end_section(sh, "partitions");
    add_assocs(sh, request);
    (void)add_section(sh, request, "qos", "sacctmgr", err);
    str_add(sh, " -nP show qos");
    add_format(sh, qos_fields, ARRAY_LEN(qos_fields));
    end_section(sh, "qos");
    add_budgets(sh, request);
    return 0;
}

int limits_program(struct str *sh, const struct limits_request *request, struct err *err)
{
    size_t start = sh->len;
    if ((request->user && !row_is_plain_name(span_of(request->user))) ||
        (request->cluster && !row_is_plain_name(span_of(request->cluster))))
        return err_set(err, ERR_INVALID, "limits: no such user or cluster name");
    frame_begin(sh, request->frame);
    if (add_sections(sh, request, err) < 0) {
        str_cut(sh, start);
        return -1;
    }
    frame_end(sh);
    return 0;
}

/* The frame has ended: its sections are whole. */
static struct span good_data(const struct frame *frame, const char *name)
{
    const struct frame_section *section = frame_get(frame, name);
    return section && section->rc == 0 ? section->data : (struct span){ 0 };
}

int limits_parse(struct span out, const struct nonce *frame, struct slurm_limits *limits, struct err *err)
{
    auto_slurm_limits struct slurm_limits found = { 0 };
    auto_frame struct frame sections = { 0 };
    if (frame_parse(out, frame, &sections, err) < 0)
        return err_wrap(err, "limits");
    if (!sections.ended)
        return err_set(err, ERR_CORRUPT, "limits: the answer was cut");
    if (!good_data(&sections, "config").len)
        return err_set(err, ERR_OFFLINE, "limits: scontrol does not answer");
    slurm_parse_config(good_data(&sections, "config"), &found);
    if (slurm_parse_partitions(good_data(&sections, "partitions"), &found, err) < 0 ||
        slurm_parse_assocs(good_data(&sections, "assocs"), &found, err) < 0 ||
        slurm_parse_qos(good_data(&sections, "qos"), &found, err) < 0)
        return err_wrap(err, "limits");
    *limits = found;
    found = (struct slurm_limits){ 0 };
    return 0;
}
