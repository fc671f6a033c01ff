#include "exec/slurm_call.h"

#include "base/limits.h"
#include "base/mem.h"
#include "exec/slurm_report.h"
#include "exec/tick_files.h"
#include "slurm/budgets.h"
#include "slurm/limits.h"
#include "text/json_out.h"

/* --- tick --- */

static void tick_fail(struct call *call, const struct err *err)
{
    call->done.tick(call->ctx, NULL, err);
}

static void tick_answer(struct call *call, const struct run_result *result)
{
    const struct slurm_state *state = call->state;
    struct slurm_notes *notes = call->notes;
    auto_tick_report struct slurm_tick_report seen = { 0 };
    auto_slurm_report struct slurm_report report = { 0 };
    auto_tick_files struct tick_files files = { 0 };
    struct err err;
    if (result->end != RUN_DONE) {
        tick_fail(call, &result->err);
        return;
    }
    if (result->frame.count && frame_get(&result->frame, "no-workspace")) {
        err_set(&err, ERR_DENIED, "the workspace cannot be used");
        tick_fail(call, &err);
        return;
    }
    if (tick_read(&result->frame, &state->rows, &seen, &err) < 0) {
        tick_fail(call, &err);
        return;
    }
    bool has_more = seen.gone_left && seen.gone_next < state->job_count;
    notes->gone_from = has_more ? seen.gone_next : 0;
    slurm_report_fill(&report, &seen, &result->frame);
    tick_files_read(&result->frame, &files);
    slurm_report_files(&report, &files);
    call->done.tick(call->ctx, &report.tick, NULL);
}

static int tick_send(struct call *call, struct err *err)
{
    const struct slurm_state *state = call->state;
    const struct slurm_notes *notes = call->notes;
    struct slurm_tools tools = slurm_tools_of(call);
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES), runs = STR_MAX(MAX_STDERR_BYTES);
    str_addf(&runs, "%s/runs", notes->workspace);
    if (call_program(call, &sh, err) < 0)
        return -1;
    struct tick_request request = {
        .frame = &call->nonce,
        .rows = &state->rows,
        .user = tools.user,
        .bin_dir = tools.bin_dir,
        .cluster = tools.cluster,
        .jobs = state->jobs,
        .job_count = state->job_count,
        .runs_dir = str_text(&runs),
        .gone_from = notes->gone_from,
        .has_accounting = notes->has_accounting,
        .want_queue = state->job_count > 0 || state->want_nodes,
        .want_nodes = state->want_nodes,
        .want_demand = state->want_nodes,
    };
    if (tick_add_sections(&sh, &request, err) < 0)
        return -1;
    str_add_span(&sh, str_span(&state->files));
    struct call_send how = { .what = "tick", .urgent = state->urgent, .max_output_bytes = MAX_OUTPUT_BYTES };
    return call_send(call, &sh, &how, tick_answer, err);
}

static size_t tasks_of(const char *array)
{
    auto_slurm_tasks struct slurm_tasks tasks = { 0 };
    return array && slurm_tasks_expand(span_of(array), &tasks, NULL) == 0 ? tasks.count : 0;
}

int slurm_tick(struct call *call, const struct tick_spec *spec, struct err *err)
{
    struct slurm_state *state = slurm_state_new(call, NULL);
    state->send = tick_send;
    state->fail = tick_fail;
    state->want_nodes = spec->want_nodes;
    state->urgent = spec->urgent;
    if (tick_files_program(&state->files, spec->follow, err) < 0)
        return -1;
    state->jobs = mem_zalloc((spec->count + 1) * sizeof(*state->jobs));
    for (size_t i = 0; i < spec->count; i++) {
        if (!spec->jobs[i].sched_id)
            continue;
        struct slurm_tick_job *job = &state->jobs[state->job_count++];
        job->id = mem_dup_str(spec->jobs[i].sched_id);
        job->token = mem_dup_str(spec->jobs[i].token);
        job->tasks = tasks_of(spec->jobs[i].array);
        job->is_asked_of = spec->jobs[i].ask;
    }
    return slurm_begin(call, err);
}

