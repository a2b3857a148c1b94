/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "aws/endpoint.h"
#include "base/buf.h"
#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

#define WRONG_USE "wrong-use"

enum { OPTION_BYTES = 1 << 16 };

static const struct option_row *find_name(const char *name, size_t len)
{
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(i)); i++) {
        size_t row_len = strlen(row->name);
        bool is_prefix = row->name[row_len - 1] == '-';
        if ((row_len == len || (is_prefix && row_len < len)) && !memcmp(row->name, name, row_len))
            break;
    }
    return row;
}

static const struct option_row *find_letter(char letter)
{
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(i)) && row->letter != letter; i++)
        ;
    return row;
}

/* ---- the command line ---- */

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

static int out_of_memory(struct error *error) { return error_set(error, ENOMEM, "out-of-memory", "out of memory"); }

static int unknown(const char *option, struct error *error)
{
    return error_set(error, EINVAL, WRONG_USE, "unknown option \"%.100s\"; personalizefs --help lists them", option);
}

/* `value` is NULL where none was given. */
static int apply(struct options *options, const struct option_row *row, const char *value, struct error *error)
{
    int r;
    if (!row->parse)
        return 0;
    if (value && !row->argument)
        return error_set(error, EINVAL, WRONG_USE, "option %s takes no value", row->name);
    if (row->argument && (!value || !*value))
        return error_set(error, EINVAL, WRONG_USE, "option %s needs a value: expected %s", row->name, row->expected);
    r = value && has_control(value) ? -EINVAL : row->parse(row, value, (char *)options + row->offset);
    if (r == -EINVAL)
        return error_set(error, EINVAL, WRONG_USE, "option %s=%.100s: expected %s", row->name, value, row->expected);
    return r ? out_of_memory(error) : 0;
}

static size_t index_of(const struct option_row *row) { return (size_t)(row - option_at(0)); }

/* One of the command line, not a default. */
static int apply_given(struct options *options, const struct option_row *row, const char *value, struct error *error)
{
    char **given = &options->given[index_of(row)];
    int r = apply(options, row, value, error);
    if (r || !row->parse)
        return r;
    char *copy = strdup(value ? value : "true");
    if (!copy)
        return out_of_memory(error);
    free(*given);
    *given = copy;
    return 0;
}

/* One of a -o list: "name" or "name=value". */
static int apply_item(struct options *options, const char *item, struct error *error)
{
    const char *value = strchr(item, '=');
    const struct option_row *row = find_name(item, value ? (size_t)(value - item) : strlen(item));
    if (!row)
        return unknown(item, error);
    return apply_given(options, row, value ? value + 1 : NULL, error);
}

/* The next character of a -o list, a backslash being read as libfuse reads it (fuse_opt.h): with three octal digits it
 * is their byte, before any other character that one. Returns how much of `at` was taken. */
