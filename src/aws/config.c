/* SPDX-License-Identifier: MIT */
#include "aws/config.h"
