#!/usr/bin/env bash
# Other people's AWS on this machine, for the integration tests. Loopback only; needs Debian or Ubuntu, root and Python 3.11.
#
#   servers.sh up [NAME…]   install what is missing and start what is not running (default: all); safe to repeat
#   servers.sh reset        forget every AWS object and remove every container; the servers go on
#   servers.sh status       one line a server
#   servers.sh down         stop what `up` started; what was installed stays
#
# Names: ministack (ECS whose tasks are real containers, run by podman), moto (Application Auto Scaling and the shapes
# of requests), clients (AWS CLI and boto3, for the sandbox), faketime (a library by which a process sees other times).
#
# Everything lives in $SERVERS_DIR (default: target/servers of the checkout). `up` leaves $SERVERS_DIR/endpoints there,
# KEY=value lines. Exit: 0 all is up; 77 this machine does not permit it; 75 something could not be fetched or
# installed; 1 anything else. The last line on stderr says which right or file is missing.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=${SERVERS_DIR:-$here/../../target/servers}
mkdir -p "$dir"/{log,pid,port,venv,image,conf/net,store}
dir=$(cd "$dir" && pwd)

# ---------------------------------------------------------------------------------------------------- saying and ending

say() { printf 'servers: %s\n' "$*" >&2; }
forbidden() { say "not permitted here: $*"; exit 77; }
unavailable() { say "not available: $*"; exit 75; }
broken() { say "$*"; exit 1; }

# Runs COMMAND… with its output in log/NAME.log, and tells how long it took.
step() {
  local name=$1 from=$SECONDS
  shift
  if "$@" >"$dir/log/$name.log" 2>&1; then
    say "$name: done in $((SECONDS - from)) s"
  else
    tail -n 15 "$dir/log/$name.log" >&2
    return 1
  fi
}

# ---------------------------------------------------------------------------------------------------------- processes

pid() { cut -d' ' -f1 "$dir/pid/$1"; }
# When process PID was started: a number that a reused process id does not share.
birth() { cut -d' ' -f22 "/proc/$1/stat" 2>/dev/null; }
alive() { [ -s "$dir/pid/$1" ] && [ "$(birth "$(pid "$1")")" = "$(cut -d' ' -f2 "$dir/pid/$1")" ]; }

# A server in a session of its own, so that it outlives this script; it must not inherit the lock on file 9.
spawn() {
  local name=$1
  shift
  setsid "$@" >"$dir/log/$name.out" 2>&1 </dev/null 9>&- &
  echo "$! $(birth $!)" >"$dir/pid/$name"
}

# Polls COMMAND… until it holds, for 40 s at most, and gives up early when server NAME has died.
until_up() {
  local name=$1 _
  shift
  for _ in $(seq 400); do
    "$@" >/dev/null 2>&1 && return 0
    alive "$name" || break
    sleep 0.1
  done
  tail -n 15 "$dir/log/$name.out" >&2
  return 1
}

end() {
  local _
  alive "$1" || return 0
  kill "$(pid "$1")" 2>/dev/null || true
  for _ in $(seq 50); do
    alive "$1" || { rm -f "$dir/pid/$1"; return 0; }
    sleep 0.1
  done
  kill -9 "$(pid "$1")" 2>/dev/null || true
  rm -f "$dir/pid/$1"
}

# A port nobody uses, chosen by the kernel: several checkouts may run their servers at once.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
port() { cat "$dir/port/$1" 2>/dev/null || echo 0; }

# ------------------------------------------------------------------------------------------------------- installation

packages_missing() {
  local name
  for name in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s ' "$name"
  done
}

# packages NAME…: from the distribution, without what they only recommend.
packages() {
  local missing
  command -v dpkg-query >/dev/null || unavailable "apt (the packages $* are needed)"
  missing=$(packages_missing "$@")
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] || forbidden "root, to install $missing"
  # shellcheck disable=SC2086 # one word a package
  step apt sh -c 'apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"' \
    apt $missing || unavailable "the packages $missing(log: $dir/log/apt.log)"
}

# venv NAME REQUIREMENT…: a Python environment holding exactly these; remade when the list changes.
venv() {
  local name=$1 wanted
  shift
  wanted="$(python3 -c 'import sys; print(*sys.version_info[:2])') $*"
  [ "$(cat "$dir/venv/$name/.wanted" 2>/dev/null)" != "$wanted" ] || return 0
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || unavailable "Python 3.11 or newer"
  python3 -c 'import ensurepip' 2>/dev/null || packages python3-venv
  rm -rf "$dir/venv/$name"
  step "$name-install" sh -c 'd=$1; shift; python3 -m venv "$d" && "$d/bin/pip" install -q --disable-pip-version-check "$@"' \
    venv "$dir/venv/$name" "$@" || unavailable "the Python packages $* (log: $dir/log/$name-install.log)"
  echo "$wanted" >"$dir/venv/$name/.wanted"
}

