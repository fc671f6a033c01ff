/* Covers: svc/watch/apply_job, svc/watch/judge, svc/watch/waiting, svc/watch/waiting_limit,
 * svc/cluster/fleet_clock. */
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

static void the_limit_that_the_queue_tells_is_the_jobs(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t asked = job->time_s;
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    see(f, &row, 1);
    assert_int_equal(job->time_s, asked);
    row.time_limit_s = 7260; /* scontrol update TimeLimit=121 */
    see(f, &row, 1);
    assert_int_equal(job->time_s, 7260);
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
    fixture_until_tick(f);
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

static void a_look_that_was_cut_short_loses_no_job(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct tick_report report = { .queue_ok = true,
                                  .accounting_asked = true,
                                  .accounting_ok = true,
                                  .is_accounting_cut = true,
                                  .clock_s = SEEN_ABSENT };
    for (int i = 0; i < 4; i++) {
        apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
        fixture_turn(f, 300000);
        assert_int_equal(job->state, JOB_STATE_SETTLING);
    }
    const struct span asked[] = { span_of("jx01jd3f7v8w9x0y1z2a3b4c5d6e"), span_of(job->token) };
    report.asked = asked; /* now it is one of those that were asked about */
    report.asked_count = 2;
    int64_t id = job->id;
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, 0);
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

static void an_unknown_word_ends_the_wait_for_an_end(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    see(f, &row, 1);
    see(f, NULL, 0);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    row.state = JOB_STATE_UNKNOWN;
    row.raw_state = span_of("FROZEN");
    see(f, &row, 1);
    see(f, NULL, 0);
    assert_int_equal(job->state, JOB_STATE_SETTLING); /* not "since 1970", and so lost */
    assert_true(job->settling_since_us > 0);
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
    fleet_note_clock(&f->gw, cluster, cluster->clock_skew_s - by_s + f->clock.wall / US_PER_S, 0);
}

/* Read at the begin of the look; between two whole seconds. */
static void a_slow_look_says_little_of_the_clock(void **state)
{
    static const struct {
        int64_t before_s, ahead_ms, took_ms, wanted_s;
    } looks[] = { { 0, 0, 0, 0 },           { 0, -15000, 15000, 0 }, { 0, -15900, 15000, 0 },
                  { 0, -17000, 15000, -1 }, { 0, 3000, 15000, 3 },   { 5, -10000, 15000, 5 },
                  { 7, -10000, 15000, 6 },  { -86400, 0, 500, 0 },   { 0, -700, 100, 0 },
                  { 0, 900, 0, 1 } };
    struct fixture *f = *state;
    struct cluster *cluster = fleet_find(f->gw.fleet, "alder");
    for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
        f->clock.wall = INT64_C(1700000000) * US_PER_S - looks[i].ahead_ms * 1000;
        cluster->has_skew = looks[i].before_s != 0;
        cluster->clock_skew_s = looks[i].before_s;
        fleet_note_clock(&f->gw, cluster, 1700000000, looks[i].took_ms * 1000);
        assert_int_equal(cluster->clock_skew_s, looks[i].wanted_s);
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(state_of_the_queue_is_taken_with_its_reason_in_words),
        TEST(the_limit_that_the_queue_tells_is_the_jobs),
        TEST(a_change_of_state_is_told_with_what_it_waits_for),
        TEST(what_a_job_waits_for_has_numbers_and_is_kept_as_a_history),
        TEST(a_limit_is_told_with_what_is_held),
        TEST(a_limit_is_told_with_its_own_value),
        TEST(end_needs_accounting_and_absence_from_the_queue),
        TEST(gone_from_the_queue_and_not_in_accounting_is_settling),
        TEST(incomplete_listing_says_nothing_about_absence),
        TEST(never_seen_job_is_lost_after_two_good_looks),
        TEST(a_look_that_was_cut_short_loses_no_job),
        TEST(row_of_a_reused_id_is_not_the_job),
        TEST(an_unknown_word_ends_the_wait_for_an_end),
        TEST(unknown_state_word_keeps_the_last_state),
        TEST(without_accounting_the_exit_file_tells_the_end),
        TEST(a_code_above_128_is_told_whole),
        TEST(times_of_the_cluster_become_ours_by_its_offset),
        TEST(a_slow_look_says_little_of_the_clock),
        TEST(a_clock_that_is_set_starts_no_job_anew),
        TEST(a_clock_that_is_set_loses_no_settling_job),
        TEST(a_look_that_began_before_a_job_was_there_cannot_miss_it),
        TEST(failure_without_a_cause_waits_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
