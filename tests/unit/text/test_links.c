#include "text/links.h"

#include "base/mem.h"
#include "base/str.h"
#include "text/plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void note(void *ctx, const struct link *link)
{
    str_addf(ctx, "%s %lld %.*s\n", link->kind, (long long)link->line, SPAN_FMT(link->url));
}

static void assert_links(const char *text, const char *expected)
{
    auto_str struct str out = STR_MAX(100000);
    struct link_scan scan = { 0 };
    links_feed(&scan, span_of(text), note, &out);
    links_end(&scan, note, &out);
    assert_string_equal(str_text(&out), expected);
}

static void the_trackers_own_words_are_understood(void **state)
{
    (void)state;
    static const char *const samples[][2] = {
        { "wandb: \xf0\x9f\x9a\x80 View run at https://wandb.ai/acme/mnist/runs/3f9k2",
          "wandb 1 https://wandb.ai/acme/mnist/runs/3f9k2\n" },
        { "wandb: View run at http://gpu-hub.corp:8080/acme/mnist/runs/x1",
          "wandb 1 http://gpu-hub.corp:8080/acme/mnist/runs/x1\n" },
        { "wandb: View project at https://wandb.ai/acme/mnist", "" },
        { "RUN HTTPS://WANDB.AI/acme/mnist/runs/9", "wandb 1 HTTPS://WANDB.AI/acme/mnist/runs/9\n" },
        { "View run bold at: http://127.0.0.1:5000/#/experiments/12/runs/9ab",
          "mlflow 1 http://127.0.0.1:5000/#/experiments/12/runs/9ab\n" },
        { "COMET INFO: Experiment is live on comet.com https://www.comet.com/acme/general/4c",
          "comet 1 https://www.comet.com/acme/general/4c\n" },
        { "ClearML results page: https://app.clear.ml/projects/1/experiments/2/output/log",
          "clearml 1 https://app.clear.ml/projects/1/experiments/2/output/log\n" },
        { "[neptune] [info   ] Neptune initialized. Open in the app: https://app.neptune.ai/acme/p/e/P-1",
          "neptune 1 https://app.neptune.ai/acme/p/e/P-1\n" },
        { "ClearML results page: https://app.clear.ml/projects/1/tasks/2/output/log",
          "clearml 1 https://app.clear.ml/projects/1/tasks/2/output/log\n" },
        { "[neptune] Open in the app: https://neptune.corp.example/acme/p/e/P-1",
          "neptune 1 https://neptune.corp.example/acme/p/e/P-1\n" },
        { "wandb: see https://docs.wandb.ai/guides/runs/resume", "" },
        { "we claim it at https://x.example/runs/5", "" },
        { "Open Aim UI: http://127.0.0.1:43800/runs/8a1", "aim 1 http://127.0.0.1:43800/runs/8a1\n" },
        { "TensorBoard 2.15.1 at http://localhost:6006/ (Press CTRL+C to quit)",
          "tensorboard 1 http://localhost:6006/\n" },
        { "Serving TensorBoard at http://localhost:6006", "tensorboard 1 http://localhost:6006\n" },
        { "Downloading https://download.pytorch.org/models/resnet50.pth", "" },
        { "ftp://wandb.ai/a/b/runs/c", "" },
        { "gopher://wandb.ai/a/b/runs/c", "" },
    };
    for (size_t i = 0; i < ARRAY_LEN(samples); i++)
        assert_links(samples[i][0], samples[i][1]);
}

static void what_stands_around_an_address_is_no_part_of_it(void **state)
{
    (void)state;
    assert_links("see (https://wandb.ai/a/b/runs/c).", "wandb 1 https://wandb.ai/a/b/runs/c\n");
    assert_links("'https://wandb.ai/a/b/runs/c', then", "wandb 1 https://wandb.ai/a/b/runs/c\n");
    assert_links("url=https://wandb.ai/a/b/runs/c?x=1&y=2;", "wandb 1 https://wandb.ai/a/b/runs/c?x=1&y=2\n");
}

