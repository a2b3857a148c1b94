/* SPDX-License-Identifier: MIT */
#include "sts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NAMESPACE "https://sts.amazonaws.com/doc/2011-06-15/"

bool query_is_spoken(const struct request *request)
{
    static const char form[] = "application/x-www-form-urlencoded";
    const char *type = request_header(request, "Content-Type");
    return type && !strncasecmp(type, form, sizeof form - 1) &&
           (!type[sizeof form - 1] || type[sizeof form - 1] == ';');
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | ' ') >= 'a' && (c | ' ') <= 'f' ? (c | ' ') - 'a' + 10 : -1;
}

/* Form data, decoded. */
static bool decode(const char *text, size_t len, char *to, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        char byte = text[i] == '+' ? ' ' : text[i];
        if (byte == '%') {
            if (len - i < 3 || hex_of(text[i + 1]) < 0 || hex_of(text[i + 2]) < 0)
                return false;
            byte = (char)(hex_of(text[i + 1]) << 4 | hex_of(text[i + 2]));
            i += 2;
        }
        if (!byte || n + 1 >= size)
            return false;
        to[n++] = byte;
    }
    to[n] = 0;
    return true;
}

bool query_parameter(const struct request *request, const char *name, char *to, size_t size)
{
    size_t name_len = strlen(name);
    const char *end = request->body + request->body_len;
    for (const char *at = request->body; at < end;) {
        const char *ampersand = memchr(at, '&', (size_t)(end - at));
        const char *next = ampersand ? ampersand : end;
        if ((size_t)(next - at) > name_len && !memcmp(at, name, name_len) && at[name_len] == '=')
            return decode(at + name_len + 1, (size_t)(next - at) - name_len - 1, to, size);
        at = next + 1;
    }
    return false;
}

/* Character data (https://www.w3.org/TR/xml/#syntax); what XML cannot have becomes a question mark. */
static void write_text(struct buf *to, const char *text)
{
    for (; *text; text++) {
        const char *entity = *text == '&' ? "&amp;" : *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : NULL;
        if (entity)
            buf_append_str(to, entity);
        else
            buf_append_char(to, (unsigned char)*text < ' ' && !strchr("\t\n\r", *text) ? '?' : *text);
    }
}

static void write_element(struct buf *to, const char *name, const char *text)
{
    buf_printf(to, "<%s>", name);
    write_text(to, text);
    buf_printf(to, "</%s>\n", name);
}

static const char *request_id(const struct answer *answer)
{
    for (unsigned i = 0; i < answer->n_headers; i++)
        if (!strcmp(answer->headers[i].name, "x-amzn-RequestId"))
            return answer->headers[i].value;
    return "";
}

void query_error(int status, const char *code, const char *message, struct answer *answer)
{
    static const struct {
        const char *json;
        const char *code;
        int status;
    } names[] = {
        { "IncompleteSignatureException", "IncompleteSignature", 400 },
        { "InvalidSignatureException", "SignatureDoesNotMatch", 403 },
        { "UnrecognizedClientException", "InvalidClientTokenId", 403 },
        { "MissingAuthenticationTokenException", "MissingAuthenticationToken", 403 },
        { "ExpiredTokenException", "ExpiredToken", 403 },
        { "ThrottlingException", "Throttling", 400 },
        { "UnknownOperationException", "InvalidAction", 400 },
    };
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(names[i].json, code)) {
            code = names[i].code;
            status = names[i].status;
            break;
        }
    buf_clear(&answer->body);
    buf_append_str(&answer->body, "<ErrorResponse xmlns=\"" NAMESPACE "\">\n  <Error>\n    ");
    write_element(&answer->body, "Type", status < 500 ? "Sender" : "Receiver");
    buf_append_str(&answer->body, "    ");
    write_element(&answer->body, "Code", code);
    buf_append_str(&answer->body, "    ");
    write_element(&answer->body, "Message", message);
    buf_append_str(&answer->body, "  </Error>\n  ");
    write_element(&answer->body, "RequestId", request_id(answer));
    buf_append_str(&answer->body, "</ErrorResponse>\n");
    answer->status = status;
}

const char *sts_caller_identity(const struct call *call, struct answer *answer, struct buf *message)
{
    const char *account = call->emulator->settings.account;
    char arn[128];
    (void)message;
    snprintf(arn, sizeof arn, "arn:%s:iam::%.12s:user/emulator", partition_of(call->jobs->region), account);
    buf_append_str(&answer->body,
                   "<GetCallerIdentityResponse xmlns=\"" NAMESPACE "\">\n  <GetCallerIdentityResult>\n    ");
    write_element(&answer->body, "Arn", arn);
    buf_append_str(&answer->body, "    ");
    write_element(&answer->body, "UserId", "AIDAEMULATOREXAMPLE00");
    buf_append_str(&answer->body, "    ");
    write_element(&answer->body, "Account", account);
    buf_append_str(&answer->body, "  </GetCallerIdentityResult>\n  <ResponseMetadata>\n    ");
    write_element(&answer->body, "RequestId", request_id(answer));
    buf_append_str(&answer->body, "  </ResponseMetadata>\n</GetCallerIdentityResponse>\n");
    return NULL;
}
