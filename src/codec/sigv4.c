/* SPDX-License-Identifier: MIT */
#include "codec/sigv4.h"
