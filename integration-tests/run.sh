#!/usr/bin/env bash
# The whole test suite in one command: `bash integration-tests/run.sh [argument of cargo test…]`.
#
# Installs what the tests of other people's servers need (Debian packages as root, Python environments under target/),
# starts those servers on loopback, builds a Kubernetes control plane (6 to 11 minutes the first time on a machine, then
# nothing) and the binary, runs `cargo test --workspace`, and stops the servers it started. Where the machine does not
# permit a server, or lacks Go, its tests are reported as ignored, each with what is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

servers=integration-tests/servers/servers.sh
target=$(cargo metadata --format-version 1 --no-deps --locked | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
export SERVERS_DIR=${SERVERS_DIR:-$target/servers}

# A server that cannot be had costs its own tests, never the others: those tests ask again and name the reason.
up_before=$(bash "$servers" status 2>&1 | grep -c ' runs ' || true)
[ "$up_before" != 0 ] || trap 'bash "$servers" down' EXIT
for server in ministack moto clients faketime; do
  printf '== %s\n' "$server"
  bash "$servers" up "$server" || true
done

if [ -z "${DEPLOYER_TEST_KUBECONFIG:-}" ]; then
  printf '== the control plane\n'
  CONTROL_PLANE_DIR=${CONTROL_PLANE_DIR:-$target/control-plane} bash integration-tests/control-plane/build.sh node || true
fi

# All targets and not just the binary: built alone it would have other features of its dependencies, and cargo would
# compile all of them a second time for the tests.
printf '\n== the binary\n'
cargo build --workspace --all-targets --locked

printf '\n== cargo test --workspace\n'
cargo test --workspace --locked --no-fail-fast "$@" </dev/null
