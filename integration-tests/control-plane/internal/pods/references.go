package pods

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// Missing is the annotation that says which Secret, ConfigMap or key keeps a simulated pod from starting; empty once
// nothing does. A stage cannot look at another object, so [Resolve] looks for it.
const Missing = "simulated/missing"

// configuration is the jq expression for what is known of a pod's references: "complete", "lacks" (something, and its
// status does not say so yet), "told" or "unknown".
const configuration = `if ([.spec.containers[] | (.envFrom[]? | (.secretRef, .configMapRef)), (.env[]?.valueFrom | (.secretKeyRef, .configMapKeyRef)) | ` +
	`select(. != null and .optional != true)] | length) == 0 then "complete" ` +
	`else .metadata.annotations["` + Missing + `"] as $missing | if $missing == null then "unknown" elif $missing == "" then "complete" ` +
	`elif .status.containerStatuses[0].state.waiting.message == $missing then "told" else "lacks" end end`

// Resolve keeps the annotation [Missing] of the pods right until the context ends.
func Resolve(ctx context.Context, client kubernetes.Interface) error {
	factory := informers.NewSharedInformerFactory(client, 0)
	core := factory.Core().V1()
	resolver := resolver{client, core.Secrets().Lister(), core.ConfigMaps().Lister(), core.Pods().Lister()}
	changed := make(chan string, 1024)
	notice := func(object any) {
		if accessor, ok := object.(metav1.Object); ok {
			changed <- accessor.GetNamespace()
		}
	}
	handler := cache.ResourceEventHandlerFuncs{AddFunc: notice, UpdateFunc: func(_, object any) { notice(object) }, DeleteFunc: notice}
	for _, informer := range []cache.SharedIndexInformer{core.Secrets().Informer(), core.ConfigMaps().Informer(), core.Pods().Informer()} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return err
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for {
		select {
		case <-ctx.Done():
			return nil
		case namespace := <-changed:
			resolver.look(ctx, namespace)
		}
	}
}

type resolver struct {
	client     kubernetes.Interface
	secrets    listers.SecretLister
	configMaps listers.ConfigMapLister
	pods       listers.PodLister
}

// look brings the annotations of the pods of a namespace up to date. What fails is tried again at the next change.
func (r resolver) look(ctx context.Context, namespace string) {
	pods, err := r.pods.Pods(namespace).List(labels.Everything())
	if err != nil {
		return
	}
	for _, pod := range pods {
		missing, refers := r.missing(pod)
		said, annotated := pod.Annotations[Missing]
		if !refers || pod.DeletionTimestamp != nil || annotated && (said == missing || said == "") {
			continue // a container that has started does not stop for a Secret that goes
		}
		patch, _ := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{Missing: missing}}})
		bounded, cancel := context.WithTimeout(ctx, 5*time.Second)
		_, _ = r.client.CoreV1().Pods(namespace).Patch(bounded, pod.Name, types.MergePatchType, patch, metav1.PatchOptions{})
		cancel()
	}
}

// missing is what the kubelet would say of the first reference that leads nowhere, and whether there is any reference.
func (r resolver) missing(pod *corev1.Pod) (message string, refers bool) {
	for _, container := range pod.Spec.Containers {
		for _, source := range container.EnvFrom {
			if ref := source.SecretRef; ref != nil && !isTrue(ref.Optional) {
				refers = true
				message = first(message, r.secret(pod.Namespace, ref.Name, ""))
			}
			if ref := source.ConfigMapRef; ref != nil && !isTrue(ref.Optional) {
				refers = true
				message = first(message, r.configMap(pod.Namespace, ref.Name, ""))
			}
		}
		for _, variable := range container.Env {
			if variable.ValueFrom == nil {
				continue
			}
			if ref := variable.ValueFrom.SecretKeyRef; ref != nil && !isTrue(ref.Optional) {
				refers = true
				message = first(message, r.secret(pod.Namespace, ref.Name, ref.Key))
			}
			if ref := variable.ValueFrom.ConfigMapKeyRef; ref != nil && !isTrue(ref.Optional) {
				refers = true
				message = first(message, r.configMap(pod.Namespace, ref.Name, ref.Key))
			}
		}
	}
	return message, refers
}

func (r resolver) secret(namespace, name, key string) string {
	secret, err := r.secrets.Secrets(namespace).Get(name)
	if err != nil {
		return fmt.Sprintf("secret %q not found", name)
	}
	if _, found := secret.Data[key]; !found && key != "" {
		return fmt.Sprintf("couldn't find key %s in Secret %s/%s", key, namespace, name)
	}
	return ""
}

func (r resolver) configMap(namespace, name, key string) string {
	configMap, err := r.configMaps.ConfigMaps(namespace).Get(name)
	if err != nil {
		return fmt.Sprintf("configmap %q not found", name)
	}
	if _, found := configMap.Data[key]; !found && key != "" {
		return fmt.Sprintf("couldn't find key %s in ConfigMap %s/%s", key, namespace, name)
	}
	return ""
}

func first(message, next string) string {
	if message != "" {
		return message
	}
	return next
}

func isTrue(value *bool) bool { return value != nil && *value }
