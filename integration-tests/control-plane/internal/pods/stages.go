package pods

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kwok/pkg/apis/v1alpha1"
)

// Stages are the steps that KWOK walks pods and nodes through. Where two match a pod, KWOK draws one, so each state has
// at most one way on. version is what the nodes say they run.
func Stages(version string) []v1alpha1.Stage {
	stages := []v1alpha1.Stage{node(version)}
	for _, more := range [][]v1alpha1.Stage{starting(), pulling(), becomingReady(), failing(), ending()} {
		stages = append(stages, more...)
	}
	return stages
}

func starting() []v1alpha1.Stage {
	accepted := status(conditions(false, false) + waiting("ContainerCreating", "") +
		"hostIP: {{ NodeIPWith .spec.nodeName | Quote }}\nphase: Pending\nstartTime: {{ $now }}\n")
	refused := status(conditions(false, false) +
		waiting("InvalidImageName", `{{ printf "Failed to apply default image tag %q: couldn't parse image name %q: invalid reference format" $c.image $c.image | Quote }}`) +
		"hostIP: {{ NodeIPWith .spec.nodeName | Quote }}\nphase: Pending\nstartTime: {{ $now }}\n")
	runs := status(conditions(false, false) + initialised + started() + address + "phase: Running\n")
	untold := status(conditions(false, false) +
		waiting("CreateContainerConfigError", `{{ index $pod.metadata.annotations "`+Missing+`" | Quote }}`))
	unnamed := named(badName)
	valid := isnt(unnamed)
	return []v1alpha1.Stage{
		pod("accept", after("", 50), []v1alpha1.StageStep{normal("Pulling", "Pulling image"), accepted}, in(state, "none"), valid),
		pod("refuse-name", after("", 50), []v1alpha1.StageStep{
			warning("InspectFailed", "Failed to apply default image tag: couldn't parse image name: invalid reference format"),
			warning("Failed", "Error: InvalidImageName"), refused,
		}, in(state, "none"), is(unnamed)),
		pod("run", after("SIM_START_AFTER", 200), []v1alpha1.StageStep{
			normal("Pulled", "Successfully pulled image"), normal("Created", "Container created"), normal("Started", "Container started"), runs,
		}, in(outcome(), running...), in(state, "ContainerCreating", "CreateContainerConfigError", "ErrImagePull", "ImagePullBackOff"),
			in(configuration, "complete")),
		pod("lack-configuration", after("", 100), []v1alpha1.StageStep{warning("Failed", "Error: CreateContainerConfigError"), untold},
			in(outcome(), running...), in(state, "ContainerCreating", "CreateContainerConfigError"), in(configuration, "lacks")),
	}
}

// named is the condition that the outcome is this word, or the image's own name is as bad.
func named(word string) string {
	return `((` + outcome() + `) == "` + word + `") or (` + capital + `) | tostring`
}

func pulling() []v1alpha1.Stage {
	var stages []v1alpha1.Stage
	for _, registry := range registries {
		is, word := in(outcome(), registry.words...), registry.words[0]
		says := fmt.Sprintf("{{ printf %q $c.image | Quote }}", registry.says)
		again := fmt.Sprintf("{{ printf %q $c.image | Quote }}", `Back-off pulling image "%[1]s": ErrImagePull: `+registry.says)
		stages = append(stages,
			pod("pull-"+word, after("SIM_BACKOFF", 500), []v1alpha1.StageStep{
				warning("Failed", "Failed to pull image: "+registry.short), warning("Failed", "Error: ErrImagePull"),
				status(conditions(false, false) + waiting("ErrImagePull", says)),
			}, is, in(state, "ContainerCreating", "ImagePullBackOff")),
			pod("pull-again-"+word, after("", 200), []v1alpha1.StageStep{
				normal("BackOff", "Back-off pulling image"), warning("Failed", "Error: ImagePullBackOff"),
				status(conditions(false, false) + waiting("ImagePullBackOff", again)),
			}, is, in(state, "ErrImagePull")),
		)
	}
	return stages
}

func becomingReady() []v1alpha1.Stage {
	turns := []v1alpha1.StageStep{status(conditions(true, false) + served())}
	runs, unready := in(state, "running"), in(ready, "False")
	failed := "Readiness probe failed: HTTP probe failed with statuscode: 503"
	closed := append([]v1alpha1.MatchExpression{in(`.status.conditions[]? | select(.type == "ContainersReady") | .status`, "False")},
		in(outcome(), ok, slow, lateCrash), runs, in(gates, "false"))
	return []v1alpha1.Stage{
		pod("ready", after("SIM_READY_AFTER", 300), turns, in(outcome(), ok, lateCrash), runs, unready, in(gates, "true")),
		pod("ready-slowly", after("SIM_READY_AFTER", 5000), turns, in(outcome(), slow), runs, unready, in(gates, "true")),
		// The containers are ready, a readiness gate is not: a target that the load balancer has not found healthy yet.
		pod("gated", after("SIM_READY_AFTER", 300), []v1alpha1.StageStep{status(conditions(true, true) + served())}, closed...),
		pod("never-ready", after("", 1000), []v1alpha1.StageStep{warning("Unhealthy", failed)}, in(outcome(), neverReady), runs, unready),
		pod("unprobed", after("", 1000), []v1alpha1.StageStep{warning("Unhealthy", failed)}, in(outcome(), unhealthy), runs, unready,
			in(probed, "false")),
	}
}

