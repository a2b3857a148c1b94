/* SPDX-License-Identifier: MIT */
#include "fs/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void keys_become_names(void **state)
{
    static const struct {
        const char *key;
        const char *name;
    } cases[] = {
        { "popularity", "popularity" },
        { "", "%" },
        { ".", "%2E" },
        { "..", "%2E." },
        { ".git", "%2Egit" },
        { "a.b", "a.b" },
        { "/", "%2F" },
        { "a/b", "a%2Fb" },
        { "%", "%25" },
        { "%2F", "%252F" },
        { "100%", "100%25" },
        { "a\nb", "a%0Ab" },
        { "\x1f\x7f", "%1F%7F" },
        { "\xc2\x9b", "%C2%9B" }, /* U+009B, a C1 control */
        { "\xc2\xa0", "\xc2\xa0" },
        { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x80" },
        { " a ", " a " },
        { "*", "*" },
        { "-", "-" },
        { "~", "~" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[NAME_SIZE];
        assert_true(name_encode(cases[i].key, name));
        assert_string_equal(name, cases[i].name);
        assert_true(name_is_possible(name));
    }
}

static void long_keys_are_cut_whole(void **state)
{
    char key[2 * NAME_SIZE];
    char name[NAME_SIZE];
    (void)state;
    memset(key, 'a', sizeof key);
    key[NAME_BYTES_MAX] = 0;
    assert_true(name_encode(key, name)); /* just fits */
    assert_int_equal(strlen(name), NAME_BYTES_MAX);
    key[NAME_BYTES_MAX] = 'a';
    key[NAME_BYTES_MAX + 1] = 0;
    assert_false(name_encode(key, name));
    name_number(name, 2);
    assert_int_equal(strlen(name), NAME_BYTES_MAX);
    assert_string_equal(name + NAME_BYTES_MAX - 3, "%~2");
    assert_true(name_is_possible(name));
    for (size_t from = NAME_BYTES_MAX - 12; from < NAME_BYTES_MAX; from++) { /* a character or an escape at the edge */
        static const char *const wide[] = { "\xf0\x9f\x9a\x80", "/", "\xc2\x9b" };
        for (size_t w = 0; w < 3; w++) {
            memset(key, 'a', sizeof key);
            memcpy(key + from, wide[w], strlen(wide[w]));
            key[sizeof key - 1] = 0;
            assert_false(name_encode(key, name));
            assert_true(name_is_possible(name));
            name_number(name, 1234);
            assert_true(strlen(name) <= NAME_BYTES_MAX);
            assert_true(name_is_possible(name));
        }
    }
}

static void names_that_cannot_be(void **state)
{
    static const char *const names[] = { "",     ".",        "..",       ".git",     "a/b",
                                         "a%",   "%2",       "%2f",      "%G0",      "a%~",
                                         "a%~x", "%~2a",     "a\n",      "\x7f",     "\xff",
                                         "\xc3", "\xc0\xaf", "\xc2\x9b", "\xe2\x82", "\xf8\x88\x80\x80\x80" };
    char longest[NAME_SIZE + 1];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_false(name_is_possible(names[i]));
    memset(longest, 'a', sizeof longest);
    longest[NAME_SIZE] = 0;
    assert_false(name_is_possible(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(keys_become_names), cmocka_unit_test(long_keys_are_cut_whole),
                                        cmocka_unit_test(names_that_cannot_be) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
