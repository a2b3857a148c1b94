/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "aws/endpoint.h"
#include "base/buf.h"
#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

#define WRONG_USE "wrong-use"

enum { ACCOUNT_DIGITS = 12, MAX_REQUESTS = 64, OPTION_BYTES = 1 << 16 };
#define SECOND_MS INT64_C(1000)
#define HOUR_MS (3600 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)
#define DURATION_MAX_MS (3650 * DAY_MS)

/* ---- values ---- */

/* The digits of `base` at *at, at most `max`; *at then stands behind them. */
static int read_digits(const char **at, int base, int64_t max, int64_t *ret)
{
    int64_t value = 0;
    int digit = **at - '0';
    if (digit < 0 || digit >= base)
        return -EINVAL;
    for (; digit >= 0 && digit < base; digit = *++*at - '0') {
        if (value > (max - digit) / base)
            return -ERANGE;
        value = value * base + digit;
    }
    *ret = value;
    return 0;
}

static const struct {
    const char *name;
    int64_t ms;
} units[] = { { "d", DAY_MS },    { "h", HOUR_MS },  { "m", 60 * SECOND_MS },
              { "s", SECOND_MS }, { "", SECOND_MS }, { "ms", 1 } };

int duration_parse(const char *text, int64_t *ret_ms)
{
    int64_t number;
    int r = read_digits(&text, 10, DURATION_MAX_MS, &number);
    if (r)
        return r;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text, units[i].name) != 0)
            continue;
        if (number > DURATION_MAX_MS / units[i].ms)
            return -ERANGE;
        *ret_ms = number * units[i].ms;
        return 0;
    }
    return -EINVAL;
}

static int parse_switch(const struct option_row *row, const char *value, void *to)
{
    (void)row, (void)value;
    *(bool *)to = true;
    return 0;
}

static int parse_text(const struct option_row *row, const char *value, void *to)
{
    char **place = to;
    char *copy = strdup(value);
    (void)row;
    if (!copy)
        return -ENOMEM;
    free(*place);
    *place = copy;
    return 0;
}

static int parse_region(const struct option_row *row, const char *value, void *to)
{
    return region_is_valid(value) ? parse_text(row, value, to) : -EINVAL;
}

static bool account_is_valid(const char *text)
{
    return strspn(text, "0123456789") == ACCOUNT_DIGITS && !text[ACCOUNT_DIGITS];
}

static int parse_account(const struct option_row *row, const char *value, void *to)
{
    return account_is_valid(value) ? parse_text(row, value, to) : -EINVAL;
}

static int parse_duration(const struct option_row *row, const char *value, void *to)
{
    int64_t ms;
    if (duration_parse(value, &ms) || ms < row->min || ms > row->max)
        return -EINVAL;
    *(int64_t *)to = ms;
    return 0;
}

static int parse_number(const struct option_row *row, const char *value, int base, int64_t *ret)
{
    return read_digits(&value, base, row->max, ret) || *value || *ret < row->min ? -EINVAL : 0;
}

static int parse_count(const struct option_row *row, const char *value, void *to)
{
    int64_t number;
    if (parse_number(row, value, 10, &number))
        return -EINVAL;
    *(int *)to = (int)number;
    return 0;
}

static int parse_owner(const struct option_row *row, const char *value, void *to)
{
    int64_t number;
    _Static_assert(sizeof(uid_t) == sizeof(uint32_t) && sizeof(gid_t) == sizeof(uint32_t), "one parser for both");
    if (parse_number(row, value, 10, &number))
        return -EINVAL;
    *(uint32_t *)to = (uint32_t)number;
    return 0;
}

static int parse_mode(const struct option_row *row, const char *value, void *to)
{
    int64_t number;
    if (parse_number(row, value, 8, &number))
        return -EINVAL;
    *(mode_t *)to = (mode_t)number;
    return 0;
}

static int parse_level(const struct option_row *row, const char *value, void *to)
{
    static const char *const names[] = { "error", "warning", "info", "debug" };
    (void)row;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(value, names[i])) {
            *(enum log_level *)to = (enum log_level)i;
            return 0;
        }
    return -EINVAL;
}

/* ---- the table ---- */

#define STRING_(x) #x
#define STRING(x) STRING_(x)
#if MIN_TTL_MS == 1000
#define MIN_TTL_TEXT "1s"
#else
#define MIN_TTL_TEXT STRING(MIN_TTL_MS) "ms"
#endif
#define A_TIME "a time such as 90, 90s, 15m, 12h or 1d"

