#!/usr/bin/env bash
# A control plane with one real node: containerd, kubelet and kube-proxy, with containers that really run.
#
#   node.sh DIR [flag of `cp up`…]     until standard input closes
#
# Needs root, and what `build.sh node` installs. It has a network, mounts and processes of its own, so it ends as a whole,
# meets no other one, and leaves the machine's addresses, rules, settings and /etc alone; DIR/pids/namespaces is a process
# in them, for nsenter. DIR must be short, and not below /run or /var/log. Services are at 10.96.0.0/16, seen from inside.
# What an image of registry.test/web does is said in cmd/fixture/server.go; its registry answers as registry.go says.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(cd "${CONTROL_PLANE_DIR:-$here/../../target/control-plane}" && pwd)
address=10.244.0.1 bridge=cp0 node=real-0

# Starts NAME [COMMAND…] with its output in DIR/logs/NAME.log; it ends with everything else.
spawn() {
  local name=$1
  shift
  "$@" >"$dir/logs/$name.log" 2>&1 </dev/null &
  echo $! >"$dir/pids/$name"
}

# Polls COMMAND… until it holds, for 20 s at most.
until_it() {
  local _
  for _ in $(seq 400); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.05
  done
  echo "node.sh: not within 20 s: $*" >&2
  return 1
}

# ------------------------------------------------------------------------------------------- outside: begin and clean up

outside() {
  dir=$(realpath "$1")
  mkdir -p "$dir"/{pids,logs}
  # The first of them is seen from outside by its number, the second is the process 1 of all the rest.
  unshare --net --mount --propagation private -- bash "$0" --unshared "$@" <&0 &
  wait $! || true
  # What the kernel keeps of containers that were killed.
  find /sys/fs/cgroup -depth -type d -path "*/$(group)*" -exec rmdir {} + 2>/dev/null || true
}

# The control group below which this node's pods are, apart from those of any other one.
group() { echo "deployer-test-$(printf %s "$dir" | cksum | cut -d' ' -f1)"; }

unshared() {
  echo $$ >"$(realpath "$1")/pids/namespaces"
  exec unshare --pid --fork --kill-child --mount-proc -- bash "$0" --inside "$@"
}

# ----------------------------------------------------------------------------------------------- inside: what a node is

inside() {
  dir=$(realpath "$1")
  shift
  local files=$dir/node
  mkdir -p "$files"/{cni,registries/registry.test,kubelet,plugins,settings}
  own_places
  own_settings "$files/settings"
  own_control_groups
  network
  "$bin/cp" up --dir "$dir" --nodes 0 --until-stdin-closes --user "system:node:$node=system:nodes" --user system:kube-proxy "$@" <&0 &
  local plane=$!
  spawn registry "$bin/fixture" registry "$address:5000"
  containerd_config "$files" >"$files/containerd.toml"
  spawn containerd containerd --config "$files/containerd.toml"
  until_it ctr -a "$files/containerd.sock" version
  ctr -a "$files/containerd.sock" -n k8s.io images import "$bin/images.tar" >"$dir/logs/images.log" 2>&1
  until_it test -e "$dir/certs/ca.crt" -a -e "$dir/kube-proxy.kubeconfig"
  kubelet_config "$files" >"$files/kubelet.yaml"
  proxy_config >"$files/proxy.yaml"
  until_it test -e "$dir/ready"
  spawn kubelet "$bin/node" kubelet --config "$files/kubelet.yaml" --kubeconfig "$dir/node-$node.kubeconfig" \
    --hostname-override "$node" --node-ip "$address" --root-dir "$files/kubelet" --cert-dir "$files/kubelet/pki"
  spawn kube-proxy "$bin/node" kube-proxy --config "$files/proxy.yaml"
  wait "$plane"
}

# Where programs write outside of DIR, whatever they are told.
own_places() {
  local place
  for place in /run /dev/shm /var/log /var/lib/cni /var/lib/kubelet; do
    mkdir -p "$place"
    mount -t tmpfs tmpfs "$place"
  done
}

# The kubelet sets these for the whole machine unless they are what it wants. It finds them so, in files of our own.
own_settings() {
  local setting value
  while read -r setting value; do
    echo "$value" >"$1/${setting//\//-}"
    [ ! -e "/proc/sys/$setting" ] || mount --bind "$1/${setting//\//-}" "/proc/sys/$setting"
  done <<'SETTINGS'
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
SETTINGS
}

# One in each hierarchy, or one in all where there is but one.
own_control_groups() {
  local hierarchy
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p "/sys/fs/cgroup/$(group)"
  else
    for hierarchy in /sys/fs/cgroup/*/; do mkdir -p "$hierarchy$(group)"; done
  fi
}

# The node's address is that of the bridge of its pods. A connection from the node itself to a Service needs a route
# before kube-proxy's rules send it elsewhere.
network() {
  ip link set lo up
  ip link add "$bridge" type bridge
  ip addr add "$address/24" dev "$bridge"
  ip link set "$bridge" up
  ip route add 10.96.0.0/16 dev "$bridge"
}

containerd_config() {
  local files=$1 cni=/usr/lib/cni
  [ -x "$cni/bridge" ] || cni=/opt/cni/bin
  cat >"$files/registries/registry.test/hosts.toml" <<END
server = "http://$address:5000"
[host."http://$address:5000"]
  capabilities = ["pull", "resolve"]
END
  cat >"$files/cni/10-pods.conflist" <<END
{"cniVersion": "0.4.0", "name": "pods", "plugins": [{"type": "bridge", "bridge": "$bridge", "isGateway": true, "hairpinMode": true,
  "ipam": {"type": "host-local", "dataDir": "$files/addresses", "routes": [{"dst": "0.0.0.0/0"}],
  "ranges": [[{"subnet": "${address%.*}.0/24", "rangeStart": "${address%.*}.10"}]]}}]}
END
  cat <<END
version = 2
root = "$files/root"
state = "$files/state"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "$files/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.test/web-pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$cni"
    conf_dir = "$files/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "$files/registries"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "${NODE_SNAPSHOTTER:-overlayfs}"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
END
}

# Back-off ends at 2 s rather than 5 minutes, so that a loop of crashes is seen within a test.
kubelet_config() {
  cat <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $address
port: 10250
readOnlyPort: 0
healthzPort: 0
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $dir/certs/ca.crt}}
authorization: {mode: Webhook}
containerRuntimeEndpoint: unix://$1/containerd.sock
volumePluginDir: $1/plugins
cgroupDriver: cgroupfs
cgroupRoot: /$(group)
cgroupsPerQOS: true
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
makeIPTablesUtilChains: false
evictionHard: {memory.available: "0%", nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%"}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
resolvConf: ""
featureGates: {KubeletCrashLoopBackOffMax: true}
crashLoopBackOff: {maxContainerRestartPeriod: 2s}
END
}

proxy_config() {
  cat <<END
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clientConnection: {kubeconfig: $dir/kube-proxy.kubeconfig}
hostnameOverride: $node
bindAddress: $address
clusterCIDR: ${address%.*}.0/24
healthzBindAddress: ""
metricsBindAddress: ""
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
nftables: {minSyncPeriod: 100ms}
END
}

case ${1:-} in
  --unshared | --inside) "${1#--}" "${@:2}" ;;
  "" | -*)
    sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
  *) outside "$@" ;;
esac
