/* SPDX-License-Identifier: MIT */
#include "aws/http.h"
