// Package pods says how a simulated pod behaves: the stages that KWOK walks it through, and what it refuses to start for.
//
// What becomes of a pod is the end of its image's tag ("shop/api:crash", "shop/api:v2-crash"), or the environment
// variable SIM_OUTCOME of any of its containers; anything else is a pod that becomes ready. So deploying another image
// fails with no other change to the manifest. All containers of a pod share its outcome.
package pods

import "strings"

// The outcomes of pods that get as far as running.
const (
	ok         = "ok"
	slow       = "slow"       // ready after 5 s instead of 0.3
	neverReady = "neverready" // its readiness probe fails for ever
	unhealthy  = "unhealthy"  // its readiness probe fails, and its liveness probe (if it has one) ends it again and again
	crash      = "crash"      // exits with 1 soon after each start
	oom        = "oom"        // is killed for its memory
	noStart    = "nostart"    // its command does not exist
	lateCrash  = "latecrash"  // becomes ready, then exits with 1, again and again
	flaky      = "flaky"      // crashes twice, then becomes ready
)

// The outcomes of pods whose image has a problem, besides those of [registries].
const (
	badName  = "badname"  // no such name can be: never asked for
	recovers = "recovers" // "toomany" for 8 s after the pod's start, then ok
	tooMany  = "toomany"
)

var running = []string{ok, slow, neverReady, unhealthy, crash, oom, noStart, lateCrash}

// A registry's answer to a pull.
type registry struct {
	words []string
	// What the kubelet quotes; %[1]s is the image.
	says string
	// The end of it, for the event, which cannot name the image.
	short string
}

const unpack = `failed to pull and unpack image "%[1]s": failed to resolve reference "%[1]s": `

// The texts are those of containerd, as the kubelet passes them on: without the code of the call where that is unknown.
// "nomanifest" is what a Docker engine says.
var registries = []registry{
	{[]string{"missing", "pullfail"}, "rpc error: code = NotFound desc = " + unpack + "%[1]s: not found", "not found"},
	{[]string{"nomanifest"}, "Error response from daemon: manifest for %[1]s not found: manifest unknown: Requested image not found",
		"manifest unknown: Requested image not found"},
	{[]string{"denied"}, unpack + denied, denied},
	{[]string{"forbidden"}, unpack + "unexpected status from HEAD request to https://registry.test/v2/web/manifests/latest: 403 Forbidden", "403 Forbidden"},
	{[]string{"pulltimeout"}, unpack + `failed to do request: Head "https://registry.test/v2/web/manifests/latest": dial tcp 192.0.2.1:443: i/o timeout`,
		"dial tcp 192.0.2.1:443: i/o timeout"},
	{[]string{tooMany}, unpack + "unexpected status from HEAD request to https://registry.test/v2/web/manifests/latest: 429 Too Many Requests", "429 Too Many Requests"},
	{[]string{"unavailable"}, unpack + "unexpected status from HEAD request to https://registry.test/v2/web/manifests/latest: 503 Service Unavailable",
		"503 Service Unavailable"},
}

const denied = "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"

// outcome is the jq expression for what becomes of a pod: one of the words above, with the two that change over time
// already resolved.
func outcome() string {
	words := append([]string{flaky, badName, recovers}, running...)
	for _, registry := range registries {
		words = append(words, registry.words...)
	}
	return `. as $pod | (` + environment("SIM_OUTCOME") + ` + [.spec.containers[].image | sub("@.*$"; "") | capture("[:-](?<word>` +
		strings.Join(words, "|") + `)$") | .word] | first) // "ok" | ` +
		`if . == "flaky" then (if ([$pod.status.containerStatuses[]?.restartCount] | max // 0) >= 2 then "ok" else "crash" end) ` +
		`elif . == "recovers" then (if now - (($pod.status.startTime // $pod.metadata.creationTimestamp) | fromdate) > 8 then "ok" else "toomany" end) ` +
		`else . end`
}

// environment is the jq expression for the list of values that the containers give an environment variable.
func environment(name string) string {
	return `[.spec.containers[].env[]? | select(.name == "` + name + `") | .value]`
}

// The name of an image repository has no capital letter; the kubelet refuses one that has without asking anybody.
const capital = `[.spec.containers[].image | test("^[^@:]*/?[^/@:]*[A-Z]")] | any`

// state is the jq expression for where the (first) container of a pod is.
const state = `(.status.containerStatuses[0].state // {}) | ` +
	`if .running then "running" elif .terminated then "terminated" elif .waiting then .waiting.reason else "none" end`

// ready is the jq expression for the status of the pod's Ready condition.
const ready = `.status.conditions[]? | select(.type == "Ready") | .status`

// gates is the jq expression for whether every readiness gate of the pod is open: "true" or "false".
const gates = `[.spec.readinessGates[]?.conditionType as $gate | ` +
	`[.status.conditions[]? | select(.type == $gate and .status == "True")] | length > 0] | all | tostring`

// restarted is the jq expression for whether the container ran before.
const restarted = `(.status.containerStatuses[0].restartCount // 0) > 0 | tostring`

// probed is the jq expression for whether any container has a liveness probe.
const probed = `[.spec.containers[].livenessProbe != null] | any | tostring`
