/* SPDX-License-Identifier: MIT */
/* personalizefs(5) beside the tables that it repeats: fields, aliases, limits, freshness, errors. */
#include "aws/failure.h"
#include "fs/control.h"
#include "fs/layout.h"
#include "fs/metrics.h"
#include "fs/names.h"
#include "jobs/regions.h"
#include "options.h"

#include <errno.h>
#include <stdbool.h>

#include "document.h"

enum { LINE_MAX_BYTES = 4000, ERRNO_MAX = 256, ROWS_MAX = 512 };

static char *manual;

/* A line of scdoc(5) without its mark-up, up to its end. */
static void strip(const char *line, char to[LINE_MAX_BYTES])
{
    size_t len = 0;
    for (; *line && *line != '\n' && len + 1 < LINE_MAX_BYTES; line++) {
        if (*line == '\\' && line[1])
            to[len++] = *++line;
        else if (*line != '*' && *line != '_' && *line != '\t')
            to[len++] = *line;
    }
    to[len] = 0;
}

static const char *line_after(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : line + strlen(line);
}

/* The first line of a section, NULL if there is none. */
static const char *section_find(const char *text, const char *title)
{
    char heading[100];
    (void)snprintf(heading, sizeof heading, "\n# %s\n", title);
    const char *at = strstr(text, heading);
    return at ? at + strlen(heading) : NULL;
}

/* The next entry (a line of mark-up with a paragraph under it) of the section's own text, before its sub-sections;
 * NULL: no more. */
static const char *entry_next(const char *line)
{
    while (*line && *line != '#' && !(*line == '*' && *line_after(line) == '\t'))
        line = line_after(line);
    return *line == '*' ? line : NULL;
}

/* A paragraph under an entry that begins so, joined and stripped; false: there is none. */
static bool paragraph_find(const char *entry, const char *beginning, char to[LINE_MAX_BYTES])
{
    const char *line = line_after(entry);
    for (; *line == '\t' || *line == '\n'; line = line_after(line))
        if (*line == '\t' && !strncmp(line + 1, beginning, strlen(beginning)))
            break;
    *to = 0;
    for (size_t len = 0; *line == '\t'; line = line_after(line), len = strlen(to)) {
        char words[LINE_MAX_BYTES];
        strip(line, words);
        (void)snprintf(to + len, LINE_MAX_BYTES - len, "%s%s", len ? " " : "", words);
    }
    return *to != 0;
}

/* ---- the files ---- */

static const char *check_entry(const char *entry, const char *heading, const char *help)
{
    char found[LINE_MAX_BYTES];
    if (!entry)
        return complain("FILES lacks \"%s\"", heading);
    strip(entry, found);
    if (strcmp(found, heading) != 0)
        return complain("FILES has \"%s\" where the table has \"%s\"", found, heading);
    if (!paragraph_find(entry, "", found) || (help && strcmp(found, help) != 0))
        return complain("FILES says \"%s\" of %s, the table \"%s\"", found, heading, help ? help : "");
    return NULL;
}

static const char *check_files(const char *text)
{
    static const char *const types[] = {
        [FIELD_TEXT] = "text", [FIELD_NUMBER] = "number", [FIELD_TIME] = "time", [FIELD_MAP] = "map"
    };
    const struct kind *kind = &kind_batch_inference_job;
    struct layout layout;
    char heading[200];
    const char *line = section_find(text, "FILES");
    layout_init(&layout, kind);
    if (!line)
        return "there are no FILES";
    for (size_t i = 0; i < kind->n_fields; i++) {
        const struct field *field = &kind->fields[i];
        const char *entry = entry_next(line);
        (void)snprintf(heading, sizeof heading, "%s%s (%s, %s)", field->path, field->type == FIELD_MAP ? "/KEY" : "",
                       types[field->type], field->listed ? "listed" : "described");
        const char *wrong = check_entry(entry, heading, field->help);
        if (wrong)
            return wrong;
        line = line_after(entry);
    }
    const char *last = entry_next(line);
    (void)snprintf(heading, sizeof heading, "%s (JSON, described)", layout_file_path(&layout, LAYOUT_DESCRIBE).data);
    const char *wrong = check_entry(last, heading, NULL);
    if (wrong)
        return wrong;
    return entry_next(line_after(last)) ? complain("FILES has more than the table: %.80s", last) : NULL;
}

/* ---- aliases and limits ---- */