#define AT(member) .offset = offsetof(struct options, member)
#define SWITCH(member) .parse = parse_switch, AT(member)
#define TIME(member, least, most) .argument = "TIME", .parse = parse_duration, AT(member), .min = (least), .max = (most)
#define TTL(member) TIME(member, MIN_TTL_MS, DURATION_MAX_MS), .expected = A_TIME ", at least " MIN_TTL_TEXT
/* (uid_t)-1 means "no one" to chown(2), and is nobody's. */
#define OWNER(member) .argument = "ID", .parse = parse_owner, AT(member), .max = UINT32_MAX - 1, .expected = "a number"
#define IGNORED(word)                              \
    {                                              \
        .name = (word), .section = OPTIONS_IGNORED \
    }

static const struct option_row rows[] = {
    { .name = "region",
      .argument = "REGION",
      .parse = parse_region,
      AT(region),
      .section = OPTIONS_SERVICE,
      .expected = "a region such as us-west-2",
      .help = "the region whose jobs are shown (default: SOURCE's, else the AWS configuration's)" },
    { .name = "account-id",
      .argument = "ID",
      .parse = parse_account,
      AT(account_id),
      .section = OPTIONS_SERVICE,
      .expected = "12 digits",
      .help = "the account whose jobs are shown (default: SOURCE's, else the credentials')" },
    { .name = "profile",
      .argument = "NAME",
      .parse = parse_text,
      AT(profile),
      .section = OPTIONS_SERVICE,
      .expected = "a profile's name",
      .help = "the profile of the shared AWS files (default: that of AWS_PROFILE, else \"default\")" },
    { .name = "endpoint-url",
      .argument = "URL",
      .parse = parse_text,
      AT(endpoint_url),
      .section = OPTIONS_SERVICE,
      .expected = "an http or https URL",
      .help = "what is asked (default: the AWS configuration's, else the service in the region)" },
    { .name = "allow-http",
      SWITCH(allow_http),
      .section = OPTIONS_SERVICE,
      .help = "let the endpoint be plain http on another host than this one" },
    { .name = "timeout",
      TIME(timeout_ms, 1, HOUR_MS),
      .section = OPTIONS_SERVICE,
      .default_value = "15s",
      .expected = A_TIME ", more than 0, at most 1h",
      .help = "how long a caller waits for the service, retries included" },
    { .name = "max-requests",
      .argument = "N",
      .parse = parse_count,
      AT(max_requests),
      .section = OPTIONS_SERVICE,
      .min = 1,
      .max = MAX_REQUESTS,
      .default_value = "8",
      .expected = "a number from 1 to 64",
      .help = "how many requests are under way at once, at most" },

    { .name = "ttl",
      TTL(ttl_ms),
      .section = OPTIONS_FRESHNESS,
      .default_value = "30s",
      .help = "how long the values of a running job are fresh" },
    { .name = "terminal-ttl",
      TTL(terminal_ttl_ms),
      .section = OPTIONS_FRESHNESS,
      .default_value = "1d",
      .help = "how long the values of a finished job are fresh" },
    { .name = "list-ttl",
      TTL(list_ttl_ms),
      .section = OPTIONS_FRESHNESS,
      .default_value = "60s",
      .help = "how long the list of jobs is fresh, and at least ten times what it took" },
    { .name = "negative-ttl",
      TIME(negative_ttl_ms, 0, DURATION_MAX_MS),
      .section = OPTIONS_FRESHNESS,
      .default_value = "5s",
      .expected = A_TIME,
      .help = "how long \"no such job\" is remembered" },

    { .name = "uid", OWNER(uid), .section = OPTIONS_FILES, .help = "owner of every file (default: who mounts)" },
    { .name = "gid",
      OWNER(gid),
      .section = OPTIONS_FILES,
      .help = "group of every file (default: that of who mounts)" },
    { .name = "umask",
      .argument = "MODE",
      .parse = parse_mode,
      AT(umask),
      .section = OPTIONS_FILES,
      .max = 0777,
      .default_value = "000",
      .expected = "an octal number from 000 to 777",
      .help = "permissions to take from 0444 of files and 0555 of directories" },
    { .name = "allow_other",
      SWITCH(allow_other),
      .section = OPTIONS_FILES,
      .help = "let users other than the one who mounts see the files" },

    { .name = "foreground",
      .letter = 'f',
      SWITCH(foreground),
      .section = OPTIONS_COMMAND,
      .help = "stay in the foreground, and log to standard error" },
    { .name = "debug",
      .letter = 'd',
      SWITCH(debug),
      .section = OPTIONS_COMMAND,
      .help = "stay in the foreground, and log everything" },
    { .name = "log-level",
      .argument = "LEVEL",
      .parse = parse_level,
      AT(log_level),
      .section = OPTIONS_COMMAND,
      .default_value = "info",
      .expected = "error, warning, info or debug",
      .help = "the least important messages to log: error, warning, info or debug" },
    { .name = "help", .letter = 'h', SWITCH(help), .section = OPTIONS_COMMAND, .help = "print this help" },
    { .name = "version", .letter = 'V', SWITCH(version), .section = OPTIONS_COMMAND, .help = "print the version" },

    IGNORED("ro"),
    IGNORED("rw"),
    IGNORED("_netdev"),
    IGNORED("nofail"),
    IGNORED("suid"),
    IGNORED("nosuid"),
    IGNORED("dev"),
    IGNORED("nodev"),
    IGNORED("exec"),
    IGNORED("noexec"),
    IGNORED("auto"),
    IGNORED("noauto"),
    IGNORED("user"),
    IGNORED("defaults"),
    IGNORED("relatime"),
    IGNORED("x-"),
};
enum { N_ROWS = sizeof rows / sizeof *rows };

