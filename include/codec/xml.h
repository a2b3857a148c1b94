/* SPDX-License-Identifier: MIT */
/*
 * xml: what AWS's query protocol answers (STS). The only module that includes expat. Elements' texts are asked for by
 * path; namespaces are not looked at; a document type declaration (entities) is refused.
 */
#ifndef CODEC_XML_H
#define CODEC_XML_H

#include "base/error.h"

#include <stddef.h>

enum { XML_PATH_SIZE = 160, XML_DEPTH_MAX = 16 };

struct xml_field {
    const char *path; /* "ErrorResponse/Error/Code" */
    char *text;       /* of the first such element: in memory of base/secret.h, NULL where there is none */
};

/* 0, -EBADMSG or -ENOMEM; `fields` are filled only by 0. Deeper than XML_DEPTH_MAX is -EBADMSG. */
int xml_read(const char *text, size_t len, struct xml_field *fields, size_t n, struct error *error);
void xml_release(struct xml_field *fields, size_t n);

#endif