static void colours_and_hyperlinks_do_not_hide_it(void **state)
{
    (void)state;
    assert_links("\x1b[34m\x1b[4mhttps://wandb.ai/a/b/runs/c\x1b[0m\n",
                 "wandb 1 https://wandb.ai/a/b/runs/c\n");
    assert_links("https://wan\x1b[1mdb.ai/a/b/ru\x1b[0mns/c\n", "wandb 1 https://wandb.ai/a/b/runs/c\n");
    assert_links("\x1b]8;;https://wandb.ai/a/b/runs/c\x1b\\run\x1b]8;;\x1b\\\n",
                 "wandb 1 https://wandb.ai/a/b/runs/c\n");
}

static void several_runs_and_line_numbers(void **state)
{
    (void)state;
    assert_links("10%\r20% https://wandb.ai/a/b/runs/1\n", "wandb 1 https://wandb.ai/a/b/runs/1\n");
    assert_links(
        "one\ntwo\nhttps://wandb.ai/a/b/runs/1 https://wandb.ai/a/b/runs/2\nx\n\nhttps://wandb.ai/a/b/runs/3",
        "wandb 3 https://wandb.ai/a/b/runs/1\nwandb 3 https://wandb.ai/a/b/runs/2\n"
        "wandb 6 https://wandb.ai/a/b/runs/3\n");
}

static void a_cut_anywhere_gives_the_same(void **state)
{
    (void)state;
    static const char text[] = "a\nwandb: at \x1b[34mhttps://wandb.ai/acme/p/runs/xyz\x1b[0m "
                               "ok\r\nhttp://h/#/experiments/1/runs/2\nend";
    auto_str struct str whole = STR_MAX(10000);
    struct link_scan scan = { 0 };
    links_feed(&scan, SPAN_LIT(text), note, &whole);
    links_end(&scan, note, &whole);
    assert_true(whole.len > 0);
    for (size_t a = 0; a < sizeof(text); a++) {
        for (size_t b = a; b < sizeof(text); b++) {
            auto_str struct str out = STR_MAX(10000);
            struct span all = SPAN_LIT(text);
            scan = (struct link_scan){ 0 };
            links_feed(&scan, span_head(all, a), note, &out);
            links_feed(&scan, span_head(span_skip(all, a), b - a), note, &out);
            links_feed(&scan, span_skip(all, b), note, &out);
            links_end(&scan, note, &out);
            assert_string_equal(str_text(&out), str_text(&whole));
        }
    }
}

static void endless_lines_and_rubbish_do_no_harm(void **state)
{
    (void)state;
    struct link_scan scan = { 0 };
    auto_str struct str out = STR_MAX(1 << 20);
    char piece[5000];
    for (int i = 0; i < 2000; i++) {
        for (size_t k = 0; k < sizeof(piece); k++)
            piece[k] = "://ht\x1b[]\\;8mps\xff."[(size_t)(rand() % 16)];                       /* NOLINT */
        links_feed(&scan, (struct span){ piece, (size_t)rand() % sizeof(piece) }, note, &out); /* NOLINT */
    }
    links_end(&scan, note, &out);
}

/* Took 11 s a line when each "://" looked to the line's end and each bracket at all of it. */
static void many_addresses_in_a_line_of_brackets_take_no_time(void **state)
{
    (void)state;
    struct link_scan scan = { 0 };
    auto_str struct str out = STR_MAX(1 << 20), line = STR_MAX(8192);
    for (int i = 0; i < 293; i++)
        str_add(&line, "http://");
    while (line.len < 4090)
        str_add_char(&line, ')');
    str_add_char(&line, '\n');
    for (int i = 0; i < 200; i++)
        links_feed(&scan, str_span(&line), note, &out);
    links_feed(&scan, SPAN_LIT("https://wandb.ai/me/p/runs/a1b2c3d4\n"), note, &out);
    links_end(&scan, note, &out);
    assert_non_null(strstr(str_text(&out), "https://wandb.ai/me/p/runs/a1b2c3d4"));
}

