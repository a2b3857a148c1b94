/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/cleanup.h"
#include "codec/ini.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Everything in it, one line each: "kind NAME", "  property=value", "    key=value"; a '\n' in a value is '|'. */
static void dump_one(void *data, const char *section, const char *name, const char *property, const char *key,
                     const char *value)
{
    struct buf *dump = data;
    if (!property)
        (void)buf_printf(dump, "%s %s\n", section, name);
    else
        (void)buf_printf(dump, "%s%s=", key ? "    " : "  ", key ? key : property);
    for (; property && *value; value++)
        (void)buf_append_char(dump, *value == '\n' ? '|' : *value);
    if (property)
        (void)buf_append_char(dump, '\n');
}

static char *dump(const struct ini *ini)
{
    struct buf text = BUF_INIT(1 << 20);
    ini_visit(ini, dump_one, &text);
    assert_int_equal(buf_error(&text), 0);
    char *copy = strdup(buf_str(&text));
    assert_non_null(copy);
    buf_release(&text);
    return copy;
}

struct row {
    const char *config;      /* NULL: no such file */
    const char *credentials; /* the same */
    const char *expected;    /* the dump, or NULL: an error */
    const char *message;     /* the error's */
};

static const struct row rows[] = {
    { "", NULL, "", NULL },
    { "\n \n\t\n", NULL, "", NULL },
    { "[default]", NULL, "profile default\n", NULL },
    { "[default]\na=1\n[profile default]\nb=2\n", NULL, "profile default\n  b=2\n", NULL },
    { "[profile default]\nb=2\n[default]\na=1\n", NULL, "profile default\n  b=2\n", NULL },
    { "[profile default]\nb=2\n", "[default]\na=1\n", "profile default\n  b=2\n  a=1\n", NULL },
    { "[default]\nb=2\n[default]\nc=3\n", "[default]\nb=1\n", "profile default\n  b=1\n  c=3\n", NULL },
    { "[dev]\na=1\n[profile dev]\nb=2\n", NULL, "profile dev\n  b=2\n", NULL },
    { NULL, "[profile dev]\na=1\n[dev]\nb=2\n", "profile dev\n  b=2\n", NULL },
    { NULL, "[services x]\na=1\n[sso-session x]\na=1\n", "", NULL },
    { "[Profile dev]\na=1\n[DEFAULT]\na=1\n", NULL, "", NULL },
    { "[default x]\na=1\n[profile]\na=1\n[profile ]\na=1\n[]\na=1\n[ ]\na=1\n", NULL, "", NULL },
    { "[profile \"a b\"]\nkey\n", NULL, "", NULL }, /* nothing in a section that is ignored is looked at */
    { "[profile \"dev\"]\na=1\n[profile 'ops']\na=2\n[profile \"]\na=3\n[profile 'x\"]\na=4\n[profile \"\"]\na=5\n",
      NULL, "profile dev\n  a=1\nprofile ops\n  a=2\n", NULL },
    { "[what ever]\n  x\nkey\n[default]\na=1\n", NULL, "profile default\n  a=1\n", NULL },
    { "[services dev]\npersonalize =\n  endpoint_url = http://localhost:1\n\n  # here\n  B = c ; d\n"
      "s3=\n  endpoint_url=http://localhost:2",
      NULL,
      "services dev\n  personalize=|endpoint_url = http://localhost:1|B = c ; d\n    endpoint_url=http://localhost:1\n"
      "    b=c\n  s3=|endpoint_url=http://localhost:2\n    endpoint_url=http://localhost:2\n",
      NULL },
    { "[sso-session corp]\nsso_region = eu-west-1\n", NULL, "sso-session corp\n  sso_region=eu-west-1\n", NULL },
    { "[default]\nx =\n  in valid = 1\n  a = 2\n", NULL, "profile default\n  x=|in valid = 1|a = 2\n    a=2\n", NULL },
    { "[default]\nx =\n  a = 1\nx = flat\n", NULL, "profile default\n  x=flat\n", NULL },
    { "[default]\nx = flat\nx =\n  a = 1\n", NULL, "profile default\n  x=|a = 1\n    a=1\n", NULL },
    { "[default]\nx =\n  a = 1\n", "[default]\nx =\n  b = 2\n", "profile default\n  x=|b = 2\n    b=2\n", NULL },
    { "[default]\nx = # nothing\n  a = 1\n", NULL, "profile default\n  x=|a = 1\n    a=1\n", NULL },
    { "[default]\nx =# something\n", NULL, "profile default\n  x=# something\n", NULL },
    { "[default]\nin valid =\n  no equals sign\na = 1\n", NULL, "profile default\n  a=1\n", NULL },
    { "[default]\na = 1\n\n# x\n;y\n  more\n  ; not more\n\tyet more\nb = 2", NULL,
      "profile default\n  a=1|more|yet more\n  b=2\n", NULL },
    { "[default]\r\na = 1\r\n  2\r\n\r\nb = 3\r\n", NULL, "profile default\n  a=1|2\n  b=3\n", NULL },
    { "\xEF\xBB\xBF[default]\na = 1\n", NULL, "profile default\n  a=1\n", NULL },
    { "[default]\na = \xff\xfe\n", NULL, "profile default\n  a=\xff\xfe\n", NULL },
    { "[default]\na = = = [x] \n", NULL, "profile default\n  a== = [x]\n", NULL },
    { "[default]\na = 1\n[profile b]\n[default]\nc = 2\n", NULL, "profile b\nprofile default\n  a=1\n  c=2\n", NULL },
    { "  # a comment first\n  ; and another\n[default]\n", NULL, "profile default\n", NULL },

    { "[default]\n\nkey\n", NULL, NULL, "line 3: there is no '=' after the property's name" },
    { "a = 1\n", NULL, NULL, "line 1: a section such as [default] must come first" },
    { "# x\n\n  a = 1\n", NULL, NULL, "line 3: a section such as [default] must come first" },
    { "[default\n", NULL, NULL, "line 1: a section's name must end with ']'" },
    { "[", NULL, NULL, "line 1: a section's name must end with ']'" },
    { "[default] x\n", NULL, NULL, "line 1: a section's name must end with ']'" },
    { "[default]\n = 1\n", NULL, NULL, "line 2: an indented line must follow a property" },
    { "[default]\n=\n", NULL, NULL, "line 2: there is no name before the '='" },
    { "[default]\nsecret # = hush\n", NULL, NULL, "line 2: there is no '=' after the property's name" },
    { "[default]\nx =\n\n\n  hush\n", NULL, NULL, "line 5: there is no '=' after the property's name" },
    { "[default]\nx =\n  = hush\n", NULL, NULL, "line 3: there is no name before the '='" },
    { "[default]\nx = 1\n[what ever]\n[default]\n  2\n", NULL, NULL,
      "line 5: an indented line must follow a property" },
    { "[default]\na = 1\n", "[default]\nhush\n", NULL, "line 2: there is no '=' after the property's name" },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct ini *ini = NULL;
        struct error error = { 0 };
        int r = 0;
        if (row->config)
            r = ini_parse(&ini, INI_CONFIG, row->config, strlen(row->config), &error);
        if (!r && row->credentials)
            r = ini_parse(&ini, INI_CREDENTIALS, row->credentials, strlen(row->credentials), &error);
        if (row->expected) {
            assert_int_equal(r, 0);
            FREE_CLEANUP char *text = dump(ini);
            assert_string_equal(text, row->expected);
        } else {
            assert_int_equal(r, -EINVAL);
            assert_int_equal(error.number, EINVAL);
            assert_string_equal(error.message, row->message);
        }
        ini_free(ini);
    }
}

