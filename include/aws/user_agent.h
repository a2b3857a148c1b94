/* SPDX-License-Identifier: MIT */
/*
 * user_agent: how requests say who asks, in the form of the AWS SDKs, so that CloudTrail and AWS's support read it as
 * they read theirs: blank-separated NAME/VALUE#VERSION, "ua/2.1" being the form's own version, "md" whatever has no
 * name of its own, "app" the user's id (https://docs.aws.amazon.com/sdkref/latest/guide/feature-appid.html; the form:
 * https://github.com/boto/botocore/blob/develop/botocore/useragent.py).
 */
#ifndef AWS_USER_AGENT_H
#define AWS_USER_AGENT_H

enum { USER_AGENT_SIZE = 512, APP_ID_MAX = 50 /* the SDKs' limit */ };

struct user_agent {
    const char *version;               /* this program's */
    const char *system_release;        /* uname(2)'s */
    const char *machine;               /* the same */
    const char *http_version;          /* libcurl's */
    const char *execution_environment; /* AWS_EXECUTION_ENV; NULL: none */
    const char *app_id;                /* NULL: none */
};

/* personalizefs/VERSION ua/2.1 os/linux#RELEASE md/arch#MACHINE lang/c md/libcurl#VERSION exec-env/ENV app/ID. A
 * character that RFC 9110's tokens do not have becomes '-'; values are cut at APP_ID_MAX bytes. */
void user_agent_make(const struct user_agent *parts, char to[USER_AGENT_SIZE]);

#endif