static size_t next_char(const char *at, char *to)
{
    const char *digits = at + 1;
    if (at[0] != '\\' || !at[1]) {
        *to = at[0];
        return 1;
    }
    if (digits[0] >= '0' && digits[0] <= '3' && digits[1] >= '0' && digits[1] <= '7' && digits[2] >= '0' &&
        digits[2] <= '7') {
        *to = (char)((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0'));
        return 4;
    }
    *to = at[1];
    return 2;
}

static int apply_list(struct options *options, const char *list, struct error *error)
{
    BUF_CLEANUP struct buf item = BUF_INIT(OPTION_BYTES);
    int r = 0;
    while (!r && *list) {
        buf_clear(&item);
        while (*list && *list != ',') {
            char c;
            list += next_char(list, &c);
            if (!c)
                return error_set(error, EINVAL, WRONG_USE, "option -o: a NUL character");
            (void)buf_append_char(&item, c);
        }
        list += *list == ',';
        if (buf_error(&item) == -EMSGSIZE)
            return error_set(error, EINVAL, WRONG_USE, "option -o: too long");
        if (buf_error(&item))
            return out_of_memory(error);
        if (item.len) /* mount(8) leaves empty ones */
            r = apply_item(options, buf_str(&item), error);
    }
    return r;
}

struct arguments {
    int argc;
    char **argv;
    int at;
    const char *operand[2];
    int n_operands;
};

/* The argument after the one in hand; NULL if there is none. */
static const char *take_next(struct arguments *arguments)
{
    return arguments->at + 1 < arguments->argc ? arguments->argv[++arguments->at] : NULL;
}

/* "--name", "--name=value", "--name value": `text` is behind the dashes. */
static int apply_long(struct options *options, struct arguments *arguments, const char *text, struct error *error)
{
    const char *value = strchr(text, '=');
    const struct option_row *row = find_name(text, value ? (size_t)(value - text) : strlen(text));
    if (!row || !row->parse) /* mount(8)'s words come in a -o list only */
        return unknown(text - 2, error);
    if (value)
        return apply_given(options, row, value + 1, error);
    return apply_given(options, row, row->argument ? take_next(arguments) : NULL, error);
}

/* "-f", "-fd", "-o list", "-olist": `letters` is behind the dash. */
static int apply_letters(struct options *options, struct arguments *arguments, const char *letters, struct error *error)
{
    for (; *letters; letters++) {
        const struct option_row *row;
        int r;
        if (*letters == 'o') {
            const char *list = letters[1] ? letters + 1 : take_next(arguments);
            return list ? apply_list(options, list, error)
                        : error_set(error, EINVAL, WRONG_USE, "option -o needs a value: expected name[=value][,...]");
        }
        row = find_letter(*letters);
        if (!row)
            return unknown((char[]){ '-', *letters, 0 }, error);
        r = apply_given(options, row, NULL, error);
        if (r)
            return r;
    }
    return 0;
}

static int apply_arguments(struct options *options, struct arguments *arguments, struct error *error)
{
    bool options_ended = false;
    for (arguments->at = 1; arguments->at < arguments->argc; arguments->at++) {
        const char *text = arguments->argv[arguments->at];
        int r = 0;
        if (options_ended || text[0] != '-' || !text[1]) {
            if (arguments->n_operands == 2)
                return error_set(error, EINVAL, WRONG_USE,
                                 "too many arguments: \"%.100s\"; expected [SOURCE] MOUNTPOINT", text);
            arguments->operand[arguments->n_operands++] = text;
        } else if (!strcmp(text, "--")) {
            options_ended = true;
        } else if (text[1] == '-') {
            r = apply_long(options, arguments, text + 2, error);
        } else {
            r = apply_letters(options, arguments, text + 1, error);
        }
        if (r)
            return r;
    }
    return 0;
}

/* ---- SOURCE and MOUNTPOINT ---- */

static int set_text(char **to, const char *text, struct error *error)
{
    char *copy = strdup(text);
    if (!copy)
        return out_of_memory(error);
    free(*to);
    *to = copy;
    return 0;
}

static int source_is_wrong(const char *source, const char *why, struct error *error)
{
    return error_set(
        error, EINVAL, WRONG_USE,
        "SOURCE \"%.100s\": %s; expected a region such as us-west-2, or arn:aws:personalize:REGION[:ACCOUNT]", source,
        why);
}

/* What SOURCE and an option both may say: they must agree. */
static int merge(char **option, const char *given, const char *what, struct error *error)
{
    if (*option && strcmp(*option, given) != 0)
        return error_set(error, EINVAL, WRONG_USE, "SOURCE says %s, but %s=%s", given, what, *option);
    return set_text(option, given, error);
}

/* "arn:PARTITION:personalize:REGION[:[ACCOUNT[:]]]" */
static int read_arn(struct options *options, const char *source, struct error *error)
{
    enum { PARTITION = 1, SERVICE, REGION, ACCOUNT, RESOURCE, N_FIELDS };
    FREE_CLEANUP char *copy = strdup(source);
    const char *field[N_FIELDS] = { NULL };
    char *rest = copy;
    int r;
    if (!copy)
        return out_of_memory(error);
    for (int i = 0; i < N_FIELDS && rest; i++)
        field[i] = i == RESOURCE ? rest : strsep(&rest, ":");
    if (!field[REGION] || strcmp(field[SERVICE], "personalize") != 0)
        return source_is_wrong(source, "not the beginning of an ARN of Amazon Personalize", error);
    if (!region_is_valid(field[REGION]))
        return source_is_wrong(source, "no such form of region", error);
    if (strcmp(field[PARTITION], region_partition(field[REGION])) != 0)
        return source_is_wrong(source, "the region is not in that partition", error);
    if (field[ACCOUNT] && *field[ACCOUNT] && !account_is_valid(field[ACCOUNT]))
        return source_is_wrong(source, "an account has 12 digits", error);
    if (field[RESOURCE] && *field[RESOURCE])
        return source_is_wrong(source, "it must end with the account", error);
    r = merge(&options->region, field[REGION], "region", error);
    if (!r && field[ACCOUNT] && *field[ACCOUNT])
        r = merge(&options->account_id, field[ACCOUNT], "account-id", error);
    if (r)
        return r;
    return set_text(&options->partition, field[PARTITION], error);
}

static int read_source(struct options *options, const char *source, struct error *error)
{
    static const char nothing[] = "personalizefs";
    int r = set_text(&options->source, source ? source : nothing, error);
    if (r || !source || !strcmp(source, nothing) || !strcmp(source, "none"))
        return r;
    if (!strncmp(source, "arn:", 4))
        return read_arn(options, source, error);
    if (!region_is_valid(source))
        return source_is_wrong(source, "not a region", error);
    return merge(&options->region, source, "region", error);
}

static int read_mountpoint(struct options *options, const char *mountpoint, struct error *error)
{
    if (!*mountpoint)
        return error_set(error, EINVAL, WRONG_USE, "MOUNTPOINT is empty");
    if (has_control(mountpoint))
        return error_set(error, EINVAL, WRONG_USE, "MOUNTPOINT holds a control character");
    return set_text(&options->mountpoint, mountpoint, error);
}

static int set_defaults(struct options *options, struct error *error)
{
    const struct option_row *row;
    *options = (struct options){ .uid = getuid(), .gid = getgid() };
    for (size_t i = 0; (row = option_at(i)); i++) {
        int r = row->default_value ? apply(options, row, row->default_value, error) : 0;
        if (r)
            return r;
    }
    return 0;
}

static int parse(struct options *options, struct arguments *arguments, struct error *error)
{
    int n;
    int r = set_defaults(options, error);
    if (!r)
        r = apply_arguments(options, arguments, error);
    if (r)
        return r;
    if (options->debug) {
        r = apply_given(options, find_letter('f'), NULL, error);
        if (!r)
            r = apply_given(options, find_name("log-level", strlen("log-level")), "debug", error);
        if (r)
            return r;
    }
    n = arguments->n_operands;
    if (!n && (options->help || options->version))
        return 0;
    if (!n)
        return error_set(error, EINVAL, WRONG_USE, "MOUNTPOINT is missing; personalizefs --help says more");
    r = read_source(options, n == 2 ? arguments->operand[0] : NULL, error);
    return r ? r : read_mountpoint(options, arguments->operand[n - 1], error);
}

int options_parse(int argc, char **argv, struct options *options, struct error *error)
{
    struct arguments arguments = { .argc = argc, .argv = argv };
    int r = parse(options, &arguments, error);
    if (r)
        options_release(options);
    return r;
}

void options_release(struct options *options)
{
    free(options->source);
    free(options->mountpoint);
    free(options->partition);
    free(options->region);
    free(options->account_id);
    free(options->profile);
    free(options->endpoint_url);
    for (size_t i = 0; i < OPTIONS_MAX; i++)
        free(options->given[i]);
    *options = (struct options){ 0 };
}

/* ---- the table of settings ---- */

static bool is_named(const struct option_row *row, const char *const *names)
{
    while (*names && strcmp(row->name, *names) != 0)
        names++;
    return *names;
}

void options_visit(const struct options *options, options_visit_fn *visit, void *data)
{
    static const char *const elsewhere[] = {
        "region", "profile", "endpoint-url", "account-id", "help", "version", NULL
    };
    const struct option_row *row;
    char number[sizeof "4294967295"];
    for (size_t i = 0; (row = option_at(i)); i++) {
        const char *value = options->given[i] ? options->given[i] : row->default_value;
        if (!row->parse || is_named(row, elsewhere))
            continue;
        if (!value && row->argument) { /* uid and gid are the process's own */
            (void)snprintf(number, sizeof number, "%u", strcmp(row->name, "uid") == 0 ? options->uid : options->gid);
            value = number;
        }
        visit(data, row->name, value ? value : "false", options->given[i] ? "option" : "default");
    }
    if (options->account_id)
        visit(data, "account-id", options->account_id,
              options->given[index_of(find_name("account-id", strlen("account-id")))] ? "option" : "SOURCE");
}

const char *options_region_from(const struct options *options)
{
    return options->given[index_of(find_name("region", strlen("region")))] ? "option" : "SOURCE";
}

/* ---- the help ---- */

static void help_row(FILE *to, const struct option_row *row)
{
    char form[40];
    if (row->letter)
        (void)snprintf(form, sizeof form, "-%c, %s", row->letter, row->name);
    else
        (void)snprintf(form, sizeof form, "%s%s%s", row->name, row->argument ? "=" : "",
                       row->argument ? row->argument : "");
    (void)fprintf(to, "  %-18s %s", form, row->help);
    if (row->default_value)
        (void)fprintf(to, " (default: %s)", row->default_value);
    (void)fputc('\n', to);
}

void options_help(FILE *to)
{
    static const char *const titles[] = { "The service", "Freshness", "The files", "The command" };
    const char *separator = "  ";
    const struct option_row *row;
    (void)fputs("usage: personalizefs [options] [SOURCE] MOUNTPOINT\n"
                "\n"
                "Mounts the batch inference jobs of Amazon Personalize as a read-only filesystem.\n"
                "SOURCE is a region (us-west-2) or the beginning of an ARN\n"
                "(arn:aws:personalize:us-west-2:123456789012); with \"none\" or without it the AWS\n"
                "configuration decides.\n"
                "\n"
                "Each option works as -o name=value[,...] and as --name value. A TIME is in\n"
                "seconds or has a unit: 90, 90s, 15m, 12h, 1d, 500ms.\n",
                to);
    for (int section = OPTIONS_SERVICE; section < OPTIONS_IGNORED; section++) {
        (void)fprintf(to, "\n%s:\n", titles[section]);
        for (size_t i = 0; (row = option_at(i)); i++)
            if ((int)row->section == section)
                help_row(to, row);
    }
    (void)fputs("\nAccepted in a -o list and ignored, as mount(8) and fstab pass them:\n", to);
    for (size_t i = 0; (row = option_at(i)); i++)
        if (row->section == OPTIONS_IGNORED) {
            (void)fprintf(to, "%s%s", separator, row->name);
            separator = " ";
        }
    (void)fputs("...\n", to);
}
