#!/usr/bin/env bash
# Serves the demonstration and lets its wards move: `almoner demo` in the foreground, the hospital simulator beside it.
# Arguments go to `almoner demo`, but for the data directory, which ALMONER_DATA names; both end together.
set -euo pipefail
cd "$(dirname "$0")/.."

data="${ALMONER_DATA:-almoner-data}"
listen="${ALMONER_LISTEN:-127.0.0.1:8400}"

move_the_wards() {
    until [ -f "$data/demonstration.toml" ] && (exec 3<>"/dev/tcp/${listen%:*}/${listen##*:}") 2>/dev/null; do
        sleep 1
    done
    exec ./target/release/simulate --sign-ins "$data/demonstration.toml" --address "$listen" >>"$data/simulator.log" 2>&1
}

move_the_wards &
mover=$!
trap 'kill "$mover" 2>/dev/null || true' EXIT
./target/release/almoner demo --data "$data" --listen "$listen" "$@"
