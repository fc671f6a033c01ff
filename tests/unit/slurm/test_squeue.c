#include "slurm/squeue.h"

#include "sample.h"
#include "shell.h"

#define N SAMPLE_NONCE
#define COLUMNS                                      \
    N "\037%s\037%s\037%s\037"                       \
      "ada\037gpu\037ml\037normal\037gpu01\0371\037" \
      "8\037"                                        \
      "1795186400\037"                               \
      "1795186490\037"                               \
      "N/A\037"                                      \
      "1000\037"                                     \
      "1:00:00\037"
#define TEXTS                                                                                            \
    N "=gres:gpu:2" N "=(null)" N "=%s" N "=%s" N "=%s" N "=/home/ada" N "=/home/ada/runs/" SAMPLE_TOKEN \
      "/script.sh" N ".\n"

static void add_row(struct str *to, const char *id, const char *state, const char *name)
{
    str_addf(to, COLUMNS, id, "27", state);
    str_addf(to, TEXTS, "None", name, "(null)");
}

static void a_row_is_read_whole(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(10000);
    auto_squeue struct squeue rows = { 0 };
    struct nonce nonce = sample_nonce();
    add_row(&text, "27_3", "RUNNING", "train me");
    assert_int_equal(slurm_parse_squeue(str_span(&text), &nonce, &rows, NULL), 0);
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.rejected, 0);
    const struct squeue_row *row = &rows.rows[0];
    assert_int_equal(row->id.job, 27);
    assert_int_equal(row->id.task, 3);
    assert_int_equal(row->state, JOB_STATE_RUNNING);
    assert_span(row->name, "train me");
    assert_span(row->comment, "");
    assert_span(row->partition, "gpu");
    assert_span(row->gres, "gres:gpu:2");
    assert_span(row->token, SAMPLE_TOKEN);
    assert_int_equal(row->submit_s, 1795186400);
    assert_int_equal(row->end_s, 0);
    assert_int_equal(row->time_limit_s, 3600);
    assert_int_equal(row->cpu_count, 8);
    assert_int_equal(row->priority, 1000);
}

static void no_rows_are_an_understood_answer(void **state)
{
    (void)state;
    auto_squeue struct squeue rows = { 0 };
    struct nonce nonce = sample_nonce();
    assert_int_equal(slurm_parse_squeue(span_of(""), &nonce, &rows, NULL), 0);
    assert_int_equal(rows.count + rows.rejected, 0);
    assert_int_equal(slurm_parse_squeue(span_of("CLUSTER: bed\n\n"), &nonce, &rows, NULL), 0);
    assert_int_equal(rows.count + rows.rejected, 0);
}

static void a_name_cannot_forge_or_hide_a_row(void **state)
{
    (void)state;
    static const char *const names[] = {
        "x\n414|COMPLETED|..",
        "x\n\037"
        "414\037"
        "COMPLETED\037",
        "\x1b[2J\x07\037\037\037\037\037\037\037",
        "\n\n\n",
        "fedcba9876543210fedcba9876543210\037"
        "414\037"
        "COMPLETED",
        "c0ffee00112233445566778899aabbd",
        "\xff\xfe\x80",
    };
    struct nonce nonce = sample_nonce();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        auto_str struct str text = STR_MAX(10000);
        auto_squeue struct squeue rows = { 0 };
        add_row(&text, "27", "PENDING", "before");
        add_row(&text, "28", "PENDING", names[i]);
        add_row(&text, "414", "PENDING", "after");
        assert_int_equal(slurm_parse_squeue(str_span(&text), &nonce, &rows, NULL), 0);
        assert_int_equal(rows.count, 3);
        assert_int_equal(rows.rejected, 0);
        assert_span(rows.rows[1].name, names[i]);
        assert_int_equal(rows.rows[2].id.job, 414);
        assert_int_equal(rows.rows[2].state, JOB_STATE_PENDING);
    }
}

static void a_broken_row_is_counted_and_its_neighbours_live(void **state)
{
    (void)state;
    static const char *const broken[] = {
        N "\037"
          "28\037"
          "28\037RUNNING\n", /* too few columns, then the next row */
        N "\037\n",
        N "\037xx\037",
        "slurm_load_jobs error: Socket timed out on send/recv operation\n",
        N "=lost text" N ".\n",
    };
    struct nonce nonce = sample_nonce();
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        auto_str struct str text = STR_MAX(10000);
        auto_squeue struct squeue rows = { 0 };
        add_row(&text, "27", "PENDING", "before");
        str_add(&text, broken[i]);
        add_row(&text, "29", "PENDING", "after");
        assert_int_equal(slurm_parse_squeue(str_span(&text), &nonce, &rows, NULL), 0);
        assert_int_equal(rows.count, 2);
        assert_true(rows.rejected > 0);
        assert_true(rows.reject[0]);
        assert_int_equal(rows.rows[1].id.job, 29);
    }
}

