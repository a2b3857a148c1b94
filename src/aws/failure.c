/* SPDX-License-Identifier: MIT */
#include "aws/failure.h"

#include "aws/http.h"
#include "codec/json.h"
#include "codec/xml.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ERROR_BODY_DEPTH = 32 };

#define THROTTLED (FAILURE_RETRIED | FAILURE_THROTTLE)

#define ADVICE_THROTTLED \
    "The account's request rate is used up: find who else calls, lower max-requests, raise ttl, or ask for a quota."
#define ADVICE_ALLOW                                                                                               \
    "Allow personalize:DescribeBatchInferenceJob and personalize:ListBatchInferenceJobs to the identity that the " \
    "message names, in its IAM policies, permissions boundary, SCPs and the VPC endpoint's policy."
#define ADVICE_SUBSCRIBE \
    "The account is not signed up for Amazon Personalize: open its console once, or check whose keys these are."
#define ADVICE_CLOCK "This host's clock and the service's differ: check that NTP runs (timedatectl, chronyc tracking)."
#define ADVICE_KEY_ID                                                                                               \
    "The service does not know the access key id: it was deleted or deactivated, belongs to another partition, or " \
    "needs the session token that was given with it."
#define ADVICE_SECRET                                                                                              \
    "The secret key does not belong to the access key id, the region is not the endpoint's, or something between " \
    "changed the request: copy the key pair again, then look at the region, the clock and proxies."
#define ADVICE_EXPIRED "Renew the temporary credentials (aws sso login, or whatever wrote them); no remount is needed."
#define ADVICE_SERVICE \
    "The service is in trouble: look at the AWS Health Dashboard for this region; the next reading asks again."
#define ADVICE_TIMEOUT \
    "Something drops packets silently: check security groups, network ACLs, the VPC endpoint and proxy settings."

/* The service's names first (https://docs.aws.amazon.com/personalize/latest/dg/API_DescribeBatchInferenceJob.html and
 * .../CommonErrors.html), then ours. */