/* --- limits --- */

static void limits_fail(struct call *call, const struct err *err)
{
    call->done.text(call->ctx, (struct span){ "", 0 }, err);
}

static void add_time(struct json_out *json, const char *key, int64_t seconds)
{
    if (seconds > 0) /* unlimited and unknown are absent */
        json_member_int(json, key, seconds);
}

static void add_text(struct json_out *json, const char *key, struct span text)
{
    if (text.len)
        json_member_span(json, key, text);
}

static void add_list(struct json_out *json, const char *key, struct span list)
{
    struct span word;
    if (!list.len)
        return;
    json_key(json, key);
    json_open_array(json);
    while (span_next(&list, ',', &word))
        json_str_span(json, word);
    json_close_array(json);
}

/* What only the configuration knows. */
static void add_said(struct json_out *json, const struct cluster_config *cluster, struct span name)
{
    auto_free char *partition = span_dup(name);
    const struct cluster_partition *said = cluster_partition(cluster, partition);
    if (said && said->preemptible)
        json_member_bool(json, "preemptible", true);
    if (said && said->note)
        json_member_str(json, "note", said->note);
}

static void add_partition(struct json_out *json, const struct slurm_partition *partition,
                          const struct cluster_config *cluster)
{
    json_open_object(json);
    json_member_span(json, "name", partition->name);
    json_member_bool(json, "default", partition->is_default);
    json_member_bool(json, "up", partition->is_up);
    add_time(json, "max_time_s", partition->max_time_s);
    add_time(json, "default_time_s", partition->default_time_s);
    add_time(json, "nodes", partition->total_nodes);
    add_time(json, "cpus", partition->total_cpus);
    add_time(json, "max_nodes", partition->max_nodes);
    add_said(json, cluster, partition->name);
    add_list(json, "allow_accounts", partition->allow_accounts);
    add_list(json, "deny_accounts", partition->deny_accounts);
    add_list(json, "allow_qos", partition->allow_qos);
    add_list(json, "deny_qos", partition->deny_qos);
    add_text(json, "qos", partition->qos);
    json_key(json, "gpus");
    json_open_object(json);
    for (size_t i = 0; i < partition->gpus.count; i++) {
        auto_free char *type = span_dup(partition->gpus.items[i].type);
        json_member_int(json, type, partition->gpus.items[i].count);
    }
    json_close_object(json);
    json_close_object(json);
}

static void add_assoc(struct json_out *json, const struct slurm_assoc *assoc)
{
    json_open_object(json);
    json_member_span(json, "account", assoc->account);
    json_member_span(json, "user", assoc->user);
    if (assoc->partition.len)
        json_member_span(json, "partition", assoc->partition);
    add_list(json, "qos", assoc->qos);
    add_text(json, "default_qos", assoc->default_qos);
    add_time(json, "max_wall_s", assoc->max_wall_s);
    add_text(json, "max_tres_per_job", assoc->max_tres_per_job);
    add_text(json, "group_tres", assoc->group_tres);
    json_close_object(json);
}

static void add_qos(struct json_out *json, const struct slurm_qos *qos)
{
    json_open_object(json);
    json_member_span(json, "name", qos->name);
    json_member_int(json, "priority", qos->priority);
    add_time(json, "max_wall_s", qos->max_wall_s);
    json_member_span(json, "max_tres_per_user", qos->max_tres_per_user);
    add_text(json, "max_tres_per_job", qos->max_tres_per_job);
    add_text(json, "group_tres", qos->group_tres);
    add_time(json, "max_jobs_per_user", qos->max_jobs_per_user);
    add_time(json, "max_submit_per_user", qos->max_submit_per_user);
    json_close_object(json);
}