static void a_row_cut_anywhere_is_rejected_not_missed(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(10000);
    struct nonce nonce = sample_nonce();
    add_row(&text, "27", "PENDING", "one");
    size_t whole = text.len - 1; /* the line feed does not matter */
    for (size_t len = 1; len < whole; len++) {
        auto_squeue struct squeue rows = { 0 };
        char *copy = mem_dup_bytes(text.buf, len);
        assert_int_equal(slurm_parse_squeue((struct span){ copy, len }, &nonce, &rows, NULL), 0);
        assert_int_equal(rows.count, 0);
        assert_true(rows.rejected > 0);
        mem_free_ptr(&copy);
    }
}

static void read_any(struct span text)
{
    auto_squeue struct squeue rows = { 0 };
    struct nonce nonce = sample_nonce();
    (void)slurm_parse_squeue(text, &nonce, &rows, NULL);
}

static void any_bytes_are_safe(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(10000);
    add_row(&text, "27_[1-3%2]", "PENDING", "one");
    add_row(&text, "28+1", "RUNNING", "two\nlines");
    sample_torture(str_span(&text), 2000, read_any);
}

/* Re-lays a row of `squeue -o "%i|%A|%F|%K|%j|%u|%a|%P|%q|%t|%T|%r|%R|..."` into our format. */
static void relay(struct str *to, struct span line)
{
    static const int columns[] = { 0, 1, 10, 5, 7, 6, 8, 13, 14, 15, 21, 22, 23, 25, 18 };
    static const int texts[] = { 17, 28, 11, 4, 29, 26, 27 };
    struct span part[30] = { { 0 } };
    for (size_t i = 0; i < ARRAY_LEN(part); i++) {
        size_t at = span_find_char(line, '|');
        part[i] = span_head(line, at);
        line = span_skip(line, at + 1);
    }
    str_add(to, N);
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        str_add_char(to, 0x1f);
        str_add_span(to, part[columns[i]]);
    }
    str_add_char(to, 0x1f);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        str_add(to, N "=");
        str_add_span(to, part[texts[i]]);
    }
    str_add(to, N ".\n");
}

static void what_a_real_squeue_showed_is_read(void **state)
{
    (void)state;
    static const char *const names[] = { "t1-running.squeue-o-pipe.out", "t3-end.squeue-o-pipe.out" };
    struct nonce nonce = sample_nonce();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        auto_str struct str sample = sample_read(names[i]);
        auto_str struct str text = STR_MAX(1000000);
        auto_squeue struct squeue rows = { 0 };
        struct span rest = str_span(&sample), line;
        size_t lines = 0;
        for (; span_next_line(&rest, &line); lines++)
            relay(&text, line);
        assert_int_equal(slurm_parse_squeue(str_span(&text), &nonce, &rows, NULL), 0);
        assert_int_equal(rows.count, lines);
        assert_int_equal(rows.rejected, 0);
        for (size_t r = 0; r < rows.count; r++) {
            assert_int_not_equal(rows.rows[r].state, JOB_STATE_UNKNOWN);
            assert_span(rows.rows[r].user, rows.rows[r].id.job == 53 ? "mlother" : "mluser");
        }
    }
}

static void every_state_that_a_real_squeue_showed_is_known(void **state)
{
    (void)state;
    auto_str struct str sample = sample_read("t3-end.squeue-states-all.out");
    struct span rest = str_span(&sample), line, id_text, word;
    while (span_next_line(&rest, &line)) {
        struct slurm_id id;
        assert_true(span_next(&line, '|', &id_text));
        assert_true(slurm_id_parse(id_text, &id));
        assert_true(span_next(&line, '|', &word));
        assert_int_not_equal(job_state_of(word), JOB_STATE_UNKNOWN);
    }
}

static void a_pending_range_covers_its_tasks(void **state)
{
    (void)state;
    struct squeue_row row = { .id = { .task = -1, .het = -1, .ranges = SPAN_LIT("2-5,9%2") } };
    assert_true(squeue_row_covers(&row, 4));
    assert_true(squeue_row_covers(&row, 9));
    assert_false(squeue_row_covers(&row, 6));
    row.id.ranges = SPAN_LIT("2-5,...");
    assert_true(squeue_row_covers(&row, 77)); /* cut: it may be in there */
    row.id.ranges = SPAN_LIT("who knows");
    assert_true(squeue_row_covers(&row, 77));
    row.id.ranges = (struct span){ 0 };
    row.id.task = 3;
    assert_true(squeue_row_covers(&row, 3));
    assert_false(squeue_row_covers(&row, 4));
}