func failing() []v1alpha1.Stage {
	ends := func(name string, delay int64, before []v1alpha1.StageStep, body string, when ...v1alpha1.MatchExpression) v1alpha1.Stage {
		steps := append(before, status(conditions(false, false)+body))
		return pod(name, after("SIM_CRASH_AFTER", delay), steps, append(when, in(state, "running"))...)
	}
	absent := `exec: "server": executable file not found in $PATH: unknown`
	killed := []v1alpha1.StageStep{
		warning("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 503"),
		normal("Killing", "Container failed liveness probe, will be restarted"),
	}
	endless := in(outcome(), crash, oom, noStart, lateCrash, unhealthy)
	return []v1alpha1.Stage{
		ends("crash", 300, nil, ended("Error", "1", `""`), in(outcome(), crash)),
		ends("oom", 300, nil, ended("OOMKilled", "137", `""`), in(outcome(), oom)),
		ends("no-start", 50, []v1alpha1.StageStep{warning("Failed", "Error: failed to start container: "+absent)},
			ended("StartError", "128", "'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "+absent+"'"),
			in(outcome(), noStart)),
		ends("crash-late", 3000, nil, ended("Error", "1", `""`), in(outcome(), lateCrash), in(ready, "True")),
		ends("unhealthy", 2000, killed, ended("Error", "137", `""`), in(outcome(), unhealthy), in(probed, "true")),
		// The first time a container is started again at once; only then the kubelet backs off.
		pod("restart", after("", 200), []v1alpha1.StageStep{normal("Started", "Container started"), status(conditions(false, false) + started())},
			in(outcome(), running...), in(state, "terminated"), in(restarted, "false")),
		pod("back-off", after("", 100), []v1alpha1.StageStep{
			warning("BackOff", "Back-off restarting failed container"), status(conditions(false, false) + backingOff()),
		}, endless, in(state, "terminated"), in(restarted, "true")),
		pod("restart-late", after("SIM_BACKOFF", 2000), []v1alpha1.StageStep{
			normal("Started", "Container started"), status(conditions(false, false) + started()),
		}, in(outcome(), running...), in(state, "CrashLoopBackOff")),
	}
}

func ending() []v1alpha1.Stage {
	stop := pod("delete", after("SIM_STOP_AFTER", 200), []v1alpha1.StageStep{normal("Killing", "Stopping container"), {Delete: true}})
	stop.Spec.Selector.MatchExpressions = []v1alpha1.MatchExpression{
		exists(".metadata.deletionTimestamp"), lacks(".metadata.finalizers"),
	}
	return []v1alpha1.Stage{stop}
}

func node(version string) v1alpha1.Stage {
	text := strings.ReplaceAll(nodeStatus, "VERSION", version)
	step := v1alpha1.StageStep{Patch: &v1alpha1.StagePatch{Subresource: "status", Root: "status", Template: text}}
	notYet := v1alpha1.MatchExpression{JQ: &v1alpha1.SelectorJQ{Key: ready, Operator: v1alpha1.SelectorOpNotIn, Values: []string{"True"}}}
	return stage("Node", "node-ready", nil, []v1alpha1.StageStep{step}, []v1alpha1.MatchExpression{notYet})
}

// pod is a stage of pods that nobody has deleted.
func pod(name string, delay *v1alpha1.StageDelay, steps []v1alpha1.StageStep, when ...v1alpha1.MatchExpression) v1alpha1.Stage {
	return stage("Pod", "pod-"+name, delay, steps, append(when, lacks(".metadata.deletionTimestamp")))
}

func stage(kind, name string, delay *v1alpha1.StageDelay, steps []v1alpha1.StageStep, when []v1alpha1.MatchExpression) v1alpha1.Stage {
	return v1alpha1.Stage{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.StageKind},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.StageSpec{
			ResourceRef: v1alpha1.StageResourceRef{APIGroup: "v1", Kind: kind},
			Selector:    &v1alpha1.StageSelector{MatchExpressions: when},
			Delay:       delay, Steps: steps,
		},
	}
}

// after is a delay in milliseconds, unless the pod's environment has another one ("2s") under this name.
func after(variable string, milliseconds int64) *v1alpha1.StageDelay {
	delay := &v1alpha1.StageDelay{DurationMilliseconds: &milliseconds}
	if variable != "" {
		delay.DurationFrom = &v1alpha1.ExpressionFrom{JQ: &v1alpha1.ExpressionJQ{Expression: environment(variable) + "[0] // empty"}}
	}
	return delay
}

func in(key string, values ...string) v1alpha1.MatchExpression {
	return v1alpha1.MatchExpression{JQ: &v1alpha1.SelectorJQ{Key: key, Operator: v1alpha1.SelectorOpIn, Values: values}}
}

func is(key string) v1alpha1.MatchExpression   { return in(key, "true") }
func isnt(key string) v1alpha1.MatchExpression { return in(key, "false") }

func exists(key string) v1alpha1.MatchExpression {
	return v1alpha1.MatchExpression{JQ: &v1alpha1.SelectorJQ{Key: key, Operator: v1alpha1.SelectorOpExists}}
}

func lacks(key string) v1alpha1.MatchExpression {
	return v1alpha1.MatchExpression{JQ: &v1alpha1.SelectorJQ{Key: key, Operator: v1alpha1.SelectorOpDoesNotExist}}
}

func status(template string) v1alpha1.StageStep {
	return v1alpha1.StageStep{Patch: &v1alpha1.StagePatch{Subresource: "status", Root: "status", Template: preamble + template}}
}

func normal(reason, message string) v1alpha1.StageStep {
	return v1alpha1.StageStep{Event: &v1alpha1.StageEvent{Type: "Normal", Reason: reason, Message: message}}
}

func warning(reason, message string) v1alpha1.StageStep {
	return v1alpha1.StageStep{Event: &v1alpha1.StageEvent{Type: "Warning", Reason: reason, Message: message}}
}