static void add_budget(struct json_out *json, const struct slurm_budget *budget)
{
    json_open_object(json);
    add_text(json, "account", budget->account);
    add_text(json, "user", budget->user);
    add_text(json, "partition", budget->partition);
    add_text(json, "qos", budget->qos);
    if (budget->gpus != SLURM_UNLIMITED) {
        json_member_int(json, "gpus", budget->gpus);
        json_member_int(json, "gpus_in_use", budget->gpus_in_use);
    }
    if (budget->gpu_minutes != SLURM_UNLIMITED) {
        json_member_f64(json, "gpu_hours", (double)budget->gpu_minutes / 60);
        json_member_f64(json, "gpu_hours_used", (double)budget->gpu_minutes_used / 60);
    }
    json_close_object(json);
}

static void add_budgets(struct json_out *json, struct span text)
{
    auto_slurm_budgets struct slurm_budgets budgets = { 0 };
    (void)slurm_parse_budgets(text, &budgets, NULL); /* what is past the ceiling is not told */
    json_key(json, "budgets");
    json_open_array(json);
    for (size_t i = 0; i < budgets.count; i++)
        add_budget(json, &budgets.rows[i]);
    json_close_array(json);
}

static void limits_json(const struct slurm_limits *limits, const struct cluster_config *cluster,
                        struct span budgets, struct json_out *json)
{
    json_open_object(json);
    json_member_span(json, "version", limits->config.version);
    json_member_span(json, "cluster", limits->config.cluster);
    add_time(json, "message_timeout_s", limits->config.message_timeout_s);
    add_time(json, "min_job_age_s", limits->config.min_job_age_s);
    add_time(json, "max_array_size", limits->config.max_array_size);
    json_member_bool(json, "accounting", limits->config.has_accounting);
    json_key(json, "partitions");
    json_open_array(json);
    for (size_t i = 0; i < limits->partition_count; i++)
        add_partition(json, &limits->partitions[i], cluster);
    json_close_array(json);
    json_key(json, "associations");
    json_open_array(json);
    for (size_t i = 0; i < limits->assoc_count; i++)
        add_assoc(json, &limits->assocs[i]);
    json_close_array(json);
    json_key(json, "qos");
    json_open_array(json);
    for (size_t i = 0; i < limits->qos_count; i++)
        add_qos(json, &limits->qos[i]);
    json_close_array(json);
    add_budgets(json, budgets);
    json_close_object(json);
}

static struct span section_of(const struct run_result *result, const char *name)
{
    struct span data;
    return call_section(result, name, &data, NULL) == 0 ? data : (struct span){ "", 0 };
}

static int limits_from(const struct run_result *result, struct slurm_limits *limits, struct err *err)
{
    struct span config;
    if (call_section(result, "config", &config, err) < 0)
        return -1;
    const struct frame_section *partitions = frame_get(&result->frame, "partitions");
    if (!partitions || partitions->rc != 0)
        return err_set(err, ERR_OFFLINE, "scontrol does not answer");
    slurm_parse_config(config, limits);
    if (slurm_parse_partitions(partitions->data, limits, err) < 0 ||
        slurm_parse_assocs(section_of(result, "assocs"), limits, err) < 0)
        return -1;
    return slurm_parse_qos(section_of(result, "qos"), limits, err);
}

static void limits_answer(struct call *call, const struct run_result *result)
{
    struct err err;
    auto_slurm_limits struct slurm_limits limits = { 0 };
    auto_str struct str text = STR_MAX(MAX_COMMAND_BYTES);
    struct json_out json = { .to = &text };
    if (limits_from(result, &limits, &err) < 0) {
        limits_fail(call, &err);
        return;
    }
    limits_json(&limits, call_cluster(call), section_of(result, "budgets"), &json);
    call->done.text(call->ctx, str_span(&text), NULL);
}

int slurm_limits_ask(struct call *call, struct err *err)
{
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    struct slurm_tools tools = slurm_tools_of(call);
    call_prelude(call, &sh);
    struct limits_request request = { &call->nonce, tools.bin_dir, tools.cluster, tools.user };
    if (limits_program(&sh, &request, err) < 0)
        return -1;
    struct call_send how = { .what = "limits", .urgent = true, .is_framed = true };
    how.max_output_bytes = MAX_COMMAND_BYTES;
    return call_send(call, &sh, &how, limits_answer, err);
}