static const char *check_aliases(const char *text)
{
    struct layout layout;
    size_t n_named = 0;
    size_t n_known = 0;
    char heading[LINE_MAX_BYTES];
    const char *line = section_find(text, "ALIASES");
    const char *entry = line ? entry_next(line) : NULL;
    if (!entry)
        return "there are no ALIASES";
    strip(entry, heading);
    for (const char *at = heading; (at = strstr(at, "/,")); at++)
        n_named++;
    n_named += heading[strlen(heading) - 1] == '/';
    layout_init(&layout, &kind_batch_inference_job);
    for (unsigned i = 0; i < layout.n_entries; i++) {
        if (!layout_is_alias(&layout, &layout.entries[i]))
            continue;
        char path[200];
        struct slice member = layout.dir_path[layout.entries[i].index];
        (void)snprintf(path, sizeof path, "%.*s/", (int)member.len, member.data);
        for (char *dot; (dot = strchr(path, '.'));)
            *dot = '/';
        if (!strstr(heading, path))
            return complain("ALIASES lacks %s", path);
        n_known++;
    }
    return n_named == n_known ? NULL : complain("ALIASES has %zu of %zu", n_named, n_known);
}

static const char *check_limits(const char *text)
{
    const struct {
        const char *words;
        int number;
    } limits[] = { { "at most %d characters)", JOB_NAME_MAX },
                   { "at most %d regions", REGIONS_MAX },
                   { "cut at %d bytes", NAME_BYTES_MAX },
                   { "at most %d bytes", NAME_BYTES_MAX } };
    char *flat = strdup(text); /* wherever its lines end */
    const char *wrong = NULL;
    assert_non_null(flat);
    for (char *c = flat; *c; c++)
        *c = *c == '\n' ? ' ' : *c;
    for (size_t i = 0; !wrong && i < sizeof limits / sizeof *limits; i++) {
        char words[100];
        const char *number = strstr(limits[i].words, "%d");
        (void)snprintf(words, sizeof words, "%.*s%d%s", (int)(number - limits[i].words), limits[i].words,
                       limits[i].number, number + 2);
        if (!strstr(flat, words))
            wrong = complain("it does not say \"%s\"", words);
    }
    free(flat);
    return wrong;
}

/* ---- freshness ---- */

static const char *check_freshness(const char *text)
{
    const struct option_row *row;
    const char *line = section_find(text, "FRESHNESS");
    size_t n_entries = 0;
    size_t n_rows = 0;
    if (!line)
        return "there is no FRESHNESS";
    for (const char *entry = line; (entry = entry_next(entry)); entry = line_after(entry)) {
        char found[LINE_MAX_BYTES];
        bool known = false;
        strip(entry, found);
        for (size_t i = 0; (row = option_at(i)); i++) {
            char heading[200];
            (void)snprintf(heading, sizeof heading, "%s (%s)", row->name, row->default_value ? row->default_value : "");
            known |= row->section == OPTIONS_FRESHNESS && !strcmp(found, heading);
        }
        if (!known)
            return complain("FRESHNESS has \"%s\", the table of options not", found);
        n_entries++;
    }
    for (size_t i = 0; (row = option_at(i)); i++)
        n_rows += row->section == OPTIONS_FRESHNESS;
    return n_entries == n_rows ? NULL : complain("FRESHNESS has %zu options of %zu", n_entries, n_rows);
}

/* ---- errors ---- */

/* Those that are this program's own: no call to the service fails with them. */
static bool is_own(int number) { return number == EINTR || number == EROFS || number == ENAMETOOLONG; }

/* "Permission denied (EACCES)" to its number; 0: message and name do not belong together. */
static int number_of(const char *heading)
{
    for (int number = 1; number < ERRNO_MAX; number++) {
        char expected[200];
        const char *name = strerrorname_np(number);
        (void)snprintf(expected, sizeof expected, "%s (%s)", strerror(number), name ? name : "");
        if (name && !strcmp(heading, expected))
            return number;
    }
    return 0;
}

/* The row with that name and number, and whether it has been named; NULL: none. */
static bool *row_named(bool named[ROWS_MAX], const char *name, int number)
{
    const struct failure *row;
    for (size_t i = 0; (row = failure_at(i)); i++)
        if (row->number == number && !strcmp(row->code, name))
            return &named[i];
    return NULL;
}

