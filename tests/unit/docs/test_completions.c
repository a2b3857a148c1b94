/* SPDX-License-Identifier: MIT */
/* The completions beside the tables of options: the same names, in the same order, with the same help. */
#include "options.h"

#include <stdbool.h>

#include "document.h"

typedef const struct option_row *table_at(size_t i);

static char *bash;
static char *zsh;

/* The next row that is completed; NULL: no more. mount(8)'s words are not. */
static const struct option_row *next_row(table_at *at, size_t *i)
{
    const struct option_row *row = at((*i)++);
    while (row && row->section == OPTIONS_IGNORED)
        row = at((*i)++);
    return row;
}

/* ---- bash: variable="name= name …" ---- */

static const char *check_words(const char *text, const char *variable, table_at *at)
{
    static const char space[] = " \n";
    const struct option_row *row;
    char beginning[100];
    size_t i = 0;
    (void)snprintf(beginning, sizeof beginning, "\n%s=\"", variable);
    const char *word = strstr(text, beginning);
    if (!word)
        return complain("there is no %s", variable);
    word += strlen(beginning);
    while ((row = next_row(at, &i))) {
        char expected[100];
        word += strspn(word, space);
        size_t len = strcspn(word, " \n\"");
        (void)snprintf(expected, sizeof expected, "%s%s", row->name, row->argument ? "=" : "");
        if (strlen(expected) != len || memcmp(word, expected, len) != 0)
            return complain("%s has \"%.*s\" where the table has \"%s\"", variable, (int)len, word, expected);
        word += len;
    }
    word += strspn(word, space);
    return *word == '"' ? NULL : complain("%s has more than the table", variable);
}

static const char *check_bash(const char *text)
{
    const char *wrong = check_words(text, "_personalizefs_mount_options", option_at);
    return wrong ? wrong : check_words(text, "_personalizefs_wait_options", wait_option_at);
}

/* ---- zsh: 'name:what its value is:help' ---- */

static const char *check_rows(const char *text, const char *array, table_at *at)
{
    const struct option_row *row;
    char beginning[100];
    size_t i = 0;
    (void)snprintf(beginning, sizeof beginning, "\nlocal -a %s=(\n", array);
    const char *line = strstr(text, beginning);
    if (!line)
        return complain("there is no %s", array);
    line += strlen(beginning);
    while ((row = next_row(at, &i))) {
        char expected[300];
        const char *default_text = strstr(row->help, " (default"); /* not in one line of a terminal */
        int len = default_text ? (int)(default_text - row->help) : (int)strlen(row->help);
        (void)snprintf(expected, sizeof expected, "    '%s:%s:%.*s'\n", row->name, row->argument ? row->argument : "",
                       len, row->help);
        if (strncmp(line, expected, strlen(expected)) != 0)
            return complain("%s has%.*s where the table has%s", array, (int)strcspn(line, "\n"), line, expected);
        line += strlen(expected);
    }
    return *line == ')' ? NULL : complain("%s has more than the table", array);
}

static const char *check_zsh(const char *text)
{
    const char *wrong = check_rows(text, "mount_options", option_at);
    return wrong ? wrong : check_rows(text, "wait_options", wait_option_at);
}

static void they_have_the_tables(void **state)
{
    (void)state;
    document_holds(check_bash, bash);
    document_holds(check_zsh, zsh);
}

static void a_fault_is_found(void **state)
{
    (void)state;
    document_fault_is_found(check_bash, bash, " profile=", "");
    document_fault_is_found(check_bash, bash, " profile=", " profile");
    document_fault_is_found(check_bash, bash, " profile=", " profile= more");
    document_fault_is_found(check_bash, bash, " version\n", " version more\n");
    document_fault_is_found(check_bash, bash, "\"timeout= help\"", "\"timeout=\"");
    document_fault_is_found(check_zsh, zsh, "'ttl:TIME:", "'ttl:N:");
    document_fault_is_found(check_zsh, zsh, "'debug::", "'debugging::");
    document_fault_is_found(check_zsh, zsh, "print the version'\n", "print the version'\n    'more::of it'\n");
    document_fault_is_found(check_zsh, zsh, "give up after so long", "give up");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(they_have_the_tables), cmocka_unit_test(a_fault_is_found) };
    if (argc != 3) {
        (void)fprintf(stderr, "usage: test_completions personalizefs.bash _personalizefs\n");
        return 2;
    }
    bash = document_read(argv[1]);
    zsh = document_read(argv[2]);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(bash);
    free(zsh);
    return failed;
}
