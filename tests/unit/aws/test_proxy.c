/* SPDX-License-Identifier: MIT */
#include "aws/proxy.h"

#include "shared_files.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct config *config_of(struct files *files)
{
    struct config_source source = files_source(files, NULL);
    struct config *config = NULL;
    struct error error;
    assert_int_equal(config_new(&source, &config, &error), 0);
    return config;
}

static void is(const char *text, const char *expected)
{
    if (expected)
        assert_string_equal(text ? text : "(none)", expected);
    else
        assert_null(text);
}

static void test_urls(void **state)
{
    static const struct {
        const char *given, *url, *user, *password;
    } rows[] = {
        { "http://proxy.example:3128", "http://proxy.example:3128", NULL, NULL },
        { "http://proxy.example", "http://proxy.example:80", NULL, NULL },
        { "proxy.example:3128", "http://proxy.example:3128", NULL, NULL },
        { "HTTP://Proxy.Example:443/", "http://proxy.example:443", NULL, NULL },
        { "http://proxy.example:80/", "http://proxy.example:80", NULL, NULL },
        { "https://proxy.example/any?thing#at all", "https://proxy.example:443", NULL, NULL },
        { "https://proxy.example:80", "https://proxy.example:80", NULL, NULL },
        { "socks5h://10.1.2.3", "socks5h://10.1.2.3:1080", NULL, NULL },
        { "socks4://10.1.2.3:443", "socks4://10.1.2.3:443", NULL, NULL },
        { "http://[2001:DB8::1]", "http://[2001:db8::1]:80", NULL, NULL },
        { "http://[::1]:443", "http://[::1]:443", NULL, NULL },
        { "http://user:password@proxy:1", "http://proxy:1", "user", "password" },
        { "user:password@proxy:1", "http://proxy:1", "user", "password" },
        { "http://user@proxy:1", "http://proxy:1", "user", "" },
        { "http://:p@proxy:1", "http://proxy:1", "", "p" },
        { "http://dom%5Cus:p%40s:%2F@s%zz%@proxy:1", "http://proxy:1", "dom\\us", "p@s:/@s%zz%" },
    };
    struct files *files = *state;
    struct config *config = config_of(files);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct proxies proxies;
        struct error error = { 0 };
        files_env(files, "https_proxy", rows[i].given);
        if (proxies_read(config, &proxies, &error))
            fail_msg("%s: %s", rows[i].given, error.message);
        is(proxies.https.url, rows[i].url);
        is(proxies.https.user, rows[i].user);
        is(proxies.https.password, rows[i].password);
        is(proxies.https.from, "https_proxy");
        assert_null(proxies.http.url);
        proxies_release(&proxies);
        assert_null(proxies.https.url);
    }
    config_free(config);
}

static void test_refused(void **state)
{
    static const char *const rows[] = {
        "ftp://hush:hush@proxy:1",
        "socks9://proxy:1",
        "://proxy",
        "http://",
        "http://hush@",
        "http://hush:hush@:3128",
        "http://hu/sh:hush@proxy:3128",
        "http://hush:hush@proxy:0",
        "http://hush:hush@proxy:99999",
        "http://hush:hush@proxy:port",
        "http://hush:hush@pro xy",
        "http://hush:hush@pro\nxy",
        "http://hush%0d%0aX-Evil:hush@proxy",
        "http://hush:hush%00hush@proxy",
        "http://hush:hu\tsh@proxy",
        "http://hush:hush@[::1",
        "http://hush:hush@-",
        "http://hush:hush@127.1",
    };
    static const char *const names[] = { "https_proxy", "http_proxy", "HTTPS_PROXY", "HTTP_PROXY" };
    struct files *files = *state;
    struct config *config = config_of(files);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *name = names[i % 4];
        struct proxies proxies;
        struct error error = { 0 };
        files_env(files, name, rows[i]);
        if (proxies_read(config, &proxies, &error) != -EINVAL)
            fail_msg("taken: %s", rows[i]);
        assert_memory_equal(error.message, name, strlen(name));
        assert_null(strstr(error.message, "hush"));
        files_env(files, name, NULL);
    }
    char text[2000] = "http://";
    memset(text + 7, 'a', sizeof text - 8);
    struct proxies proxies;
    struct error error;
    files_env(files, "HTTPS_PROXY", text);
    assert_int_equal(proxies_read(config, &proxies, &error), -EINVAL);
    config_free(config);
}

static void test_names(void **state)
{
    struct files *files = *state;
    struct config *config = config_of(files);
    struct proxies proxies;
    struct error error;
    assert_int_equal(proxies_read(config, &proxies, &error), 0);
    assert_true(!proxies.https.url && !proxies.http.url && !proxies.no_proxy && !proxies.no_proxy_from);
    is(proxies.no_proxy_plain, "localhost,127.0.0.0/8,::1");
    proxies_release(&proxies);
    files_env(files, "ALL_PROXY", "http://all"); /* not botocore's */
    files_env(files, "HTTPS_PROXY", "http://upper");
    files_env(files, "HTTP_PROXY", "http://plain");
    files_env(files, "NO_PROXY", ".internal");
    files_env(files, "https_proxy", ""); /* counts as not set */
    assert_int_equal(proxies_read(config, &proxies, &error), 0);
    is(proxies.https.url, "http://upper:80");
    is(proxies.https.from, "HTTPS_PROXY");
    is(proxies.http.url, "http://plain:80");
    is(proxies.http.from, "HTTP_PROXY");
    is(proxies.no_proxy, ".internal");
    is(proxies.no_proxy_plain, "localhost,127.0.0.0/8,::1,.internal");
    is(proxies.no_proxy_from, "NO_PROXY");
    proxies_release(&proxies);
    files_env(files, "https_proxy", "http://lower");
    files_env(files, "no_proxy", "*");
    assert_int_equal(proxies_read(config, &proxies, &error), 0);
    is(proxies.https.url, "http://lower:80");
    is(proxies.https.from, "https_proxy");
    is(proxies.no_proxy, "*");
    is(proxies.no_proxy_plain, "*");
    proxies_release(&proxies);
    config_free(config);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        files_test(test_urls),
        files_test(test_refused),
        files_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
