/* SPDX-License-Identifier: MIT */
#include "codec/ini.h"
