#!/usr/bin/env bash
# Prepares a machine for `make demo`: a C compiler for SQLite, and the style sheets and scripts that the binary embeds.
# Knows nothing of tests: no database server and no browser is installed here.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/needs.sh

require_cargo
need cc gcc
need node nodejs
need npm npm
install_missing
npm_packages --omit=dev
