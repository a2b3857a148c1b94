/* SPDX-License-Identifier: MIT */
#include "aws/client.h"
