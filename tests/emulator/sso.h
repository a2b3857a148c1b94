/* SPDX-License-Identifier: MIT */
/*
 * sso: IAM Identity Center's portal, which gives a signed-in person a role's credentials
 * (https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html), and its OIDC
 * service, which renews the sign-in
 * (https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html).
 */
#ifndef EMULATOR_SSO_H
#define EMULATOR_SSO_H

#include "service.h"

operation_fn sso_role_credentials;
operation_fn sso_create_token;

#endif
