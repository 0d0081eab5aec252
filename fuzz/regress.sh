#!/usr/bin/env bash
# Replays every seed under libFuzzer, without nightly. `cargo test` replays them without libFuzzer, too.
set -euo pipefail
cd "$(dirname "$0")"

if ! cargo fuzz --version >/dev/null 2>&1; then
  echo "cargo-fuzz isn't installed, so libFuzzer replays nothing: cargo install cargo-fuzz"
  exit 0
fi
host=$(rustc +stable -vV | sed -n 's/^host: //p')
artifacts=$(mktemp -d)
trap 'rmdir "$artifacts" 2>/dev/null || echo "what failed is in $artifacts"' EXIT
cargo +stable fuzz build -s none
target=${CARGO_TARGET_DIR:-target}
for seeds in seeds/*/; do
  name=$(basename "$seeds")
  printf '%s: ' "$name"
  "$target/$host/release/$name" -runs=0 -artifact_prefix="$artifacts/" "$seeds" 2>"$artifacts/log" || {
    cat "$artifacts/log"
    exit 1
  }
  sed -n 's/.*#\([0-9]*\).*DONE.*/\1 inputs/p' "$artifacts/log"
  rm "$artifacts/log"
done
