package pods

import "strings"

// Templates of a pod's status, in the language of KWOK: Go templates over the pod, giving YAML.
// The patches are strategic merges: conditions merge by type, containerStatuses are replaced whole.

const preamble = "{{ $now := Now | Quote }}{{ $pod := . }}\n"

const address = `hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName (or .spec.hostNetwork false) .metadata.uid .metadata.name .metadata.namespace | Quote }}
podIPs:
- ip: {{ PodIPWith .spec.nodeName (or .spec.hostNetwork false) .metadata.uid .metadata.name .metadata.namespace | Quote }}
`

const initialised = `{{ if .spec.initContainers }}initContainerStatuses:
{{ range .spec.initContainers }}- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: {{ printf "%s@sha256:%s" .image (sha256sum .image) | Quote }}
  containerID: {{ printf "containerd://%s" (sha256sum (printf "%s/%s" $pod.metadata.uid .name)) | Quote }}
  ready: true
  restartCount: 0
  state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now }}, finishedAt: {{ $now }}}}
{{ end }}{{ end }}
`

// conditions of a pod whose containers are all ready, or not; gated keeps it from being ready all the same.
func conditions(containersReady, gated bool) string {
	text := "conditions:\n" + condition("Initialized", true, "", "") + condition("PodReadyToStartContainers", true, "", "")
	unready := `containers with unready status: [{{ range $i, $c := .spec.containers }}{{ if $i }} {{ end }}{{ $c.name }}{{ end }}]`
	switch {
	case !containersReady:
		text += condition("ContainersReady", false, "ContainersNotReady", unready) + condition("Ready", false, "ContainersNotReady", unready)
	case gated:
		text += condition("ContainersReady", true, "", "") +
			condition("Ready", false, "ReadinessGatesNotReady", "corresponding condition of pod readiness gate does not exist or is not True.")
	default:
		text += condition("ContainersReady", true, "", "") + condition("Ready", true, "", "")
	}
	return text
}

func condition(kind string, holds bool, reason, message string) string {
	status := `"False"`
	if holds {
		status = `"True"`
	}
	return "- {type: " + kind + ", status: " + status + ", lastTransitionTime: {{ $now }}, reason: \"" + reason + "\", message: \"" + message + "\"}\n"
}

// containers gives every container of the pod the same body, indented by two. It may use $c, its specification, $was,
// its status until now, and $restarts, its count of restarts until now.
func containers(body string) string {
	return "containerStatuses:\n{{ range $i, $c := .spec.containers }}" +
		"{{ $was := dict \"state\" (dict) }}{{ if $pod.status.containerStatuses }}{{ $was = index $pod.status.containerStatuses $i }}{{ end }}" +
		"{{ $restarts := int (or $was.restartCount 0) }}\n" +
		"- name: {{ $c.name | Quote }}\n  image: {{ $c.image | Quote }}\n" + body + "{{ end }}\n"
}

// Each run of a container has an identity of its own; RUN is its number.
const identity = `  imageID: {{ printf "%s@sha256:%s" $c.image (sha256sum $c.image) | Quote }}
  containerID: {{ printf "containerd://%s" (sha256sum (printf "%s/%s/%d" $pod.metadata.uid $c.name RUN)) | Quote }}
  restartCount: {{ RUN }}
`

func identified(run string) string { return strings.ReplaceAll(identity, "RUN", run) }

const last = "{{ if $was.lastState }}  lastState: {{ toJson $was.lastState }}\n{{ end }}"

// waiting is a container that has not run yet. The message is a template of a quoted string, or nothing.
func waiting(reason, message string) string {
	if message == "" {
		message = `""`
	}
	return containers("  imageID: \"\"\n  ready: false\n  started: false\n  restartCount: 0\n" +
		"  state: {waiting: {reason: " + reason + ", message: " + message + "}}\n")
}

// started is a container at the beginning of a run: the first, or the next one after it ended.
func started() string {
	next := "{{ $ended := or $was.state.terminated (and $was.state.waiting $was.lastState $was.lastState.terminated) }}" +
		"{{ $run := $restarts }}{{ if $ended }}{{ $run = add1 $restarts }}{{ end }}"
	return containers(next + identified("$run") + "  ready: false\n  started: true\n" +
		"{{ if $ended }}  lastState: {terminated: {{ toJson $ended }}}\n{{ end }}" + "  state: {running: {startedAt: {{ $now }}}}\n")
}

// served is a container that goes on running, and is ready.
func served() string {
	return containers(identified("$restarts") + "  ready: true\n  started: true\n" + last +
		"  state: {{ toJson $was.state }}\n")
}

// ended is a container whose run has just ended. The kubelet counts a restart only when the next run begins.
func ended(reason, exitCode, message string) string {
	return containers(identified("$restarts") + "  ready: false\n  started: false\n" + last +
		"  state: {terminated: {exitCode: " + exitCode + ", reason: " + reason + ", message: " + message +
		", finishedAt: {{ $now }}, startedAt: {{ if $was.state.running }}{{ $was.state.running.startedAt | Quote }}{{ else }}{{ $now }}{{ end }},\n" +
		"    containerID: {{ printf \"containerd://%s\" (sha256sum (printf \"%s/%s/%d\" $pod.metadata.uid $c.name $restarts)) | Quote }}}}\n")
}

// backingOff is a container that ended more than once and is not started again yet.
func backingOff() string {
	message := `{{ printf "back-off 10s restarting failed container=%s pod=%s_%s(%s)" $c.name $pod.metadata.name $pod.metadata.namespace $pod.metadata.uid | Quote }}`
	return containers(identified("$restarts") + "  ready: false\n  started: false\n" +
		"  lastState: {terminated: {{ toJson $was.state.terminated }}}\n" +
		"  state: {waiting: {reason: CrashLoopBackOff, message: " + message + "}}\n")
}

const nodeStatus = `{{ $now := Now | Quote }}
conditions:
{{ range NodeConditions }}- {type: {{ .type | Quote }}, status: {{ .status | Quote }}, reason: {{ .reason | Quote }}, message: {{ .message | Quote }}, lastHeartbeatTime: {{ $now }}, lastTransitionTime: {{ $now }}}
{{ end }}addresses:
- {type: InternalIP, address: {{ NodeIP | Quote }}}
- {type: Hostname, address: {{ .metadata.name | Quote }}}
daemonEndpoints: {kubeletEndpoint: {Port: {{ NodePort }}}}
allocatable: {{ toJson .status.allocatable }}
capacity: {{ toJson .status.capacity }}
nodeInfo: {architecture: amd64, operatingSystem: linux, kubeletVersion: VERSION, kubeProxyVersion: "", containerRuntimeVersion: "containerd://2.1.0", kernelVersion: "6.1", osImage: simulated, machineID: "", bootID: "", systemUUID: ""}
`
