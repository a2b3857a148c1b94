/* SPDX-License-Identifier: MIT */
#include "codec/timestamp.h"