const struct option_row *option_at(size_t i) { return i < N_ROWS ? &rows[i] : NULL; }

static const struct option_row *find_name(const char *name, size_t len)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        size_t row_len = strlen(rows[i].name);
        bool is_prefix = rows[i].name[row_len - 1] == '-';
        if ((row_len == len || (is_prefix && row_len < len)) && !memcmp(rows[i].name, name, row_len))
            return &rows[i];
    }
    return NULL;
}

static const struct option_row *find_letter(char letter)
{
    for (size_t i = 0; i < N_ROWS; i++)
        if (rows[i].letter == letter)
            return &rows[i];
    return NULL;
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

/* One of a -o list: "name" or "name=value". */
static int apply_item(struct options *options, const char *item, struct error *error)
{
    const char *value = strchr(item, '=');
    const struct option_row *row = find_name(item, value ? (size_t)(value - item) : strlen(item));
    if (!row)
        return unknown(item, error);
    return apply(options, row, value ? value + 1 : NULL, error);
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
        return apply(options, row, value + 1, error);
    return apply(options, row, row->argument ? take_next(arguments) : NULL, error);
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
        r = apply(options, row, NULL, error);
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

/* ---- SOURCE ---- */

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
    return parse_text(NULL, given, option) ? out_of_memory(error) : 0;
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
    return parse_text(NULL, field[PARTITION], &options->partition) ? out_of_memory(error) : 0;
}

static int read_source(struct options *options, const char *source, struct error *error)
{
    static const char nothing[] = "personalizefs";
    if (parse_text(NULL, source ? source : nothing, &options->source))
        return out_of_memory(error);
    if (!source || !strcmp(source, nothing) || !strcmp(source, "none"))
        return 0;
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
    return parse_text(NULL, mountpoint, &options->mountpoint) ? out_of_memory(error) : 0;
}

static int set_defaults(struct options *options, struct error *error)
{
    *options = (struct options){ .uid = getuid(), .gid = getgid() };
    for (size_t i = 0; i < N_ROWS; i++) {
        int r = rows[i].default_value ? apply(options, &rows[i], rows[i].default_value, error) : 0;
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
        options->foreground = true;
        options->log_level = LOG_LEVEL_DEBUG;
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
    *options = (struct options){ 0 };
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
        for (size_t i = 0; i < N_ROWS; i++)
            if ((int)rows[i].section == section)
                help_row(to, &rows[i]);
    }
    (void)fputs("\nAccepted in a -o list and ignored, as mount(8) and fstab pass them:\n", to);
    for (size_t i = 0; i < N_ROWS; i++)
        if (rows[i].section == OPTIONS_IGNORED) {
            (void)fprintf(to, "%s%s", separator, rows[i].name);
            separator = " ";
        }
    (void)fputs("...\n", to);
}
