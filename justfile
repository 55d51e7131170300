# Shorthands for everyday work; `just` alone lists them. Nothing needs them: .ci/run and the README call the tools themselves.

[private]
default:
    @just --list --unsorted

# Types, lints and format: what to run after each edit.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Unit, row and property tests of the program and of the sandbox; FILTER is part of a test's path.
unit *FILTER:
    cargo test --workspace --locked --lib --bins -- {{ FILTER }}

# Tests of the real binary whose names contain NAME; all of them without one. Servers that a test needs are started by it.
scenario *NAME:
    cargo test --workspace --locked --test all -- {{ NAME }}

# The same, of the tiers that need a Kubernetes control plane, which is built once (6 to 11 minutes).
kube *NAME:
    bash integration-tests/control-plane/build.sh node
    CONTROL_PLANE_DIR=target/control-plane cargo test --workspace --locked --test all -- {{ if NAME == "" { "kube" } else { NAME } }}

# Everything a change must pass.
ci:
    bash .ci/run

# Look at snapshots that changed, one after the other (cargo install cargo-insta).
review:
    INSTA_UPDATE=new cargo test --workspace --locked --lib || true
    cargo insta review

# Writes the JSON schemas of the files and of the events anew.
schemas:
    cargo run --locked --quiet -- schema deploy > config/schema/deploy.schema.json
    cargo run --locked --quiet -- schema target > config/schema/target.schema.json
    cargo run --locked --quiet -- schema events > config/schema/events.schema.json

# Requests, seconds and memory, as one table; PART chooses the parts whose titles contain it.
bench *PART:
    cargo bench --bench deploy -- {{ PART }}

# The crate's front page: the architecture and its glossary.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --open