static void the_command_asks_squeue_in_a_format_that_reads_back(void **state)
{
    (void)state;
    struct shell shell;
    shell_setup(&shell);
    shell_fake(&shell, "squeue",
               "[ \"$1 $2 $3 $4\" = '-h -t all --me' ] || exit 3\n"
               "[ \"$LC_ALL $SLURM_TIME_FORMAT $SLURM_BITSTR_LEN\" = 'C %s 0' ] || exit 4\n"
               "printf '%s\\n' \"$6\" | sed -e 's/%i/5_[1-2]/;s/%A/5/;s/%T/PENDING/;s/%V/1795186400/' "
               "-e 's|%Z|/w/runs/" SAMPLE_TOKEN "|;s/%j/a|b/;s/%r/Priority/'");
    struct nonce nonce = sample_nonce();
    struct squeue_request request = { .nonce = &nonce };
    auto_str struct str sh = STR_MAX(10000);
    assert_int_equal(squeue_command(&sh, &request, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        auto_str struct str out = STR_MAX(10000);
        auto_squeue struct squeue rows = { 0 };
        assert_int_equal(shell_run(&shell, shells[i], str_span(&sh), &out), 0);
        assert_int_equal(slurm_parse_squeue(str_span(&out), &nonce, &rows, NULL), 0);
        assert_int_equal(rows.count, 1);
        assert_int_equal(rows.rejected, 0);
        assert_span(rows.rows[0].token, SAMPLE_TOKEN);
        assert_span(rows.rows[0].name, "a|b");
        assert_span(rows.rows[0].reason, "Priority");
        assert_int_equal(rows.rows[0].submit_s, 1795186400);
    }
    shell_teardown(&shell);
}

static void a_name_that_could_inject_is_not_put_into_the_command(void **state)
{
    (void)state;
    struct nonce nonce = sample_nonce();
    struct err err;
    auto_str struct str sh = STR_MAX(10000);
    struct squeue_request request = { .nonce = &nonce, .user = "a;id" };
    assert_int_equal(squeue_command(&sh, &request, &err), -1);
    request = (struct squeue_request){ .nonce = &nonce, .cluster = "--help" };
    assert_int_equal(squeue_command(&sh, &request, &err), -1);
    request = (struct squeue_request){ .nonce = &nonce, .bin_dir = "x y" };
    assert_int_equal(squeue_command(&sh, &request, &err), -1);
    assert_int_equal(sh.len, 0);
    request = (struct squeue_request){ .nonce = &nonce, .user = "ada", .bin_dir = "/opt/s", .cluster = "c1" };
    assert_int_equal(squeue_command(&sh, &request, &err), 0);
    assert_true(span_has(str_span(&sh), "/opt/s/squeue -h -t all -u ada -M c1 -o "));
}

static void a_nonce_that_is_none_is_our_own_error(void **state)
{
    (void)state;
    auto_squeue struct squeue rows = { 0 };
    const struct nonce nonce = { "short" };
    struct err err;
    assert_int_equal(slurm_parse_squeue(span_of("x"), &nonce, &rows, &err), -1);
    assert_int_equal(err.code, ERR_INTERNAL);
}

static void the_first_broken_row_is_named_by_what_it_lacks(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(10000);
    auto_squeue struct squeue rows = { 0 };
    struct nonce nonce = sample_nonce();
    add_row(&text, "27", "", "train");
    assert_int_equal(slurm_parse_squeue(str_span(&text), &nonce, &rows, NULL), 0);
    assert_int_equal(rows.count, 0);
    assert_non_null(strstr(rows.reject, "no state"));
    squeue_clear(&rows);
    str_cut(&text, 0);
    str_addf(&text, COLUMNS, "27", "27", "RUNNING"); /* something else where the texts begin */
    str_add(&text, "0123456789abcdef0123456789abcdef=gres:gpu:2\n");
    assert_int_equal(slurm_parse_squeue(str_span(&text), &nonce, &rows, NULL), 0);
    assert_non_null(strstr(rows.reject, "row is cut"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_read_whole),
        cmocka_unit_test(no_rows_are_an_understood_answer),
        cmocka_unit_test(a_name_cannot_forge_or_hide_a_row),
        cmocka_unit_test(a_broken_row_is_counted_and_its_neighbours_live),
        cmocka_unit_test(a_row_cut_anywhere_is_rejected_not_missed),
        cmocka_unit_test(any_bytes_are_safe),
        cmocka_unit_test(what_a_real_squeue_showed_is_read),
        cmocka_unit_test(every_state_that_a_real_squeue_showed_is_known),
        cmocka_unit_test(a_pending_range_covers_its_tasks),
        cmocka_unit_test(the_command_asks_squeue_in_a_format_that_reads_back),
        cmocka_unit_test(a_name_that_could_inject_is_not_put_into_the_command),
        cmocka_unit_test(a_nonce_that_is_none_is_our_own_error),
        cmocka_unit_test(the_first_broken_row_is_named_by_what_it_lacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