/* The bytes given are all that is read: the same rows from a block without a NUL behind it. */
static void test_nothing_behind_the_end_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = rows[i].config ? rows[i].config : rows[i].credentials;
        for (size_t len = 0; len <= strlen(text); len++) {
            char *copy = malloc(len ? len : 1);
            assert_non_null(copy);
            memcpy(copy, text, len);
            struct ini *ini = NULL;
            struct error error;
            int r = ini_parse(&ini, INI_CONFIG, copy, len, &error);
            assert_true(r == 0 || r == -EINVAL);
            free(copy);
            ini_free(ini);
        }
    }
}

static void test_failure_leaves_what_was_there(void **state)
{
    (void)state;
    static const char good[] = "[default]\na = 1\n";
    static const char bad[] = "[default]\na = 2\nb = 3\noops\n";
    struct ini *ini = NULL;
    struct error error;
    assert_int_equal(ini_parse(&ini, INI_CONFIG, good, strlen(good), &error), 0);
    assert_int_equal(ini_parse(&ini, INI_CREDENTIALS, bad, strlen(bad), &error), -EINVAL);
    FREE_CLEANUP char *text = dump(ini);
    assert_string_equal(text, "profile default\n  a=1\n");
    ini_free(ini);

    ini = NULL;
    assert_int_equal(ini_parse(&ini, INI_CONFIG, bad, strlen(bad), &error), -EINVAL);
    assert_null(ini);
}