# ------------------------------------------------------------------------------------------------------------- engine

# The path of a unix socket has at most 107 characters; a checkout may lie deeper than that.
socket=$dir/engine.sock
[ ${#socket} -le 103 ] || socket=/tmp/deployer-servers-$(printf %s "$dir" | cksum | cut -d' ' -f1)/engine.sock

export CONTAINERS_CONF=$dir/conf/containers.conf
export CONTAINERS_STORAGE_CONF=$dir/conf/storage.conf
export CONTAINERS_REGISTRIES_CONF=$dir/conf/registries.conf
unset CONTAINER_HOST DOCKER_HOST # the first would turn every podman command into a remote one

engine_answers() { curl -fsS --max-time 3 --unix-socket "$socket" http://engine/_ping; }
podman_there() { podman --remote --url "unix://$socket" "$@"; }

engine_conf() {
  # podman's own limits are higher than a restricted machine lets a container have ("setting rlimit type 7").
  # runc, because crun refuses hybrid cgroups.
  cat >"$CONTAINERS_CONF" <<'CONF'
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
CONF
  printf '[network]\nnetwork_config_dir = "%s"\n' "$dir/conf/net" >>"$CONTAINERS_CONF"
  printf '[storage]\ndriver = "%s"\ngraphroot = "%s"\nrunroot = "%s"\n' \
    "${SERVERS_STORAGE:-overlay}" "$dir/store/graph" "$dir/store/run" >"$CONTAINERS_STORAGE_CONF"
  # A pull of localhost/… fails at once, and the image that is already here is used.
  printf 'unqualified-search-registries = []\n[[registry]]\nlocation = "localhost"\nblocked = true\n' >"$CONTAINERS_REGISTRIES_CONF"
}

# The engine's own network, mounts and processes: its bridge, its lock segment, its run-time files, its bind mounts and
# its containers are seen by nobody else, and end with it. So two checkouts do not meet, nothing is left behind by an
# engine that was killed, and `rm -rf target` always works. The shell stays as the first process, to bury the others.
engine_start() {
  engine_conf
  mkdir -p "$(dirname "$socket")" /var/lib/cni
  rm -f "$socket"
  # shellcheck disable=SC2016 # for the inner shell
  spawn engine unshare --net --mount --propagation private --pid --fork --kill-child --mount-proc sh -ec '
    ip link set lo up
    for private in /run /dev/shm /var/lib/cni; do mount -t tmpfs tmpfs "$private"; done
    podman system service --time=0 "unix://$1" &
    wait' sh "$socket"
  until_up engine engine_answers
}

images_key() { cat "$here/task.c" "${BASH_SOURCE[0]}" | sha256sum | cut -c1-16; }

# image TAG LINE: a variation of the task image.
image() { printf 'FROM scratch\nCOPY task /task\nENTRYPOINT ["/task"]\nCMD ["serve"]\n%s\n' "$2" | podman_there build -q -t "localhost/web:$1" -f - "$dir/image"; }

images_build() {
  gcc -static -Os -s -Wall -Wextra -o "$dir/image/task" "$here/task.c" || return 1
  image v1 'ENV VERSION=1' && image v2 'ENV VERSION=2' && image deaf 'CMD ["deaf"]' &&
    image bad 'CMD ["crash", "42", "50"]' && # dies at once: the circuit breaker counts it
    image late 'CMD ["crash", "42", "5000"]' && # looks steady for a while, then dies
    images_key >"$dir/image/key"
}

# One container that must run to its end, so that "cannot" is found here and not in the middle of a test.
engine_proves() { podman_there run --rm localhost/web:bad crash 7 0; [ $? = 7 ]; }

engine_up() {
  [ "$(id -u)" = 0 ] || forbidden "root, for containers and a network of their own"
  [[ $dir/ != /run/* && $dir/ != /dev/shm/* ]] || broken "SERVERS_DIR must not lie in /run or /dev/shm"
  packages podman runc iproute2 util-linux curl gcc libc6-dev
  if ! alive engine || ! engine_answers >/dev/null 2>&1; then
    unshare --net --mount --pid --fork true 2>/dev/null || forbidden "namespaces of its own for the engine (CAP_SYS_ADMIN)"
    end ministack # it believes in the containers of the engine before
    end engine
    engine_start || broken "podman did not start (log: $dir/log/engine.out)"
  fi
  [ "$(cat "$dir/image/key" 2>/dev/null)" = "$(images_key)" ] && podman_there image exists localhost/web:late ||
    step images images_build || broken "the test images could not be built (log: $dir/log/images.log)"
  [ -e "$dir/image/proved" ] || step proof engine_proves ||
    forbidden "running a container with runc: $(tail -n 1 "$dir/log/proof.log")"
  touch "$dir/image/proved"
}

# ------------------------------------------------------------------------------------------------------------ servers

ministack_answers() { curl -fsS --max-time 3 "http://127.0.0.1:$(port ministack)/_ministack/health"; }
moto_answers() { curl -fsS --max-time 3 "http://127.0.0.1:$(port moto)/moto-api/data.json"; }

ministack_up() {
  engine_up
  # docker: without it tasks are only pretended.
  venv ministack ministack==1.5.33 docker==7.2.0
  if alive ministack && ministack_answers >/dev/null 2>&1; then return; fi
  end ministack
  podman_there rm -af -t 1 >/dev/null # containers outlive the server that asked for them
  free_port >"$dir/port/ministack"
  spawn ministack env BIND_HOST=127.0.0.1 GATEWAY_PORT="$(port ministack)" IOT_MTLS_ENABLED=0 SFTP_ENABLED=0 \
    MINISTACK_ACCOUNT_ID=123456789012 DOCKER_HOST="unix://$socket" "$dir/venv/ministack/bin/ministack"
  until_up ministack ministack_answers || broken "ministack did not start (log: $dir/log/ministack.out)"
  say "ministack: http://127.0.0.1:$(port ministack)"
}

moto_up() {
  packages curl
  # Less than half of what moto[server] would install, and all that the tests call.
  venv moto 'moto[applicationautoscaling,ecs]==5.2.5' flask==3.1.3 flask-cors==6.0.5
  if alive moto && moto_answers >/dev/null 2>&1; then return; fi
  end moto
  free_port >"$dir/port/moto"
  # It runs nothing, and tells of as many running tasks as it is told to: the two of every service of the tests.
  spawn moto env MOTO_ECS_SERVICE_RUNNING=2 "$dir/venv/moto/bin/moto_server" -H 127.0.0.1 -p "$(port moto)"
  until_up moto moto_answers || broken "moto did not start (log: $dir/log/moto.out)"
  say "moto: http://127.0.0.1:$(port moto)"
}

clients_up() { venv clients awscli==1.46.2 boto3==1.44.5 botocore==1.44.5; }

faketime_up() { packages faketime; }

endpoints() {
  {
    echo "PODMAN_SOCKET=$socket"
    alive engine && echo "ENGINE_PID=$(pid engine)"
    alive ministack && echo "MINISTACK_URL=http://127.0.0.1:$(port ministack)"
    alive moto && echo "MOTO_URL=http://127.0.0.1:$(port moto)"
    [ -e "$dir/venv/clients/.wanted" ] && echo "CLIENTS_BIN=$dir/venv/clients/bin"
    for library in /usr/lib/*/faketime/libfaketime.so.1; do
      [ ! -e "$library" ] || echo "FAKETIME_LIBRARY=$library"
    done
    true
  } >"$dir/endpoints.new"
  mv "$dir/endpoints.new" "$dir/endpoints"
}

# ------------------------------------------------------------------------------------------------------------ commands

up() {
  local name
  [ $# -gt 0 ] || set -- ministack moto clients faketime
  for name in "$@"; do
    case $name in
      ministack | moto | clients | faketime) "${name}_up" ;;
      *) broken "unknown server $name (known: ministack, moto, clients, faketime)" ;;
    esac
  done
  endpoints
}

reset() {
  if alive ministack; then curl -fsS --max-time 60 -X POST "http://127.0.0.1:$(port ministack)/_ministack/reset" >/dev/null; fi
  if alive moto; then curl -fsS --max-time 60 -X POST "http://127.0.0.1:$(port moto)/moto-api/reset" >/dev/null; fi
  if alive engine; then podman_there rm -af -t 1 >/dev/null; fi
}

status() {
  local name
  for name in engine ministack moto; do
    if alive "$name"; then say "$name runs (pid $(pid "$name"))"; else say "$name is down"; fi
  done
}

down() {
  end moto
  end ministack
  if alive engine; then podman_there rm -af -t 1 >/dev/null 2>&1 || true; fi
  end engine
  rm -f "$socket"
  endpoints
}

exec 9>"$dir/lock"
flock 9 # one at a time: the test binary and a person may both ask
verb=${1:-}
case $verb in
  up | reset | status | down) shift && "$verb" "$@" ;;
  *)
    sed -n '2,15s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
