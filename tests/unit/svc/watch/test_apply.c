/* Covers: svc/watch/apply_job, svc/watch/waiting, svc/watch/waiting_limit, svc/cluster/fleet_clock. */
#include "apply_help.h"

#include "store/event_store.h"

static void state_of_the_queue_is_taken_with_its_reason_in_words(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING);
    row.reason = span_of("Resources");
    see(f, &row, 1);
    assert_int_equal(job->state, JOB_STATE_PENDING);
    assert_string_equal(job->reason, "Resources");
    assert_non_null(job->why);
    assert_string_equal(job->source, "squeue");
}

static int keep_state(void *ctx, const struct event_row *row, struct err *err)
{
    (void)err;
    struct str *last = ctx;
    if (row->job_id && strcmp(row->kind, "state") == 0) {
        str_cut(last, 0);
        str_add(last, row->data);
    }
    return 0;
}

static void a_change_of_state_is_told_with_what_it_waits_for(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    see(f, &row, 1);
    row = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING); /* requeued */
    row.reason = span_of("Priority");
    see(f, &row, 1);
    auto_str struct str last = STR_MAX(4096);
    struct event_query all = { .job_id = job->id, .limit = 100 };
    assert_int_equal(event_store_list(f->gw.store, &all, keep_state, &last, NULL), 0);
    assert_non_null(strstr(str_text(&last),
                           "\"state\":\"pending\",\"from\":\"running\",\"reason\":\"Priority\",\"why\":\""));
}

#define S(text)                  \
    {                            \
        (text), sizeof(text) - 1 \
    }

/* A tick that brings the nodes and what waits, and then the job's row. */
static void see_with_nodes(struct fixture *f, struct seen_job *row, int64_t in_use, int64_t waiting)
{
    struct span partition[] = { S("gpu") };
    struct seen_gpus gpus[] = { { S("a100"), 8, in_use } };
    struct seen_node node = { .name = S("n1"),
                              .state = S("mixed"),
                              .accepts_work = true,
                              .partitions = partition,
                              .partition_count = 1,
                              .gpus = gpus,
                              .gpu_count = 1 };
    struct seen_demand demand[] = { { S("gpu"), S("a100"), 4 * waiting, waiting } };
    struct tick_report report = { .queue_ok = true,
                                  .nodes_ok = true,
                                  .accounting_ok = true,
                                  .nodes = &node,
                                  .node_count = 1,
                                  .demand = demand,
                                  .demand_count = 1,
                                  .jobs = row,
                                  .job_count = 1,
                                  .clock_s = SEEN_ABSENT };
    fleet_nudge(fleet_find(f->gw.fleet, "alder"));
    fixture_turn(f, 1000);
    assert_true(fake.tick.is_open);
    fake.tick.is_open = false;
    fake.tick.tick(fake.tick.ctx, &report, NULL);
    fixture_turn(f, 1000);
}

static int count_waits(void *ctx, const struct event_row *row, struct err *err)
{
    (void)err;
    *(int *)ctx += row->data && strstr(row->data, "\"reason\":\"Priority\"") != NULL;
    return 0;
}

static void what_a_job_waits_for_has_numbers_and_is_kept_as_a_history(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int events = 0;
    job->gpus = 4;
    job->nodes = 2;
    mem_replace_str(&job->gpu_type, "a100");
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING);
    row.reason = span_of("Priority");
    row.partition = span_of("gpu");
    see_with_nodes(f, &row, 6, 3);
    assert_string_equal(
        job->why, "Jobs of higher priority stand before it. It asks for 8 GPUs; 2 of 8 a100 are free in "
                  "gpu. 3 jobs wait in gpu, for 12 GPUs.");
    see_with_nodes(f, &row, 8, 1); /* told again after ten minutes, not at each look */
    assert_non_null(strstr(job->why, "2 of 8"));
    fixture_turn(f, 601 * 1000);
    see_with_nodes(f, &row, 8, 1);
    assert_non_null(strstr(job->why, "0 of 8 a100 are free in gpu. 1 job waits in gpu, for 4 GPUs."));
    struct event_query all = { .job_id = job->id, .limit = 100 };
    assert_int_equal(event_store_list(f->gw.store, &all, count_waits, &events, NULL), 0);
    assert_int_equal(events, 2);
}