static void a_projects_own_addresses_are_links_by_its_names(void **state)
{
    (void)state;
    static const char *const samples[][2] = {
        { "see https://grafana.example.org/d/abc?var-job=7&from=now.",
          "grafana 1 https://grafana.example.org/d/abc?var-job=7&from=now\n" },
        { "see https://grafana.example.org/login", "" },
        { "https://wandb.ai/a/b/runs/1", "mine 1 https://wandb.ai/a/b/runs/1\n" }, /* theirs go first */
        { "https://x.example/a/b-c/report.html", "report 1 https://x.example/a/b-c/report.html\n" },
        { "https://x.example/a/b-c/report.html.bak", "" },
        { "http://x.example/report.html/report.htm", "" },
    };
    __attribute__((cleanup(link_patterns_clear))) struct link_patterns patterns = { 0 };
    link_patterns_add(&patterns, "grafana", "https://grafana.example.org/d/*");
    link_patterns_add(&patterns, "mine", "https://wandb.ai/*/runs/*");
    link_patterns_add(&patterns, "report", "http*/report.html");
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        for (size_t cut = 0; cut < strlen(samples[i][0]); cut += 7) { /* across any border of two reads */
            auto_str struct str out = STR_MAX(10000);
            struct link_scan scan = { .patterns = &patterns };
            links_feed(&scan, span_head(span_of(samples[i][0]), cut), note, &out);
            links_feed(&scan, span_skip(span_of(samples[i][0]), cut), note, &out);
            links_end(&scan, note, &out);
            assert_string_equal(str_text(&out), samples[i][1]);
        }
    }
}

/* Many stars over a long address: time is the product of their lengths, no more. */
static void no_pattern_hangs(void **state)
{
    (void)state;
    char line[1000], stars[100] = "http*";
    for (size_t i = 5; i < sizeof(stars) - 2; i += 2)
        memcpy(stars + i, "a*", 3);
    stars[sizeof(stars) - 2] = 'b';
    memset(line, 'a', sizeof(line) - 1);
    memcpy(line, "http://", 7);
    line[sizeof(line) - 1] = '\0';
    __attribute__((cleanup(link_patterns_clear))) struct link_patterns patterns = { 0 };
    link_patterns_add(&patterns, "slow", stars);
    auto_str struct str out = STR_MAX(10000);
    struct link_scan scan = { .patterns = &patterns };
    links_feed(&scan, span_of(line), note, &out);
    links_end(&scan, note, &out);
    assert_string_equal(str_text(&out), "");
}

static void an_address_that_says_too_little_is_no_link(void **state)
{
    (void)state;
    static const char *const lines[] = { "https://wandb.ai/a/b/runs/", "tensorboard at http:///x",
                                         "tensorboard: a:/b", "tensorboard at https://.,;", "tensorboard:/" };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        assert_links(lines[i], "");
}

static void a_bracket_that_was_opened_in_it_belongs_to_it(void **state)
{
    (void)state;
    assert_links("(https://wandb.ai/a/b/runs/c_(1)).", "wandb 1 https://wandb.ai/a/b/runs/c_(1)\n");
}

