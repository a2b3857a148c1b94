# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The AWS SDK for JavaScript, for the tests that ask it.

# packages_ready: what the lock file names, in the build folder (`packages`); asked of the registry again only when it has
# changed.
packages_ready() {
    packages=${BATS_TEST_DIRNAME%/*/*}/build/peer
    cmp -s "$BATS_TEST_DIRNAME/package-lock.json" "$packages/installed.json" && return
    rm -rf "$packages"
    mkdir -p "$packages"
    cp "$BATS_TEST_DIRNAME/package.json" "$BATS_TEST_DIRNAME/package-lock.json" "$packages"
    npm ci --prefix "$packages" --ignore-scripts --no-audit --no-fund --no-update-notifier
    cp "$BATS_TEST_DIRNAME/package-lock.json" "$packages/installed.json"
}