/* "Names: a, b (in the log), c": each must be in the table, and nowhere else in the manual. */
static const char *check_names(char *names, int number, bool named[ROWS_MAX])
{
    char *at = names + strlen("Names: ");
    while (at && *at) {
        char *next = strstr(at, ", ");
        if (next)
            *next = 0;
        char *note = strstr(at, " (");
        if (note)
            *note = 0;
        bool *row = row_named(named, at, number);
        if (!row)
            return complain("the table does not have %s as %s", at, strerrorname_np(number));
        if (*row)
            return complain("ERRORS has %s twice", at);
        *row = true;
        at = next ? next + 2 : NULL;
    }
    return NULL;
}

static const char *check_errors(const char *text)
{
    const char *line = section_find(text, "ERRORS");
    const struct failure *row;
    bool named[ROWS_MAX] = { false };
    bool seen[ERRNO_MAX] = { false };
    if (!line)
        return "there are no ERRORS";
    for (const char *entry = line; (entry = entry_next(entry)); entry = line_after(entry)) {
        char found[LINE_MAX_BYTES];
        strip(entry, found);
        int number = number_of(found);
        if (!number || seen[number])
            return complain("no message, or not its name, or twice: \"%s\"", found);
        seen[number] = true;
        bool has_names = paragraph_find(entry, "Names: ", found);
        if (has_names == is_own(number))
            return complain("%s: which failures is it?", strerrorname_np(number));
        const char *wrong = has_names ? check_names(found, number, named) : NULL;
        if (wrong)
            return wrong;
    }
    for (size_t i = 0; (row = failure_at(i)); i++) {
        assert_true(i < ROWS_MAX);
        if (!named[i])
            return complain("ERRORS lacks %s, which is %s", row->code, strerrorname_np(row->number));
    }
    return seen[EINTR] && seen[EROFS] && seen[ENAMETOOLONG] ? NULL : "ERRORS lacks one of this program's own";
}

/* ---- the mount's own files ---- */

/* The heading and the help of row `i`; false after the last. */
typedef bool own_row(size_t i, char heading[LINE_MAX_BYTES], const char **ret_help);

static bool file_row(size_t i, char heading[LINE_MAX_BYTES], const char **ret_help)
{
    const struct control_file *file = control_file_at(i);
    if (!file)
        return false;
    (void)snprintf(heading, LINE_MAX_BYTES, "%s (%04o)", file->name, file->mode);
    *ret_help = file->help;
    return true;
}

static bool column_row(size_t i, char heading[LINE_MAX_BYTES], const char **ret_help)
{
    const struct failure_column *column = failure_column_at(i);
    if (!column)
        return false;
    (void)snprintf(heading, LINE_MAX_BYTES, "%s", column->name);
    *ret_help = column->help;
    return true;
}

static bool metric_row(size_t i, char heading[LINE_MAX_BYTES], const char **ret_help)
{
    static const char *const types[] = {
        [METRIC_GAUGE] = "gauge", [METRIC_COUNTER] = "counter", [METRIC_HISTOGRAM] = "histogram"
    };
    const struct metric *metric = metric_at(i);
    if (!metric)
        return false;
    (void)snprintf(heading, LINE_MAX_BYTES, "%s (%s%s%s)", metric->name, types[metric->type],
                   *metric->labels ? ", by " : "", metric->labels);
    *ret_help = metric->help;
    return true;
}

/* The entries under a heading are the table's rows, in its order, and no others. */
static const char *check_rows(const char *text, const char *title, own_row *row)
{
    char heading[LINE_MAX_BYTES];
    char found[LINE_MAX_BYTES];
    const char *help = NULL;
    const char *line = strstr(text, title);
    if (!line)
        return complain("there is no \"%s\"", title);
    line += strlen(title);
    for (size_t i = 0; row(i, heading, &help); i++) {
        const char *entry = entry_next(line);
        strip(entry ? entry : "", found);
        if (!entry || strcmp(found, heading) != 0)
            return complain("it has \"%s\" where the table has \"%s\"", found, heading);
        if (!paragraph_find(entry, "", found) || strcmp(found, help) != 0)
            return complain("it says \"%s\" of %s, the table \"%s\"", found, heading, help);
        line = line_after(entry);
    }
    return entry_next(line) ? complain("it has more than the table: %.80s", entry_next(line)) : NULL;
}

static const char *check_own_files(const char *text)
{
    return check_rows(text, "\n# THE MOUNT'S OWN FILES\n", file_row);
}

