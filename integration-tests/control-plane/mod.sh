#!/usr/bin/env bash
# Makes go.mod and go.sum anew, for another version of Kubernetes: `bash mod.sh v1.36.3 v0.8.0` (Kubernetes, KWOK).
#
# Kubernetes finds its own parts by replacing them with directories of its repository, which an importer does not have:
# each of them needs to be replaced by the module that is published of it, v0.A.B for v1.A.B. KWOK is used as a library
# and must be of the same minor version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

kubernetes=${1:?the version of Kubernetes} kwok=${2:?the version of KWOK}
rm -f go.mod go.sum
go mod init deployer.test/control-plane
go mod edit -go=1.26.0
theirs=$(go mod download -json "k8s.io/kubernetes@$kubernetes" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
sed -n 's/^[[:space:]]*\(k8s\.io\/[a-z-]*\) => \.\/staging.*/\1/p' "$theirs" | while read -r part; do
  go mod edit -replace "$part=$part@v0.${kubernetes#v1.}"
done
settings=$(sed -n 's/^godebug //p' "$theirs")
[ -z "$settings" ] || go mod edit -godebug "$settings"
go mod edit -require "k8s.io/kubernetes@$kubernetes" -require "sigs.k8s.io/kwok@$kwok"
go mod tidy
