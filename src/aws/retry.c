/* SPDX-License-Identifier: MIT */
#include "aws/retry.h"