static void a_limit_is_told_with_what_is_held(void **state)
{
    struct fixture *f = *state;
    struct job *other = submitted(f, NULL), *job = submitted(f, NULL);
    other->gpus = 8;
    mem_replace_str(&other->qos, "high");
    jobs_enter(f->gw.jobs, other, JOB_STATE_RUNNING, NULL);
    mem_replace_str(&job->sched_id, "8");
    job->gpus = 4;
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING);
    row.sched_id = span_of("8");
    row.reason = span_of("QOSMaxGRESPerUser");
    row.qos = span_of("high");
    see_with_nodes(f, &row, 8, 1);
    assert_string_equal(job->why,
                        "You use as many GPUs as the QOS allows a user. It asks for 4 GPUs; this gateway's "
                        "jobs that run hold 8.");
}

/* What the scheduler's limits tell: of the job's QOS, of its partition's, of the account as a whole. */
static void a_limit_is_told_with_its_own_value(void **state)
{
    static const char limits[] =
        "{\"partitions\":[{\"name\":\"gpu\",\"qos\":\"room\"}],"
        "\"qos\":[{\"name\":\"high\",\"max_tres_per_user\":\"gres/gpu=8,gres/"
        "gpu:a100=4\",\"max_jobs_per_user\":2},"
        "{\"name\":\"room\",\"group_tres\":\"gres/gpu=32\",\"max_tres_per_job\":\"gres/gpu=3\"}],"
        "\"budgets\":[{\"account\":\"ml\",\"user\":\"me\",\"gpus\":1},{\"account\":\"ml\",\"gpus\":16}]}";
    static const struct {
        const char *reason, *says;
    } cases[] = {
        { "QOSMaxGRESPerUser",
          "It asks for 4 GPUs; QOS high allows 8; this gateway's jobs that run hold 0." },
        { "QOSMaxGRESPerJob", "It asks for 4 GPUs; QOS room allows 3." },
        { "QOSGrpGRES", "It asks for 4 GPUs; QOS room allows 32; this gateway's jobs that run hold 0." },
        { "QOSMaxJobsPerUserLimit", "QOS high allows 2 jobs; 0 of this gateway's jobs run." },
        { "AssocGrpGRES", "It asks for 4 GPUs; account ml allows 16; this gateway's jobs that run hold 0." },
        { "AssocMaxJobsLimit", "You run as many jobs as your account allows. 0 of this gateway's jobs run." },
        { "QOSGrpCpuLimit", "A limit of its QOS on all its users together is reached." },
    };
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    fleet_keep_limits(fleet_find(f->gw.fleet, "alder"), span_of(limits));
    job->gpus = 4;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING);
        row.reason = span_of(cases[i].reason);
        row.partition = span_of("gpu");
        row.qos = span_of("high");
        row.account = span_of("ml");
        see(f, &row, 1);
        if (!strstr(job->why, cases[i].says))
            assert_string_equal(job->why, cases[i].says);
    }
    mem_replace_str(&job->gpu_type, "a100");
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING);
    row.reason = span_of("QOSMaxGRESPerUser");
    see(f, &row, 1);
    assert_non_null(strstr(job->why, "QOS high allows 4;")); /* of its type */
}

static void end_needs_accounting_and_absence_from_the_queue(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job live = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    struct seen_job both[] = { live, row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED) };
    see(f, both, 2); /* the queue wins on liveness */
    assert_int_equal(job->state, JOB_STATE_RUNNING);
    both[1].exit_code = 3;
    both[1].signal = 0;
    both[1].state = JOB_STATE_FAILED;
    see(f, &both[1], 1);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_FAILED);
    assert_int_equal(end->exit_code, 3);
    assert_string_equal(end->why, "exit code 3");
    assert_null(jobs_find(f->gw.jobs, id));
}

static void gone_from_the_queue_and_not_in_accounting_is_settling(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job live = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    see(f, &live, 1);
    see(f, NULL, 0);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    fixture_turn(f, 20 * 60 * 1000);
    see(f, NULL, 0);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    assert_non_null(strstr(job->why, "unknown since"));
    see(f, &live, 1); /* and it may come back */
    assert_int_equal(job->state, JOB_STATE_RUNNING);
}