static const struct failure table[] = {
    { "ResourceNotFoundException", ENOENT, 0,
      "There is no job of that name in this account and region: check the name, the region and the account." },
    { "InvalidInputException", EINVAL, 0,
      "The service refused the job's ARN: check that account-id and the region are those of the job." },
    { "InvalidNextTokenException", EBADMSG, 0,
      "The list was refused half-way, twice: list again; if it stays, report it with the request id." },
    { "AccessDeniedException", EACCES, 0, ADVICE_ALLOW },
    { "ExpiredTokenException", EKEYEXPIRED, 0, ADVICE_EXPIRED },
    { "UnrecognizedClientException", EKEYREJECTED, 0, ADVICE_KEY_ID },
    { "InvalidClientTokenId", EKEYREJECTED, 0, ADVICE_KEY_ID },
    { "InvalidSignatureException", EKEYREJECTED, FAILURE_SIGNATURE, ADVICE_SECRET },
    { "SignatureDoesNotMatch", EKEYREJECTED, FAILURE_SIGNATURE, ADVICE_SECRET },
    { "IncompleteSignatureException", EKEYREJECTED, 0,
      "Something between this host and the service changed the Authorization header: look at proxies." },
    { "MissingAuthenticationTokenException", EKEYREJECTED, 0,
      "Something between this host and the service removed the Authorization header, or the endpoint is not "
      "Personalize's: look at proxies and endpoint-url." },
    { "OptInRequired", EREMOTEIO, 0, ADVICE_SUBSCRIBE },
    { "SubscriptionRequiredException", EREMOTEIO, 0, ADVICE_SUBSCRIBE },
    { "NotAuthorized", EREMOTEIO, 0, ADVICE_ALLOW },
    { "UnknownOperationException", EREMOTEIO, 0,
      "What answers is not Personalize, or not all of it: check endpoint-url, and that the region has Personalize." },
    { "RequestTimeTooSkewed", EREMOTEIO, FAILURE_SKEW, ADVICE_CLOCK },
    { "RequestExpired", EREMOTEIO, FAILURE_SKEW, ADVICE_CLOCK },
    { "RequestInTheFuture", EREMOTEIO, FAILURE_SKEW, ADVICE_CLOCK },
    { "RequestTimeout", EREMOTEIO, FAILURE_RETRIED,
      "The service waited too long for the request: the way to it is slow or loses packets." },
    { "Throttling", EBUSY, THROTTLED, ADVICE_THROTTLED },
    { "ThrottledException", EBUSY, THROTTLED, ADVICE_THROTTLED },
    { "RequestThrottled", EBUSY, THROTTLED, ADVICE_THROTTLED },
    { "TooManyRequestsException", EBUSY, THROTTLED, ADVICE_THROTTLED },
    { "ProvisionedThroughputExceededException", EBUSY, THROTTLED, ADVICE_THROTTLED },
    { "TransactionInProgressException", EBUSY, THROTTLED, ADVICE_THROTTLED },
    { "RequestLimitExceeded", EBUSY, THROTTLED, ADVICE_THROTTLED },
    { "BandwidthLimitExceeded", EBUSY, THROTTLED, ADVICE_THROTTLED },
    { "LimitExceededException", EBUSY, THROTTLED, ADVICE_THROTTLED },
    { "SlowDown", EBUSY, THROTTLED, ADVICE_THROTTLED },
    { "PriorRequestNotComplete", EBUSY, THROTTLED, ADVICE_THROTTLED },
    { "EC2ThrottledException", EBUSY, THROTTLED, ADVICE_THROTTLED },

    { "http-429", EBUSY, THROTTLED, ADVICE_THROTTLED },
    { "http-500", EREMOTEIO, FAILURE_RETRIED, ADVICE_SERVICE },
    { "http-502", EREMOTEIO, FAILURE_RETRIED, ADVICE_SERVICE },
    { "http-503", EREMOTEIO, FAILURE_RETRIED, ADVICE_SERVICE },
    { "http-504", EREMOTEIO, FAILURE_RETRIED, ADVICE_SERVICE },
    { "http-5xx", EREMOTEIO, 0, ADVICE_SERVICE },
    { "http-4xx", EREMOTEIO, 0,
      "The request was refused for a reason that this program does not know: read the message; if it comes from a "
      "proxy or from another service, look at endpoint-url." },

    { FAILURE_NOT_RESOLVED, EHOSTUNREACH, FAILURE_RETRIED | FAILURE_UNANSWERED,
      "The host name has no address: check the region or endpoint-url for a typing error (Personalize is not in every "
      "region), then DNS (getent hosts NAME, /etc/resolv.conf, the VPC endpoint's private DNS)." },
    { FAILURE_NO_ROUTE, EHOSTUNREACH, FAILURE_RETRIED | FAILURE_UNANSWERED,
      "This host has no way to the service: check its network, routes (ip route), NAT gateway or VPC endpoint." },
    { FAILURE_REFUSED, ECONNREFUSED, FAILURE_RETRIED | FAILURE_UNANSWERED,
      "Nothing listens at the endpoint, or a firewall refuses: check endpoint-url's host and port, and the proxy." },
    { FAILURE_RESET, ECONNRESET, FAILURE_RETRIED,
      "The connection was cut: look at firewalls, NAT gateways and proxies that drop connections." },
    { FAILURE_CONNECT_TIMEOUT, ETIMEDOUT, FAILURE_RETRIED | FAILURE_UNANSWERED, ADVICE_TIMEOUT },
    { FAILURE_ATTEMPT_TIMEOUT, ETIMEDOUT, FAILURE_RETRIED | FAILURE_UNANSWERED,
      "The connection stands but no whole answer came in time: the service or the way to it is slow." },
    { FAILURE_TLS, EPROTO, FAILURE_UNANSWERED,
      "The message says what is wrong with the certificate: where a proxy inspects TLS, name its CA with ca_bundle or "
      "AWS_CA_BUNDLE; else check endpoint-url's host, this host's clock and its ca-certificates." },
    { FAILURE_PROXY, EACCES, 0,
      "The HTTP proxy refused: check HTTPS_PROXY's user and password, and whether NO_PROXY should name the endpoint." },
    { FAILURE_TOO_LARGE, EBADMSG, 0,
      "The answer is larger than any of the service's: check that endpoint-url is Personalize's, and proxies." },
    { FAILURE_NOT_PROTOCOL, EBADMSG, 0,
      "What answered does not speak AWS JSON (often a proxy's or captive portal's page): check endpoint-url." },
    { FAILURE_TRUNCATED, EBADMSG, FAILURE_RETRIED,
      "The answer was cut short on its way: look at proxies and load balancers between this host and the service." },
    { FAILURE_REDIRECT, EBADMSG, 0,
      "Redirects are not followed, since signed headers would go along: set endpoint-url to the service itself." },
    { FAILURE_DEADLINE, ETIMEDOUT, FAILURE_UNANSWERED,
      "No answer within timeout=: the message says what was being waited for; raise timeout= if the service is slow." },
    { FAILURE_NO_CREDENTIALS, ENOKEY, 0,
      "Put keys into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or into the profile in ~/.aws/credentials or "
      "~/.aws/config of the user who mounts (AWS_PROFILE, AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE count)." },
    { FAILURE_PROFILE, ENOKEY, 0,
      "The message says what is missing or contradictory in the configuration of the credentials: correct it (see "
      "https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html); no remount is needed." },
    { FAILURE_MFA, ENOKEY, 0,
      "A mount cannot ask for a code: let another tool get the session (aws sts get-session-token, or a "
      "credential_process that keeps one), or use a role that needs no MFA." },
    { FAILURE_LOGIN_SESSION, ENOKEY, 0,
      "A mount that renewed it would take it away from the aws command: put \"credential_process = aws configure "
      "export-credentials --profile NAME --format process\" into a profile of the mount's own." },
    { FAILURE_SOURCE_TIMEOUT, ETIMEDOUT, FAILURE_UNANSWERED,
      "The source of the credentials that the message names did not answer in time: try it by hand as the user who "
      "mounts, see what it waits for, or raise timeout=." },
    { FAILURE_SOURCE_ANSWER, EBADMSG, 0,
      "What the source of the credentials answers is not what it must: try it by hand as the user who mounts; the "
      "message says what is wrong with it." },
    { FAILURE_SOURCE_REFUSED, ENOKEY, 0,
      "The source of the credentials refused or failed: the message has its reason; try it by hand as the user who "
      "mounts." },
    { FAILURE_PROCESS, ENOKEY, 0,
      "Run the profile's credential_process by hand as the user who mounts, without a terminal: it must print JSON and "
      "end with status 0 (its output is never logged)." },
    { FAILURE_SSO_EXPIRED, EKEYEXPIRED, 0,
      "Run `aws sso login` for the profile as the user who mounts (aws sso login --profile NAME); no remount is "
      "needed." },
    { FAILURE_SSO_ROLE, EACCES, 0,
      "The signed-in person has no such role in that account: check sso_account_id and sso_role_name (aws sso "
      "list-account-roles), or ask for the assignment in IAM Identity Center." },
    { FAILURE_ROLE, EACCES, 0,
      "Allow sts:AssumeRole on the role to the identity that the message names, and name that identity in the role's "
      "trust policy; check role_arn and external_id." },
    { FAILURE_WEB_IDENTITY, EACCES, 0,
      "STS did not take the token: check that the token file is renewed, that its issuer is an IAM OIDC provider of "
      "the account, and that the role's trust policy names it with this audience and subject." },
    { FAILURE_TOKEN_FILE, ENOKEY, 0,
      "The token's file cannot be read: check its path, that it is mounted into this container, and that the user who "
      "mounts may read it." },
    { FAILURE_CONTAINER, ENOKEY, 0,
      "The container's credential endpoint gave none: check the task's role (ECS) or the pod identity association and "
      "its agent (EKS)." },
    { FAILURE_IMDS_UNREACHABLE, ENOKEY, FAILURE_UNANSWERED,
      "There are no keys in the environment and the profile, and no instance metadata here: run `aws configure` or "
      "`aws configure sso` as the user who mounts; on EC2, allow this process to reach 169.254.169.254." },
    { FAILURE_IMDS_TOKEN, ENOKEY, FAILURE_UNANSWERED,
      "Instance metadata gives no token; in a container, that is its hop limit: aws ec2 "
      "modify-instance-metadata-options --instance-id ID --http-put-response-hop-limit 2." },
    { FAILURE_IMDS_REFUSED, ENOKEY, 0,
      "The instance's metadata service is switched off or has no IMDSv2: aws ec2 modify-instance-metadata-options "
      "--instance-id ID --http-endpoint enabled." },
    { FAILURE_IMDS_ROLE, ENOKEY, 0,
      "The instance has no IAM role: attach an instance profile (aws ec2 associate-iam-instance-profile), or give keys "
      "in the environment or the profile." },
    { FAILURE_NO_ACCOUNT, EINVAL, 0,
      "Name the account: account-id=, or an ARN as SOURCE (arn:aws:personalize:REGION:ACCOUNT)." },
    { FAILURE_WRONG_ACCOUNT, EINVAL, 0,
      "The keys belong to another account than the one given: correct account-id= or SOURCE, or use other keys." },
    { FAILURE_ENDING, ESHUTDOWN, 0, "The mount is ending: mount it again." },
    { FAILURE_MEMORY, ENOMEM, 0, "Free memory on this host, or raise the limit of the service's cgroup." },
};
enum { N_ROWS = sizeof table / sizeof *table };

