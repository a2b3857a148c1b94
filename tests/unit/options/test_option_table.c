/* SPDX-License-Identifier: MIT */
/* The table of options: every row works in every form, and table, help and manual page say the same. */
#include "base/buf.h"
#include "base/cleanup.h"
#include "options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "command_line.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *man_page_path;

/* ---- every row ---- */

static const char *sample_of(const struct option_row *row)
{
    static const struct {
        const char *argument;
        const char *sample;
    } samples[] = { { "REGION", "eu-west-1" }, { "NAME", "ops" }, { "URL", "https://example.com/x" },
                    { "TIME", "7m" },          { "N", "3" },      { "MODE", "077" },
                    { "LEVEL", "warning" } };
    if (!strcmp(row->name, "account-id"))
        return "123456789012";
    if (!strcmp(row->argument, "ID"))
        return "4711";
    for (size_t i = 0; i < COUNT(samples); i++)
        if (!strcmp(row->argument, samples[i].argument))
            return samples[i].sample;
    fail_msg("%s: no sample for %s", row->name, row->argument);
    return NULL;
}

static void check_forms(const struct option_row *row)
{
    BUF_CLEANUP struct buf without = BUF_INIT(4096);
    BUF_CLEANUP struct buf first = BUF_INIT(4096);
    BUF_CLEANUP struct buf other = BUF_INIT(4096);
    const char *equals = row->argument ? "=" : "";
    const char *value = row->argument ? sample_of(row) : "";
    char item[100];
    char list[110];
    char whole[110];
    char name[100];
    char letter[] = { '-', row->letter, 0 };
    (void)snprintf(item, sizeof item, "%s%s%s", row->name, equals, value);
    (void)snprintf(list, sizeof list, "-o%s", item);
    (void)snprintf(whole, sizeof whole, "--%s", item);
    (void)snprintf(name, sizeof name, "--%s", row->name);
    show_line(ARGS("/m"), &without);
    show_line(ARGS("-o", item, "/m"), &first);
    assert_string_not_equal(buf_str(&first), buf_str(&without));
    show_line(ARGS(list, "/m"), &other);
    assert_string_equal(buf_str(&first), buf_str(&other));
    show_line(ARGS(whole, "/m"), &other);
    assert_string_equal(buf_str(&first), buf_str(&other));
    if (row->argument)
        show_line(ARGS(name, value, "/m"), &other);
    else
        show_line(ARGS(name, "/m"), &other);
    assert_string_equal(buf_str(&first), buf_str(&other));
    if (row->letter)
        show_line(ARGS(letter, "/m"), &other);
    assert_string_equal(buf_str(&first), buf_str(&other));
}

static void test_every_row(void **state)
{
    const struct option_row *row;
    (void)state;
    for (size_t i = 0; (row = option_at(i)); i++) {
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(row->name, option_at(j)->name);
            assert_true(!row->letter || row->letter != option_at(j)->letter);
        }
        assert_int_not_equal(row->letter, 'o');
        if (row->section == OPTIONS_IGNORED) {
            assert_null(row->parse);
            continue;
        }
        assert_non_null(row->parse);
        assert_non_null(row->help);
        assert_null(strchr(row->help, '\n'));
        assert_true(row->offset < sizeof(struct options));
        assert_true(!row->argument == !row->expected);
        check_forms(row);
    }
}

/* The help line as both the help and the manual page have it. */
static void help_of(const struct option_row *row, char *to, size_t size)
{
    (void)snprintf(to, size, "%s%s%s%s", row->help, row->default_value ? " (default: " : "",
                   row->default_value ? row->default_value : "", row->default_value ? ")" : "");
}

static void test_help(void **state)
{
    FREE_CLEANUP char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    const struct option_row *row;
    (void)state;
    assert_non_null(file);
    options_help(file);
    assert_int_equal(fclose(file), 0);
    assert_non_null(text);
    for (size_t i = 0; (row = option_at(i)); i++) {
        char form[300];
        char help[300];
        char *line;
        if (row->section == OPTIONS_IGNORED)
            (void)snprintf(form, sizeof form, " %s", row->name);
        else if (row->letter)
            (void)snprintf(form, sizeof form, "\n  -%c, %s ", row->letter, row->name);
        else
            (void)snprintf(form, sizeof form, "\n  %s%s%s ", row->name, row->argument ? "=" : "",
                           row->argument ? row->argument : "");
        line = strstr(text, form);
        if (!line) {
            fail_msg("--help lacks \"%s\"", form);
            return;
        }
        if (row->section == OPTIONS_IGNORED)
            continue;
        help_of(row, help, sizeof help);
        line += strlen(form);
        line += strspn(line, " ");
        if (strncmp(line, help, strlen(help)) != 0 || line[strlen(help)] != '\n')
            fail_msg("--help does not say \"%s\" of %s", help, row->name);
    }
}

