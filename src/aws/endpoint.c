/* SPDX-License-Identifier: MIT */
#include "aws/endpoint.h"