/* Without "Exception" at the end. */
static size_t stem_length(const char *code)
{
    static const char suffix[] = "Exception";
    size_t len = strlen(code), cut = sizeof suffix - 1;
    return len > cut && strcmp(code + len - cut, suffix) == 0 ? len - cut : len;
}

static const struct failure *find_code(const char *code)
{
    size_t len = stem_length(code);
    for (size_t i = 0; i < N_ROWS; i++)
        if (stem_length(table[i].code) == len && memcmp(table[i].code, code, len) == 0)
            return &table[i];
    return NULL;
}

static bool is_ours(const struct failure *row) { return islower((unsigned char)row->code[0]); }

static const struct failure *find_status(int status)
{
    char code[16];
    (void)snprintf(code, sizeof code, "http-%d", status);
    const struct failure *row = find_code(code);
    if (!row && status >= 400 && status < 600)
        row = find_code(status < 500 ? "http-4xx" : "http-5xx");
    return row ? row : find_code(FAILURE_NOT_PROTOCOL);
}

const struct failure *failure_find(const char *code, int http_status)
{
    const struct failure *row = code && *code ? find_code(code) : NULL;
    return row ? row : find_status(http_status);
}

const struct failure *failure_at(size_t i) { return i < N_ROWS ? &table[i] : NULL; }

