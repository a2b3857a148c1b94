/* SPDX-License-Identifier: MIT */
/* Nothing but what is linked to it: see meson.build. */
int main(void) { return 0; }