static void a_control_byte_ends_it_and_endless_ones_are_none(void **state)
{
    (void)state;
    assert_links("https://wandb.ai/a/b/runs/c\x7f"
                 "d",
                 "wandb 1 https://wandb.ai/a/b/runs/c\n");
    char line[MAX_LINK_BYTES + 100];
    memset(line, 'a', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    memcpy(line, "https://wandb.ai/a/b/runs/", 26);
    assert_links(line, "");
}

static void a_star_at_the_end_may_stand_for_nothing(void **state)
{
    (void)state;
    __attribute__((cleanup(link_patterns_clear))) struct link_patterns patterns = { 0 };
    auto_str struct str out = STR_MAX(1000);
    struct link_scan scan = { .patterns = &patterns };
    link_patterns_add(&patterns, "mine", "https://x.example/**");
    links_feed(&scan, SPAN_LIT("https://x.example/\n"), note, &out);
    assert_string_equal(str_text(&out), "mine 1 https://x.example/\n");
}

static void where_lines_are_not_counted_none_is_told(void **state)
{
    (void)state;
    auto_str struct str out = STR_MAX(1000);
    struct link_scan scan = { .line = -1 };
    links_feed(&scan, SPAN_LIT("a\nhttps://wandb.ai/a/b/runs/1\nb\nhttps://wandb.ai/a/b/runs/2"), note, &out);
    links_end(&scan, note, &out);
    assert_string_equal(str_text(&out),
                        "wandb 0 https://wandb.ai/a/b/runs/1\nwandb 0 https://wandb.ai/a/b/runs/2\n");
    assert_int_equal(scan.line, -1);
}

/* Of an endless line what stands near the address is looked at, before it and behind it. */
static void an_address_in_a_long_line_is_found(void **state)
{
    (void)state;
    static char text[3 * LINK_CARRY_BYTES];
    static const char url[] = " https://wandb.ai/a/b/runs/1 ";
    memset(text, 'a', sizeof(text) - 1);
    memcpy(text + LINK_CARRY_BYTES + 500, url, sizeof(url) - 1);
    text[sizeof(text) - 2] = '\n';
    assert_links(text, "wandb 1 https://wandb.ai/a/b/runs/1\n");
}

/* The window about one address ends within another: that one is told whole, by its own window. */
static void an_address_at_the_edge_of_a_window_is_whole(void **state)
{
    (void)state;
    static char text[3 * LINK_CARRY_BYTES];
    static const char first[] = " https://wandb.ai/a/b/runs/1 ",
                      second[] = " https://wandb.ai/a/b/runs/22222222 ";
    memset(text, 'a', sizeof(text) - 1);
    memcpy(text, first, sizeof(first) - 1);
    memcpy(text + sizeof("https") + LINK_CARRY_BYTES - 9, second, sizeof(second) - 1);
    text[sizeof(text) - 2] = '\n';
    assert_links(text, "wandb 1 https://wandb.ai/a/b/runs/1\nwandb 1 https://wandb.ai/a/b/runs/22222222\n");
    memset(text, 'a', sizeof(text) - 2);
    memcpy(text, first, sizeof(first) - 2); /* none that goes on beyond its own window is an address */
    assert_links(text, "");
}

static void a_line_that_is_drawn_anew_ends_the_address_before(void **state)
{
    (void)state;
    auto_str struct str out = STR_MAX(1000);
    struct link_scan scan = { .line = 0 };
    links_feed(&scan, SPAN_LIT("https://wandb.ai/a/b/runs/1"), note, &out);
    links_feed(&scan, SPAN_LIT("\rb\n"), note, &out);
    links_end(&scan, note, &out);
    assert_string_equal(str_text(&out), "wandb 1 https://wandb.ai/a/b/runs/1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_trackers_own_words_are_understood),
        cmocka_unit_test(what_stands_around_an_address_is_no_part_of_it),
        cmocka_unit_test(colours_and_hyperlinks_do_not_hide_it),
        cmocka_unit_test(several_runs_and_line_numbers),
        cmocka_unit_test(a_cut_anywhere_gives_the_same),
        cmocka_unit_test(endless_lines_and_rubbish_do_no_harm),
        cmocka_unit_test(many_addresses_in_a_line_of_brackets_take_no_time),
        cmocka_unit_test(a_projects_own_addresses_are_links_by_its_names),
        cmocka_unit_test(no_pattern_hangs),
        cmocka_unit_test(an_address_that_says_too_little_is_no_link),
        cmocka_unit_test(a_bracket_that_was_opened_in_it_belongs_to_it),
        cmocka_unit_test(a_control_byte_ends_it_and_endless_ones_are_none),
        cmocka_unit_test(a_star_at_the_end_may_stand_for_nothing),
        cmocka_unit_test(where_lines_are_not_counted_none_is_told),
        cmocka_unit_test(an_address_in_a_long_line_is_found),
        cmocka_unit_test(a_line_that_is_drawn_anew_ends_the_address_before),
        cmocka_unit_test(an_address_at_the_edge_of_a_window_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