const char *failure_advice(const struct error *error) { return failure_find(error->code, error->http_status)->advice; }

bool failure_is_unanswered(const struct error *error)
{
    return (failure_find(error->code, error->http_status)->traits & FAILURE_UNANSWERED) && !error->http_status;
}

/* The length of the well-formed UTF-8 sequence at `text` (RFC 3629), 0 if there is none or it is a C1 control. */
static size_t utf8_length(const unsigned char *text)
{
    if (text[0] < 0x80)
        return 1;
    size_t len = text[0] >= 0xc2 && text[0] < 0xe0 ? 2 : text[0] >= 0xe0 && text[0] < 0xf0 ? 3 : 0;
    if (text[0] >= 0xf0 && text[0] < 0xf5)
        len = 4;
    for (size_t i = 1; i < len; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
        (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return text[0] == 0xc2 && text[1] < 0xa0 ? 0 : len;
}

static void clean_text(char *text)
{
    for (char *at = text; *at;) {
        size_t len = utf8_length((const unsigned char *)at);
        if (!len)
            *at = '?';
        at += len ? len : 1;
    }
}

int failure_set(struct error *error, const char *code, const char *format, ...)
{
    char text[ERROR_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    clean_text(text);
    return error_set(error, failure_find(code, 0)->number, code, "%s", text);
}

/* The name in "prefix#Name:rest" to `to`, "" if it is none that a service may give. */
static void copy_name(char to[ERROR_CODE_SIZE], const char *text)
{
    to[0] = 0;
    if (!text)
        return;
    size_t len = strcspn(text, ":");
    const char *hash = memchr(text, '#', len);
    if (hash) {
        len -= (size_t)(hash + 1 - text);
        text = hash + 1;
    }
    if (len == 0 || len >= ERROR_CODE_SIZE || !isalpha((unsigned char)text[0]))
        return;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("._-", text[i]))
            return;
    memcpy(to, text, len);
    to[len] = 0;
    const struct failure *row = find_code(to);
    if (row && is_ours(row)) /* the network does not speak for us */
        to[0] = 0;
}

static const char *first_string(const struct json_value *object, const char *name, const char *other)
{
    const char *text = json_string(json_member(object, name));
    return text ? text : json_string(json_member(object, other));
}

/* The query services' form, STS's: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
static void read_xml_body(const struct http_response *response, char name[ERROR_CODE_SIZE],
                          char message[ERROR_MESSAGE_SIZE])
{
    struct xml_field fields[] = { { "ErrorResponse/Error/Code", NULL }, { "ErrorResponse/Error/Message", NULL } };
    struct error ignored;
    if (response->body->len > HTTP_ERROR_BODY_MAX ||
        xml_read(buf_str(response->body), response->body->len, fields, 2, &ignored))
        return;
    if (!name[0])
        copy_name(name, fields[0].text);
    (void)snprintf(message, ERROR_MESSAGE_SIZE, "%s", fields[1].text ? fields[1].text : "");
    xml_release(fields, 2);
}

/* What the answer calls itself and says, each "" where it does not. */
static void read_body(const struct http_response *response, char name[ERROR_CODE_SIZE],
                      char message[ERROR_MESSAGE_SIZE])
{
    static const struct json_limits limits = { HTTP_ERROR_BODY_MAX, ERROR_BODY_DEPTH };
    struct json *json = NULL;
    struct error ignored;
    message[0] = 0;
    if (buf_str(response->body)[0] == '<')
        read_xml_body(response, name, message);
    else if (json_parse(buf_str(response->body), response->body->len, &limits, &json, &ignored) == 0) {
        if (!name[0])
            copy_name(name, first_string(json_root(json), "code", "__type"));
        if (!name[0]) /* as OAuth has it (RFC 6749, 5.2), and so SSO-OIDC */
            copy_name(name, json_string(json_member(json_root(json), "error")));
        const char *text = first_string(json_root(json), "message", "Message");
        text = text ? text : json_string(json_member(json_root(json), "error_description"));
        (void)snprintf(message, ERROR_MESSAGE_SIZE, "%s", text ? text : "");
        json_wipe(json);
    }
}

/* A signature's refusal quotes the request that was signed, the session token with it: cut before that. */
static void cut_quoted_request(char *message)
{
    static const char *const quotes[] = { "The Canonical String for this request should have been", "Authorization=" };
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
        char *at = strstr(message, quotes[i]);
        while (at && at > message && isspace((unsigned char)at[-1]))
            at--;
        if (at)
            *at = 0;
    }
}

static const char *header_or(const struct http_response *response, const char *name, const char *otherwise)
{
    const char *value = response->header(response, name);
    return value && *value ? value : otherwise;
}

static int set_from_status(const struct http_response *response, struct error *error)
{
    int status = response->status;
    if (status >= 300 && status < 400)
        return failure_set(error, FAILURE_REDIRECT, "the endpoint redirects (HTTP %d) to %s", status,
                           header_or(response, "Location", "nowhere"));
    if (status == 407)
        return failure_set(error, FAILURE_PROXY, "the proxy wants to know who asks (HTTP 407, %s)",
                           header_or(response, "Proxy-Authenticate", "no scheme named"));
    if (status < 400 || status > 599)
        return failure_set(error, FAILURE_NOT_PROTOCOL, "HTTP %d is no answer of this service", status);

    char name[ERROR_CODE_SIZE], message[ERROR_MESSAGE_SIZE];
    copy_name(name, response->header(response, "X-Amzn-Errortype"));
    read_body(response, name, message);
    cut_quoted_request(message);
    const struct failure *row = failure_find(name, status);
    const char *code = name[0] ? name : row->code;
    if (message[0])
        (void)failure_set(error, code, "%s", message);
    else
        (void)failure_set(error, code, "HTTP %d without a message (%zu bytes of %s)", status, response->body->len,
                          header_or(response, "Content-Type", "no type"));
    error->number = row->number;
    explicit_bzero(message, sizeof message); /* what was cut off too */
    return -error->number;
}

int failure_from_response(const struct http_response *response, struct error *error)
{
    int result = set_from_status(response, error);
    error->http_status = response->status;
    char id[ERROR_ID_SIZE];
    (void)snprintf(id, sizeof id, "%s", header_or(response, "x-amzn-RequestId", ""));
    clean_text(id);
    error_copy(error->request_id, sizeof error->request_id, id);
    return result;
}
