#!/usr/bin/env bash
# Builds what the Kubernetes tests run on into $CONTROL_PLANE_DIR (default: target/control-plane of the checkout): `cp`,
# the control plane; `node`, kubelet and kube-proxy; `fixture` and images.tar, what runs in real pods. With nothing
# changed since the last time it says nothing and takes no time.
#
#   build.sh          all of it
#   build.sh node     also what a real node needs of the distribution (Debian packages, as root)
#
# Exit: 0 all is there; 77 this machine does not permit it, or has no Go; 75 something could not be fetched; 1 anything
# else. The last line on stderr says what.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=${CONTROL_PLANE_DIR:-$here/../../target/control-plane}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

say() { printf 'control plane: %s\n' "$*" >&2; }
forbidden() { say "not permitted here: $*"; exit 77; }
lacking() { say "not on this machine: $*"; exit 77; }
unavailable() { say "not available: $*"; exit 75; }

# The tags of the images that a real node has; what they do is said in cmd/fixture/server.go.
tags=(v1 v2 v3 v2-crash v2-latecrash v2-oom v2-unhealthy v2-neverready v2-slow)

key() {
  { echo "$1" && cat "${BASH_SOURCE[0]}" && find "$here" \( -name '*.go' -o -name 'go.*' \) -type f -print0 | sort -z | xargs -0 cat; } |
    sha256sum | cut -c1-16
}

compile() {
  local version part=k8s.io/component-base/version
  version=$(sed -n 's/^[[:space:]]*k8s\.io\/kubernetes \(v[0-9.]*\).*/\1/p' go.mod)
  local minor=${version#v1.}
  # Unless told, the servers say that they are v0.0.0. One link at a time: that of cp takes 2.8 GiB.
  local flags="-s -w -X $part.gitVersion=$version -X $part.gitMajor=1 -X $part.gitMinor=${minor%%.*} -X $part.gitTreeState=clean"
  local name
  for name in fixture cp node; do
    CGO_ENABLED=0 nice -n 5 go build -trimpath -ldflags "$flags" -o "$dir/$name.new" "./cmd/$name" || return 1
  done
}

build() {
  local go key from=$SECONDS
  # In the directory, where a Go that is older fetches the one that go.mod asks for, if it knows how to.
  go=$(cd "$here" && go version 2>/dev/null) || lacking "Go 1.26 or newer, to build Kubernetes"
  key=$(key "$go")
  [ "$(cat "$dir/key" 2>/dev/null)" != "$key" ] || return 0
  say "building Kubernetes from source; the first time on a machine this takes 6 to 11 minutes"
  rm -f "$dir/key"
  (cd "$here" && compile) >"$dir/build.log" 2>&1 || {
    tail -n 15 "$dir/build.log" >&2
    grep -q 'dial tcp\|proxyconnect\|no such host\|i/o timeout\|download.*fail' "$dir/build.log" && unavailable "Go modules (log: $dir/build.log)"
    say "it does not build (log: $dir/build.log)"
    exit 1
  }
  # A cluster that runs keeps the file it was started from.
  local name
  for name in fixture cp node; do mv -f "$dir/$name.new" "$dir/$name"; done
  "$dir/fixture" image "$dir/images.tar" registry.test/web "${tags[@]}"
  echo "$key" >"$dir/key"
  say "built in $((SECONDS - from)) s"
}

# Commands rather than packages: where somebody else's containerd is installed, the distribution's would replace it.
node_packages() {
  local wanted=() missing
  command -v containerd >/dev/null || wanted+=(containerd)
  command -v runc >/dev/null || wanted+=(runc)
  command -v ip >/dev/null || wanted+=(iproute2)
  command -v nft >/dev/null || wanted+=(nftables)
  command -v conntrack >/dev/null || wanted+=(conntrack)
  [ -x /usr/lib/cni/bridge ] || [ -x /opt/cni/bin/bridge ] || wanted+=(containernetworking-plugins)
  [ ${#wanted[@]} -gt 0 ] || return 0
  missing="${wanted[*]}"
  [ "$(id -u)" = 0 ] || forbidden "root, to install $missing"
  command -v apt-get >/dev/null || unavailable "apt-get, to install $missing"
  say "installing $missing"
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${wanted[@]}"; } \
    >"$dir/apt.log" 2>&1 </dev/null || unavailable "the packages $missing (log: $dir/apt.log)"
}

# What a node will do, tried once, so that "cannot" is found here and not in the middle of a test.
node_proves() {
  local apart=(unshare --net --mount --propagation private --pid --fork --kill-child --mount-proc)
  local layers=$dir/layers
  "${apart[@]}" true 2>/dev/null || forbidden "namespaces of its own for the node (CAP_SYS_ADMIN)"
  "${apart[@]}" ip link add cp0 type bridge 2>/dev/null || forbidden "a network bridge (CAP_NET_ADMIN, and the kernel's bridge)"
  "${apart[@]}" nft add table ip probe 2>/dev/null || forbidden "rules of nftables (CAP_NET_ADMIN, and the kernel's nf_tables)"
  mkdir -p "$layers"/{lower,upper,work,merged}
  "${apart[@]}" mount -t overlay -o "lowerdir=$layers/lower,upperdir=$layers/upper,workdir=$layers/work" overlay "$layers/merged" \
    2>/dev/null || forbidden "an overlay in $dir (the kernel's overlay, on a file system that it takes)"
  rm -rf "$layers"
  [ -w /sys/fs/cgroup ] || forbidden "control groups of its own (/sys/fs/cgroup is not writable)"
}

exec 9>"$dir/lock"
flock 9 # one at a time: the test binary and a person may both ask
build
if [ "${1:-}" = node ]; then
  [ "$(id -u)" = 0 ] || forbidden "root, for containers, a network and mounts of their own"
  node_packages
  node_proves
fi