static void test_nul_is_refused(void **state)
{
    (void)state;
    static const char text[] = "[default]\na = 1\0002\n";
    struct ini *ini = NULL;
    struct error error;
    assert_int_equal(ini_parse(&ini, INI_CONFIG, text, sizeof text - 1, &error), -EINVAL);
    assert_string_equal(error.message, "line 2: there is a NUL byte");
    assert_int_equal(ini_parse(&ini, INI_CONFIG, NULL, 0, &error), 0);
    ini_free(ini);
}

static void test_lookup(void **state)
{
    (void)state;
    static const char text[] = "[profile dev]\nRegion = eu-west-1\nempty =\ns3 =\n  Max = 3\n[services s]\n";
    struct ini *ini = NULL;
    struct error error;
    assert_int_equal(ini_parse(&ini, INI_CONFIG, text, strlen(text), &error), 0);
    assert_string_equal(ini_get(ini, "profile", "dev", "region"), "eu-west-1");
    assert_string_equal(ini_get(ini, "profile", "dev", "empty"), "");
    assert_string_equal(ini_get_nested(ini, "profile", "dev", "s3", "max"), "3");
    assert_null(ini_get_nested(ini, "profile", "dev", "s3", "min"));
    assert_null(ini_get_nested(ini, "profile", "dev", "region", "max"));
    assert_null(ini_get(ini, "profile", "dev", "Region"));
    assert_null(ini_get(ini, "profile", "Dev", "region"));
    assert_null(ini_get(ini, "services", "dev", "region"));
    assert_true(ini_has(ini, "services", "s"));
    assert_false(ini_has(ini, "services", "dev"));
    assert_false(ini_has(ini, "default", "default"));
    ini_free(ini);

    ini_free(NULL);
    assert_null(ini_get(NULL, "profile", "dev", "region"));
    assert_null(ini_get_nested(NULL, "profile", "dev", "s3", "max"));
    assert_false(ini_has(NULL, "profile", "dev"));
    ini_visit(NULL, dump_one, NULL);
}

/* As much as a shared file may hold, in the shapes that would hurt if a lookup or a continuation were quadratic. */
static void test_large(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20 };
    static const char *const formats[] = { "[profile p%u]\n", "[default]\nk%u=\n", "k%u=v\n", " more%u\n", " k%u=v\n" };
    static const char *const heads[] = { "", "", "[default]\n", "[default]\na = 1\n", "[default]\na =\n" };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct buf text = BUF_INIT(BYTES + 64);
        (void)buf_append_str(&text, heads[i]);
        char line[64];
        for (unsigned n = 0; text.len < BYTES; n++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            (void)snprintf(line, sizeof line, formats[i], n);
#pragma GCC diagnostic pop
            (void)buf_append_str(&text, line);
        }
        assert_int_equal(buf_error(&text), 0);
        struct ini *ini = NULL;
        struct error error;
        assert_int_equal(ini_parse(&ini, INI_CONFIG, text.data, text.len, &error), 0);
        assert_int_equal(ini_parse(&ini, INI_CONFIG, text.data, text.len, &error), 0);
        if (i == 0)
            assert_true(ini_has(ini, "profile", "p77"));
        if (i == 1 || i == 2)
            assert_non_null(ini_get(ini, "profile", "default", "k77"));
        if (i == 3)
            assert_non_null(strstr(ini_get(ini, "profile", "default", "a"), "\nmore76\nmore77\n"));
        if (i == 4)
            assert_string_equal(ini_get_nested(ini, "profile", "default", "a", "k77"), "v");
        ini_free(ini);
        buf_release(&text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_nothing_behind_the_end_is_read),
        cmocka_unit_test(test_failure_leaves_what_was_there),
        cmocka_unit_test(test_nul_is_refused),
        cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
