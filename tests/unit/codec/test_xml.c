/* SPDX-License-Identifier: MIT */
#include "codec/xml.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Looked for: a/b and a/c/d; NULL: not there. */
static const struct {
    const char *text, *b, *d;
    int result;
} cases[] = {
    { "<a><b>one</b><c><d>two</d></c></a>", "one", "two", 0 },
    { "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a xmlns=\"urn:x\">\n <b> one </b>\n</a>\n", " one ", NULL, 0 },
    { "<a><b>1 &lt; 2 &amp;&#x20;<![CDATA[<3>]]></b></a>", "1 < 2 & <3>", NULL, 0 },
    { "<a><b/></a>", "", NULL, 0 },
    { "<a><b>one</b><b>two</b></a>", "one", NULL, 0 },
    { "<a><b>one<x>y</x>two</b></a>", "one", NULL, 0 },
    { "<a><x><b>no</b></x></a>", NULL, NULL, 0 },
    { "<b>no</b>", NULL, NULL, 0 },
    { "<a><c><d>x</d></c><c><d>y</d></c></a>", NULL, "x", 0 },
    { "<a><B>no</B></a>", NULL, NULL, 0 },
    { "", NULL, NULL, -EBADMSG },
    { "<a><b>one</b>", NULL, NULL, -EBADMSG },
    { "<a></a><a></a>", NULL, NULL, -EBADMSG },
    { "<a><b>one</a></b>", NULL, NULL, -EBADMSG },
    { "<a><b>\xff</b></a>", NULL, NULL, -EBADMSG },
    { "<a><b>&unknown;</b></a>", NULL, NULL, -EBADMSG },
    { "<!DOCTYPE a><a><b>one</b></a>", NULL, NULL, -EBADMSG },
    { "<!DOCTYPE a [<!ENTITY e \"x\">]><a><b>&e;</b></a>", NULL, NULL, -EBADMSG },
    { "{\"a\":1}", NULL, NULL, -EBADMSG },
    { "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>",
      NULL, NULL, 0 },
    { "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>"
      "</a>",
      NULL, NULL, -EBADMSG },
};

static void same(const char *text, const char *expected)
{
    if (expected)
        assert_string_equal(text, expected);
    else
        assert_null(text);
}

static void test_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct xml_field fields[] = { { "a/b", NULL }, { "a/c/d", NULL } };
        struct error error = { 0 };
        int result = xml_read(cases[i].text, strlen(cases[i].text), fields, 2, &error);
        if (result != cases[i].result)
            fail_msg("%s: %d %s", cases[i].text, result, error.message);
        same(fields[0].text, cases[i].b);
        same(fields[1].text, cases[i].d);
        xml_release(fields, 2);
    }
}

/* Names longer than any path that is looked for. */
static void test_long_names(void **state)
{
    char name[XML_PATH_SIZE + 1], text[4 * XML_PATH_SIZE];
    (void)state;
    for (size_t len = XML_PATH_SIZE - 4; len <= XML_PATH_SIZE; len++) {
        struct xml_field field = { "a/b", NULL };
        struct error error;
        memset(name, 'n', len);
        name[len] = 0;
        (void)snprintf(text, sizeof text, "<a><%s><b>no</b><x/></%s><b>yes</b></a>", name, name);
        assert_int_equal(xml_read(text, strlen(text), &field, 1, &error), 0);
        same(field.text, "yes");
        xml_release(&field, 1);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_documents), cmocka_unit_test(test_long_names) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