/* ---- the manual page ---- */

/* A line of scdoc(5) without its mark-up. */
static void strip(char *line)
{
    char *to = line;
    for (; *line && *line != '\n'; line++) {
        if (*line == '\\' && line[1])
            *to++ = *++line;
        else if (*line != '*' && *line != '_')
            *to++ = *line;
    }
    *to = 0;
}

/* What the line that names an option in the manual page is. */
static void heading_of(const struct option_row *row, char *to, size_t size)
{
    if (row->letter)
        (void)snprintf(to, size, "-%c, %s", row->letter, row->name);
    else
        (void)snprintf(to, size, "%s%s%s", row->name, row->argument ? "=" : "", row->argument ? row->argument : "");
}

struct man_option {
    char heading[100];
    char help[300];
};

/* The options that a section of the manual page has, in its order, and the words of its part "Ignored". */
static size_t read_man(const char *section, struct man_option *options, size_t max, char *ignored, size_t ignored_size)
{
    FILE *file = fopen(man_page_path, "re");
    FREE_CLEANUP char *line = NULL;
    size_t room = 0;
    size_t n = 0;
    bool in_options = false;
    bool in_ignored = false;
    bool after_heading = false;
    ignored[0] = 0;
    assert_non_null(file);
    while (getline(&line, &room, file) > 0) {
        if (!strncmp(line, "# ", 2))
            in_options = !strncmp(line + 2, section, strlen(section)) && line[2 + strlen(section)] == '\n';
        if (!strncmp(line, "## ", 3))
            in_ignored = in_options && !strcmp(line, "## Ignored\n");
        if (!in_options)
            continue;
        if (in_ignored) {
            size_t len = strlen(ignored);
            strip(line);
            (void)snprintf(ignored + len, ignored_size - len, " %s", line);
        } else if (after_heading) {
            assert_int_equal(line[0], '\t');
            strip(line + 1);
            (void)snprintf(options[n - 1].help, sizeof options->help, "%s", line + 1);
            after_heading = false;
        } else if (line[0] == '*') {
            assert_true(n < max);
            strip(line);
            (void)snprintf(options[n++].heading, sizeof options->heading, "%s", line);
            after_heading = true;
        }
    }
    (void)fclose(file);
    return n;
}

static void test_man_page(void **state)
{
    static struct man_option options[100];
    char ignored[2000];
    size_t n = read_man("OPTIONS", options, COUNT(options), ignored, sizeof ignored);
    size_t at = 0;
    size_t n_ignored = 0;
    size_t commas = 0;
    const struct option_row *row;
    (void)state;
    for (size_t i = 0; (row = option_at(i)); i++) {
        char expected[300];
        if (row->section == OPTIONS_IGNORED) {
            bool is_prefix = row->name[strlen(row->name) - 1] == '-';
            (void)snprintf(expected, sizeof expected, is_prefix ? " with %s." : " %s,", row->name);
            if (!strstr(ignored, expected))
                fail_msg("the manual page lacks \"%s\"", expected);
            n_ignored++;
            continue;
        }
        heading_of(row, expected, sizeof expected);
        if (at == n)
            fail_msg("the manual page lacks \"%s\"", expected);
        assert_string_equal(options[at].heading, expected);
        help_of(row, expected, sizeof expected);
        assert_string_equal(options[at].help, expected);
        at++;
    }
    if (at < n)
        fail_msg("the manual page has \"%s\", which the table lacks", options[at].heading);
    /* One comma a word, the last word being the prefix: none is there that the table lacks. */
    for (const char *c = strchr(ignored, ':'); c && *c; c++)
        commas += *c == ',';
    assert_int_equal(commas + 1, n_ignored);
    print_message("%zu options, %zu ignored words\n", n, n_ignored);
}

/* Those of `personalizefs wait`, which its section begins with: behind them come exit statuses. */
static void test_man_page_of_wait(void **state)
{
    static struct man_option options[100];
    char ignored[2];
    size_t n = read_man("WAITING", options, COUNT(options), ignored, sizeof ignored);
    size_t n_rows = 0;
    const struct option_row *row;
    (void)state;
    for (; (row = wait_option_at(n_rows)); n_rows++) {
        char expected[300];
        assert_true(n_rows < n);
        heading_of(row, expected, sizeof expected);
        assert_string_equal(options[n_rows].heading, expected);
        help_of(row, expected, sizeof expected);
        assert_string_equal(options[n_rows].help, expected);
    }
    assert_true(n_rows > 0);
    for (; n_rows < n; n_rows++)
        assert_int_equal(strspn(options[n_rows].heading, "0123456789"), strlen(options[n_rows].heading));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_man_page),
        cmocka_unit_test(test_man_page_of_wait),
    };
    if (argc != 2) {
        (void)fprintf(stderr, "usage: test_option_table personalizefs.1.scd\n");
        return 2;
    }
    man_page_path = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
