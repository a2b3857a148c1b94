/* SPDX-License-Identifier: MIT */
/* docs/troubleshooting.md beside the table of failures: each stands under its message, with its advice. */
#include "aws/failure.h"

#include <errno.h>
#include <stdbool.h>

#include "document.h"

enum { ROW_BYTES = 4000, ERRNO_MAX = 256 };

static char *troubleshooting;

/* Those that no call to the service fails with; what to do about them is prose. */
static const int own[] = { EROFS, ENAMETOOLONG, EINTR, ENOTCONN };

static const char *line_after(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : line + strlen(line);
}

/* The section of an errno: "## its message", and `ITS_NAME` at the beginning of the text. NULL: there is none. */
static const char *section_of(const char *text, int number)
{
    char heading[200];
    (void)snprintf(heading, sizeof heading, "\n## %s\n\n`%s`. ", strerror(number), strerrorname_np(number));
    const char *at = strstr(text, heading);
    return at ? at + strlen(heading) : NULL;
}

static bool is_section(const char *line) { return !strncmp(line, "## ", 3); }

/* The line of the section that is the failure's: "| `code`, … | advice |". NULL: none. */
static const char *row_find(const char *section, const struct failure *failure)
{
    char name[100];
    (void)snprintf(name, sizeof name, "`%s`", failure->code);
    for (const char *line = section; *line && !is_section(line); line = line_after(line)) {
        const char *names_end = line[0] == '|' ? strstr(line + 1, " | ") : NULL;
        const char *at = names_end ? strstr(line, name) : NULL;
        if (at && at < names_end)
            return line;
    }
    return NULL;
}

static const char *check_failure(const char *text, const struct failure *failure)
{
    char expected[ROW_BYTES];
    const char *section = section_of(text, failure->number);
    if (!section)
        return complain("nothing is under \"%s\"", strerror(failure->number));
    const char *line = row_find(section, failure);
    if (!line)
        return complain("\"%s\" lacks %s", strerror(failure->number), failure->code);
    (void)snprintf(expected, sizeof expected, " | %s |\n", failure->advice);
    const char *advice = strstr(line, " | ");
    if (strncmp(advice, expected, strlen(expected)) != 0)
        return complain("of %s it does not say \"%s\"", failure->code, failure->advice);
    return NULL;
}

static const char *check_failures(const char *text)
{
    const struct failure *failure;
    for (size_t i = 0; (failure = failure_at(i)); i++) {
        const char *wrong = check_failure(text, failure);
        if (wrong)
            return wrong;
    }
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!section_of(text, own[i]))
            return complain("nothing is under \"%s\"", strerror(own[i]));
    return NULL;
}

/* The failure that a name in a row is; under no other message than its own. */
static bool is_failure(const char *name, size_t len, int number)
{
    const struct failure *failure;
    for (size_t i = 0; (failure = failure_at(i)); i++)
        if (failure->number == number && strlen(failure->code) == len && !memcmp(failure->code, name, len))
            return true;
    return false;
}

/* The errno whose section a heading begins; 0: it is none's. */
static int number_of(const char *text, const char *heading)
{
    for (int number = 1; number < ERRNO_MAX; number++) {
        const char *section = strerrorname_np(number) ? section_of(text, number) : NULL;
        if (section && section > heading && section < line_after(line_after(line_after(heading))))
            return number;
    }
    return 0;
}

/* Nothing is in it that the table has not. */
static const char *check_rows(const char *text)
{
    int number = 0;
    for (const char *line = text; *line; line = line_after(line)) {
        if (is_section(line))
            number = number_of(text, line);
        if (strncmp(line, "| `", 3) != 0)
            continue;
        const char *end = strstr(line + 1, " | ");
        for (const char *name = strchr(line, '`'); name && name < end; name = strchr(name, '`')) {
            size_t len = strcspn(++name, "`");
            if (!is_failure(name, len, number))
                return complain("the table does not have %.*s as %s", (int)len, name, strerrorname_np(number));
            name += len + 1;
        }
    }
    return NULL;
}

static void it_has_the_table(void **state)
{
    (void)state;
    document_holds(check_failures, troubleshooting);
    document_holds(check_rows, troubleshooting);
}

static void a_fault_is_found(void **state)
{
    static const struct {
        document_check *check;
        const char *from;
        const char *to;
    } faults[] = {
        { check_failures, "## Key was rejected by service\n", "## The key was rejected\n" },
        { check_failures, "`EKEYREJECTED`. ", "`EKEYEXPIRED`. " },
        { check_failures, "| `no-route` |", "| `no-road` |" },
        { check_failures, "`Throttling`, ", "" },
        { check_failures, "NAT gateway or VPC endpoint. |", "NAT gateway. |" },
        { check_failures, "Free memory on this host", "Free more on this host" },
        { check_failures, "`ENOTCONN`. ", "" },
        { check_rows, "| `no-route` |", "| `no-route`, `no-road` |" },
        { check_rows, "| `no-route` |", "| `no-route`, `deadline` |" },
        { check_rows, "## Permission denied\n\n`EACCES`. ", "## Permission denied\n\n" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        document_fault_is_found(faults[i].check, troubleshooting, faults[i].from, faults[i].to);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(it_has_the_table), cmocka_unit_test(a_fault_is_found) };
    if (argc != 2) {
        (void)fprintf(stderr, "usage: test_troubleshooting docs/troubleshooting.md\n");
        return 2;
    }
    troubleshooting = document_read(argv[1]);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(troubleshooting);
    return failed;
}
