/* SPDX-License-Identifier: MIT */
#include "aws/failure.h"
