#!/usr/bin/env bash
# Prepares a machine for `make test`: compilers, PostgreSQL, a browser, npm packages, cargo-deny, third-party suites.
# With apt as root it installs what is missing; otherwise it says what to install and fails before anything runs.
# It starts nothing: each test run starts a private PostgreSQL of its own and removes it afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/needs.sh

require_cargo
need git git
need cc gcc
need strace strace
need ip iproute2
need clang clang
need node nodejs
need npm npm
need chromium chromium
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 \
    || need_package postgresql "initdb was not found in /usr/lib/postgresql/*/bin nor on the path"
install_missing

if [ ! -d node_modules/playwright-core ]; then
    rm -f node_modules/.package-lock.json # fetched for the demo only, without the tools of the tests
fi
npm_packages
cargo deny --version >/dev/null 2>&1 || cargo install --locked --debug cargo-deny

suites="${ALMONER_SUITES:-../shared/suites}"
if [ ! -d "$suites" ]; then
    echo "The third-party suites are not in $suites; ALMONER_SUITES may name another folder." >&2
    if [ "${CI:-}" = true ]; then
        echo "In CI a missing suite is a failure." >&2
        exit 1
    fi
    echo "The tests that read them will say that they are skipped." >&2
fi