static void incomplete_listing_says_nothing_about_absence(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct tick_report report = { .queue_ok = false, .clock_s = SEEN_ABSENT };
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    report = (struct tick_report){
        .queue_ok = true, .rejected = 1, .accounting_ok = true, .clock_s = SEEN_ABSENT
    };
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, 0);
    assert_int_equal(job->state, JOB_STATE_PENDING);
}

static void never_seen_job_is_lost_after_two_good_looks(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    see(f, NULL, 0);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    see(f, NULL, 0);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_LOST);
}

static void row_of_a_reused_id_is_not_the_job(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job other = row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED);
    other.token = (struct span){ 0 };
    see(f, &other, 1);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    struct seen_job doubled = row_of(job, SEEN_ACCOUNTING, JOB_STATE_FAILED);
    doubled.sched_id = span_of("8");
    struct seen_job mine = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    see(f, (struct seen_job[]){ doubled, mine }, 2);
    assert_int_equal(job->state, JOB_STATE_RUNNING);
}

static void requeue_begins_a_new_attempt_of_the_same_job(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    row.started_s = 1700000010;
    row.node_list = span_of("gpu01");
    see(f, &row, 1);
    row = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING);
    row.reason = span_of("BeginTime");
    see(f, &row, 1);
    assert_int_equal(job->attempt, 2);
    assert_int_equal(job->restarts, 1);
    assert_non_null(strstr(job->attempts, "gpu01"));
    assert_int_equal(job->started_at_us, 0);
}

/* As `scontrol requeue` looks on Slurm 22.05: COMPLETING for a while, its start the second of each look. */
static void a_requeue_seen_while_it_completes_is_one(void **state)
{
    static const enum job_state states[] = { JOB_STATE_RUNNING, JOB_STATE_COMPLETING, JOB_STATE_COMPLETING,
                                             JOB_STATE_PENDING, JOB_STATE_RUNNING };
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    for (int i = 0; i < 5; i++) {
        struct seen_job row = row_of(job, SEEN_QUEUE, states[i]);
        row.started_s = 1700000000 + 10 * i;
        see(f, &row, 1);
        assert_int_equal(job->attempt, i < 3 ? 1 : 2);
        assert_int_equal(job->started_at_us, i < 3    ? 1700000000 * US_PER_S
                                             : i == 3 ? 0
                                                      : row.started_s * US_PER_S);
    }
}

static void restart_between_two_ticks_is_seen_by_its_start(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    row.started_s = 1700000010;
    see(f, &row, 1);
    row.started_s = 1700000100;
    see(f, &row, 1);
    assert_int_equal(job->attempt, 2);
}

/* The first look knows the start by the clock it began with, and starting many takes a while; a supervisor
 * may also give up before its payload ran. */
static void a_process_has_one_attempt_whatever_its_start_does(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    struct tick_report report = { .queue_ok = true,
                                  .accounting_ok = true,
                                  .files_decide = true,
                                  .jobs = &row,
                                  .job_count = 1,
                                  .clock_s = SEEN_ABSENT };
    static const struct {
        enum job_state state;
        int64_t started_s;
    } looks[] = { { JOB_STATE_RUNNING, 1700000010 },
                  { JOB_STATE_PENDING, SEEN_ABSENT },
                  { JOB_STATE_RUNNING, 1700000020 },
                  { JOB_STATE_RUNNING, 1700000030 } };
    for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
        row.state = looks[i].state;
        row.started_s = looks[i].started_s;
        apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
        fixture_turn(f, 0);
        assert_int_equal(job->state, row.state);
        assert_int_equal(job->started_at_us, row.started_s == SEEN_ABSENT ? 0 : row.started_s * US_PER_S);
    }
    row = row_of(job, SEEN_EXIT_FILE, JOB_STATE_COMPLETED);
    row.exit_code = 0;
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, 0);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_COMPLETED);
    assert_int_equal(end->attempt, 1);
}

static void node_failure_waits_a_poll_for_a_requeue(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job row = row_of(job, SEEN_ACCOUNTING, JOB_STATE_NODE_FAIL);
    see(f, &row, 1);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    see(f, &row, 1);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_NODE_FAIL);
}

