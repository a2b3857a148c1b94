/* SPDX-License-Identifier: MIT */
#include "aws/credentials.h"
