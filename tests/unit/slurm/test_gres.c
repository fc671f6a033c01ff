#include "slurm/gres.h"

#include "sample.h"

static void write_gpus(struct str *to, const struct slurm_gpus *gpus)
{
    if (!gpus->count)
        str_add(to, "-");
    for (size_t i = 0; i < gpus->count; i++) {
        str_add(to, i ? " " : "");
        str_add_span(to, gpus->items[i].type.len ? gpus->items[i].type : SPAN_LIT("untyped"));
        str_addf(to, "=%u", gpus->items[i].count);
    }
}

static void check_line(struct span field, struct span text, struct span meaning)
{
    auto_str struct str got = STR_MAX(1000);
    struct slurm_gpus gpus = { .count = 0 };
    struct err err;
    if (span_is(field, "State")) {
        str_add(&got, slurm_node_accepts(text) ? "accepts=yes" : "accepts=no");
    } else {
        int rc = span_is(field, "TRES") ? slurm_tres_parse(text, &gpus, &err)
                                        : slurm_gres_parse(text, &gpus, &err);
        assert_int_equal(rc, 0);
        write_gpus(&got, &gpus);
    }
    if (!span_eq(str_span(&got), meaning))
        fail_msg("%.*s %.*s: got %s, expected %.*s", SPAN_FMT(field), SPAN_FMT(text), str_text(&got),
                 SPAN_FMT(meaning));
}

static void every_line_of_the_collection_reads_as_it_says(void **state)
{
    (void)state;
    auto_str struct str sample = sample_read("gres.tsv");
    struct span rest = str_span(&sample), line, field, text, meaning;
    int checked = 0;
    while (span_next_line(&rest, &line)) {
        if (!line.len || line.ptr[0] == '#')
            continue;
        assert_true(span_next(&line, '\t', &field) && span_next(&line, '\t', &text));
        meaning = line;
        check_line(field, text, meaning);
        checked++;
    }
    assert_true(checked >= 50);
}

static void newer_and_shorter_forms_are_read(void **state)
{
    (void)state;
    struct slurm_gpus gpus;
    assert_int_equal(slurm_gres_parse(span_of("gres/gpu=2"), &gpus, NULL), 0);
    assert_int_equal(slurm_gpus_total(&gpus), 2);
    assert_int_equal(slurm_gres_parse(span_of("gpu"), &gpus, NULL), 0);
    assert_int_equal(slurm_gpus_total(&gpus), 1);
    assert_int_equal(slurm_gres_parse(span_of("gpu:a100"), &gpus, NULL), 0);
    assert_int_equal(slurm_gpus_find(&gpus, span_of("a100"))->count, 1);
    assert_int_equal(slurm_gres_parse(span_of("gpu:a100:2(S:0,3),gpu:a100:1"), &gpus, NULL), 0);
    assert_int_equal(slurm_gpus_find(&gpus, span_of("a100"))->count, 3);
    assert_null(slurm_gpus_find(&gpus, span_of("h100")));
}

static void a_count_that_is_none_is_an_error(void **state)
{
    (void)state;
    struct slurm_gpus gpus;
    struct err err;
    assert_int_equal(slurm_gres_parse(span_of("gpu:a100:x"), &gpus, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_int_equal(slurm_tres_parse(span_of("gres/gpu=many"), &gpus, &err), -1);
    assert_int_equal(slurm_tres_parse(span_of("gres/gpu"), &gpus, &err), -1);
    assert_int_equal(slurm_gres_parse(span_of("gpu:a100:99999999999"), &gpus, &err), -1);
}

static void too_many_types_are_an_error(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(1000);
    struct slurm_gpus gpus;
    struct err err;
    for (int i = 0; i < MAX_GPU_TYPES + 1; i++)
        str_addf(&text, "gpu:t%d:1,", i);
    assert_int_equal(slurm_gres_parse(str_span(&text), &gpus, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
    str_cut(&text, 0);
    for (int i = 0; i < MAX_GPU_TYPES; i++)
        str_addf(&text, "gres/gpu:t%d=1,", i);
    assert_int_equal(slurm_tres_parse(str_span(&text), &gpus, NULL), 0);
    size_t full = text.len;
    str_add(&text, "gres/gpu:more=1");
    assert_int_equal(slurm_tres_parse(str_span(&text), &gpus, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
    str_cut(&text, full); /* those without a type would be one type more */
    str_addf(&text, "gres/gpu=%d", MAX_GPU_TYPES + 1);
    assert_int_equal(slurm_tres_parse(str_span(&text), &gpus, &err), -1);
}

static void a_new_flag_does_not_close_a_node_but_a_new_state_does(void **state)
{
    (void)state;
    assert_true(slurm_node_accepts(span_of("IDLE+SHINY_FLAG")));
    assert_false(slurm_node_accepts(span_of("HIBERNATING")));
    assert_false(slurm_node_accepts(span_of("")));
    assert_true(slurm_node_accepts(span_of("IDLE+REBOOT_REQUESTED")));
    assert_false(slurm_node_accepts(span_of("IDLE+CLOUD+POWERING_DOWN")));
}

static void read_any(struct span text)
{
    struct slurm_gpus gpus;
    (void)slurm_gres_parse(text, &gpus, NULL);
    (void)slurm_tres_parse(text, &gpus, NULL);
    (void)slurm_node_accepts(text);
}

static void any_bytes_are_safe(void **state)
{
    (void)state;
    sample_torture(SPAN_LIT("gres/gpu=3,gres/gpu:a100=2,gpu:(null):4(IDX:0-3),gpu:x:1(S:0-1)~"), 5000,
                   read_any);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_of_the_collection_reads_as_it_says),
        cmocka_unit_test(newer_and_shorter_forms_are_read),
        cmocka_unit_test(a_count_that_is_none_is_an_error),
        cmocka_unit_test(too_many_types_are_an_error),
        cmocka_unit_test(a_new_flag_does_not_close_a_node_but_a_new_state_does),
        cmocka_unit_test(any_bytes_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