/* Accounting that lags tells the first attempt's end while the second is over already. */
static void end_of_an_earlier_attempt_is_not_the_end_of_a_later_one(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    see(f, &row, 1);
    row.state = JOB_STATE_PENDING;
    see(f, &row, 1);
    assert_int_equal(job->attempt, 2);
    struct seen_job old[] = { row_of(job, SEEN_ACCOUNTING, JOB_STATE_PREEMPTED),
                              row_of(job, SEEN_EXIT_FILE, JOB_STATE_FAILED) };
    for (int polls = 0; polls < 3; polls++) {
        see(f, old, 2);
        assert_int_equal(job->state, JOB_STATE_SETTLING);
    }
    struct seen_job both[] = { old[0], row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED) };
    both[1].restarts = 1;
    see(f, both, 2);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_COMPLETED);
    assert_int_equal(end->attempt, 2);
}

/* A day later no other word will come. */
static void end_of_an_earlier_attempt_is_taken_where_the_job_would_be_lost(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    job->attempt = 2;
    struct seen_job old = row_of(job, SEEN_ACCOUNTING, JOB_STATE_PREEMPTED);
    see(f, &old, 1);
    see(f, &old, 1);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    fixture_turn(f, INT64_C(25) * 60 * 60 * 1000);
    see(f, &old, 1);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_PREEMPTED);
}

static void unknown_state_word_keeps_the_last_state(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    see(f, &row, 1);
    row.state = JOB_STATE_UNKNOWN;
    row.raw_state = span_of("HIBERNATING");
    see(f, &row, 1);
    assert_int_equal(job->state, JOB_STATE_RUNNING);
    assert_string_equal(job->raw_state, "HIBERNATING");
}

static void without_accounting_the_exit_file_tells_the_end(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job row = row_of(job, SEEN_EXIT_FILE, JOB_STATE_FAILED);
    row.exit_code = 9;
    struct tick_report report = {
        .queue_ok = true, .accounting_asked = true, .jobs = &row, .job_count = 1, .clock_s = SEEN_ABSENT
    };
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, 0);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_FAILED);
    assert_int_equal(end->exit_code, 9);
    assert_non_null(strstr(end->why, "accounting does not answer"));
}

static void a_code_above_128_is_told_whole(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job rows[] = { row_of(job, SEEN_ACCOUNTING, JOB_STATE_FAILED),
                               row_of(job, SEEN_EXIT_FILE, JOB_STATE_FAILED) };
    rows[0].exit_code = 11; /* sacct takes 128 away */
    rows[1].exit_code = 139;
    see(f, rows, 2);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->exit_code, 139);
}

static void times_of_the_cluster_become_ours_by_its_offset(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct cluster *cluster = fleet_find(f->gw.fleet, "alder");
    cluster->has_skew = true;
    cluster->clock_skew_s = 86400;
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    row.started_s = 1700086400;
    see(f, &row, 1);
    assert_int_equal(job->started_at_us, INT64_C(1700000000) * US_PER_S);
}

/* As a tick does it: the cluster's clock stands still against the real time, ours was set. */
static void set_our_clock(struct fixture *f, int64_t by_s)
{
    f->clock.wall += by_s * US_PER_S;
    struct cluster *cluster = fleet_find(f->gw.fleet, "alder");
    fleet_note_clock(&f->gw, cluster, cluster->clock_skew_s - by_s + f->clock.wall / US_PER_S);
}

static void a_clock_that_is_set_starts_no_job_anew(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    row.started_s = f->clock.wall / US_PER_S;
    set_our_clock(f, 0);
    see(f, &row, 1);
    static const int64_t by_s[] = { 86400, -2 * 86400, 3600, 1 };
    for (size_t i = 0; i < ARRAY_LEN(by_s); i++) {
        set_our_clock(f, by_s[i]);
        see(f, &row, 1);
        assert_int_equal(job->attempt, 1);
        struct cluster *cluster = fleet_find(f->gw.fleet, "alder");
        *cluster = (struct cluster){ .config = cluster->config,
                                     .executor = cluster->executor, /* a restart */
                                     .name = cluster->name,
                                     .name_owned = cluster->name_owned,
                                     .fingerprint = cluster->fingerprint,
                                     .poll = cluster->poll };
        fleet_recall_clock(&f->gw, cluster);
    }
    row.started_s += 60; /* and a true one is still seen */
    set_our_clock(f, 86400);
    see(f, &row, 1);
    assert_int_equal(job->attempt, 2);
}

