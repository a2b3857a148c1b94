/* SPDX-License-Identifier: MIT */
#include "codec/json.h"