static const char *check_columns(const char *text) { return check_rows(text, "\n## Columns of errors\n", column_row); }

static const char *check_metrics(const char *text) { return check_rows(text, "\n## Metrics\n", metric_row); }

/* ---- the tests ---- */

static void the_manual_has_the_tables(void **state)
{
    (void)state;
    document_holds(check_files, manual);
    document_holds(check_aliases, manual);
    document_holds(check_limits, manual);
    document_holds(check_freshness, manual);
    document_holds(check_errors, manual);
    document_holds(check_own_files, manual);
    document_holds(check_columns, manual);
    document_holds(check_metrics, manual);
}

static void a_fault_in_a_table_is_found(void **state)
{
    static const struct {
        document_check *check;
        const char *from;
        const char *to;
    } faults[] = {
        { check_files, "*numResults* (number,", "*numResult* (number," },
        { check_files, "*numResults* (number,", "*numResults* (text," },
        { check_files, "*status* (text, listed)", "*status* (text, described)" },
        { check_files, "\twhy it failed\n", "\twhy it succeeded\n" },
        { check_files, "*filterArn* (text, described)\n\tthe filter applied to the results\n\n", "" },
        { check_files, "*jobName* (text", "*jobNames* (text, listed)\n\tall of them\n\n*jobName* (text" },
        { check_files, "rankingInfluence/*_KEY_ (map", "rankingInfluence* (map" },
        { check_files, "*describe.json* (JSON", "*description.json* (JSON" },
        { check_files, "\n## Maps", "\n*more* (text, listed)\n\tof it\n\n## Maps" },
        { check_files, "\n# FILES\n", "\n# DATA\n" },
        { check_aliases, "s3DataDestination/*", "s3DataTarget/*" },
        { check_aliases, "*jobInput/s3DataSource/*, ", "*jobInput/s3DataSource/*, *filter/*, " },
        { check_limits, "at most 8 regions", "at most 9 regions" },
        { check_limits, "63 characters", "64 characters" },
        { check_limits, "255 bytes", "256 bytes" },
        { check_freshness, "*ttl* (30s)", "*ttl* (60s)" },
        { check_freshness, "*negative-ttl* (5s)", "*absent-ttl* (5s)" },
        { check_freshness, "*terminal-ttl* (1d)", "terminal-ttl (1d)" },
        { check_errors, "*Permission denied* (EACCES)", "*Permission denied* (EPERM)" },
        { check_errors, "*Permission denied* (EACCES)", "*Access denied* (EACCES)" },
        { check_errors, "*Connection refused* (ECONNREFUSED)", "*Connection reset by peer* (ECONNRESET)" },
        { check_errors, "*http-429*", "*http-430*" },
        { check_errors, ", *http-429*", "" },
        { check_errors, "*no-route*", "*no-route*, *deadline*" },
        { check_errors, "*no-route*", "*no-route*, *no-route*" },
        { check_errors, "\tNames: *connection-reset*\n", "" },
        { check_errors, "*Read-only file system* (EROFS)", "Read-only file system (EROFS)" },
        { check_errors, "*Cannot allocate memory* (ENOMEM)", "Cannot allocate memory (ENOMEM)" },
        { check_own_files, "*errors* (0400)", "*errors* (0444)" },
        { check_own_files, "secrets masked\n", "secrets and all\n" },
        { check_own_files, "*config* (0400)", "*settings* (0400)" },
        { check_columns, "*requestId*\n", "*request*\n" },
        { check_columns, "\twhen it failed\n", "\twhen it was asked for\n" },
        { check_columns, "## Columns of config", "*more*\n\tof it\n\n## Columns of config" },
        { check_metrics, "(gauge, by status)", "(gauge, by job)" },
        { check_metrics, "retries\\_total* (counter)", "retries\\_total* (gauge)" },
        { check_metrics, "*personalizefs\\_jobs*", "*personalizefs\\_job*" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        document_fault_is_found(faults[i].check, manual, faults[i].from, faults[i].to);
    print_message("%zu faults found\n", sizeof faults / sizeof *faults);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_has_the_tables),
        cmocka_unit_test(a_fault_in_a_table_is_found),
    };
    if (argc != 2) {
        (void)fprintf(stderr, "usage: test_manual personalizefs.5.scd\n");
        return 2;
    }
    manual = document_read(argv[1]);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(manual);
    return failed;
}