static void a_clock_that_is_set_loses_no_settling_job(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job live = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    see(f, &live, 1);
    see(f, NULL, 0);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    set_our_clock(f, 3 * 86400);
    see(f, NULL, 0);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    set_our_clock(f, -6 * 86400);
    for (int hour = 0; hour < 23; hour++) {
        fixture_turn(f, 3600 * 1000);
        see(f, NULL, 0);
        assert_int_equal(job->state, JOB_STATE_SETTLING);
    }
    int64_t id = job->id;
    fixture_turn(f, 3600 * 1000);
    see(f, NULL, 0); /* a day without a trace of it */
    see(f, NULL, 0);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_LOST);
}

static void a_look_that_began_before_a_job_was_there_cannot_miss_it(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    job->is_unasked = true;
    see(f, NULL, 0);
    assert_int_equal(job->state, JOB_STATE_PENDING);
    job->is_unasked = false;
    see(f, NULL, 0);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
}

static void a_stale_job_that_is_seen_again_is_stored_as_such(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    job->stale = true;
    jobs_change(f->gw.jobs, job, "stale", NULL);
    fixture_turn(f, 0);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING);
    see(f, &row, 1);
    auto_job struct job *now = stored(f, job->id);
    assert_false(now->stale);
}

static void failure_without_a_cause_waits_for_it(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job row = row_of(job, SEEN_ACCOUNTING, JOB_STATE_FAILED);
    row.exit_code = row.signal = 0;
    see(f, &row, 1);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    row.exit_code = 7;
    see(f, &row, 1);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_FAILED);
    assert_int_equal(end->exit_code, 7);
}

static void unreachable_cluster_makes_jobs_stale_never_failed(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct cluster *cluster = fleet_find(f->gw.fleet, "alder");
    struct err err = { .code = ERR_OFFLINE };
    fleet_note(f->gw.fleet, cluster, &err, 0);
    fixture_turn(f, 0);
    assert_true(job->stale);
    assert_int_equal(job->state, JOB_STATE_PENDING);
    fleet_note(f->gw.fleet, cluster, NULL, 1000);
    fixture_turn(f, 0);
    assert_false(job->stale);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(state_of_the_queue_is_taken_with_its_reason_in_words),
        TEST(a_change_of_state_is_told_with_what_it_waits_for),
        TEST(what_a_job_waits_for_has_numbers_and_is_kept_as_a_history),
        TEST(a_limit_is_told_with_what_is_held),
        TEST(a_limit_is_told_with_its_own_value),
        TEST(end_needs_accounting_and_absence_from_the_queue),
        TEST(gone_from_the_queue_and_not_in_accounting_is_settling),
        TEST(incomplete_listing_says_nothing_about_absence),
        TEST(never_seen_job_is_lost_after_two_good_looks),
        TEST(row_of_a_reused_id_is_not_the_job),
        TEST(requeue_begins_a_new_attempt_of_the_same_job),
        TEST(a_requeue_seen_while_it_completes_is_one),
        TEST(restart_between_two_ticks_is_seen_by_its_start),
        TEST(a_process_has_one_attempt_whatever_its_start_does),
        TEST(end_of_an_earlier_attempt_is_not_the_end_of_a_later_one),
        TEST(end_of_an_earlier_attempt_is_taken_where_the_job_would_be_lost),
        TEST(node_failure_waits_a_poll_for_a_requeue),
        TEST(unknown_state_word_keeps_the_last_state),
        TEST(without_accounting_the_exit_file_tells_the_end),
        TEST(a_code_above_128_is_told_whole),
        TEST(times_of_the_cluster_become_ours_by_its_offset),
        TEST(a_clock_that_is_set_starts_no_job_anew),
        TEST(a_clock_that_is_set_loses_no_settling_job),
        TEST(a_look_that_began_before_a_job_was_there_cannot_miss_it),
        TEST(a_stale_job_that_is_seen_again_is_stored_as_such),
        TEST(failure_without_a_cause_waits_for_it),
        TEST(unreachable_cluster_makes_jobs_stale_never_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
