package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"deployer.test/control-plane/internal/pods"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/component-base/version"
	"sigs.k8s.io/yaml"
)

// Nodes with this annotation are KWOK's, all others are not its business.
const (
	simulatedKey   = "kwok.x-k8s.io/node"
	simulatedValue = "fake"
)

func (s *supervisor) startKWOK() error {
	port, err := freePort()
	if err != nil {
		return err
	}
	if err := s.writeStages(); err != nil {
		return err
	}
	if err := s.writeLogs(); err != nil {
		return err
	}
	return s.start("kwok",
		"--kubeconfig="+s.path(simulator+".kubeconfig"),
		"--config="+s.path("kwok", "stages.yaml"), "--config="+s.path("kwok", "logs.yaml"),
		"--manage-all-nodes=false", "--manage-nodes-with-annotation-selector="+simulatedKey+"="+simulatedValue,
		"--node-ip=127.0.0.1", fmt.Sprintf("--node-port=%d", port), fmt.Sprintf("--server-address=127.0.0.1:%d", port),
		"--tls-cert-file="+s.path("certs", "kubelet.crt"), "--tls-private-key-file="+s.path("certs", "kubelet.key"),
		"--node-lease-duration-seconds=40")
}

func (s *supervisor) writeStages() error {
	var text strings.Builder
	for _, stage := range pods.Stages(version.Get().GitVersion) {
		document, err := yaml.Marshal(stage)
		if err != nil {
			return err
		}
		text.WriteString("---\n")
		text.Write(document)
	}
	return os.WriteFile(s.path("kwok", "stages.yaml"), []byte(text.String()), 0o644)
}

// writeLogs gives every simulated pod the same log: DIR/pod.log, and DIR/pod-previous.log for the run before. A test may
// write its own; each line is TIME STREAM F TEXT.
func (s *supervisor) writeLogs() error {
	now := time.Now().UTC().Format(time.RFC3339Nano)
	texts := map[string][]string{
		"pod.log":          {"listening on :8080"},
		"pod-previous.log": {"connecting to the database", "error: cannot reach the database: connection refused"},
	}
	for file, lines := range texts {
		var text []byte
		for _, line := range lines {
			text = fmt.Appendf(text, "%s stdout F %s\n", now, line)
		}
		if err := os.WriteFile(s.path(file), text, 0o644); err != nil {
			return err
		}
	}
	config := fmt.Sprintf("apiVersion: kwok.x-k8s.io/v1alpha1\nkind: ClusterLogs\nmetadata: {name: all}\n"+
		"spec: {logs: [{logsFile: %q, previousLogsFile: %q, follow: true}]}\n", s.path("pod.log"), s.path("pod-previous.log"))
	return os.WriteFile(s.path("kwok", "logs.yaml"), []byte(config), 0o644)
}

// makeNode makes the node number i; each is in another zone than the one before.
func makeNode(ctx context.Context, client kubernetes.Interface, i int) error {
	name := fmt.Sprintf("node-%d", i)
	size := corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse("32"),
		corev1.ResourceMemory:           resource.MustParse("256Gi"),
		corev1.ResourcePods:             resource.MustParse("110"),
		corev1.ResourceEphemeralStorage: resource.MustParse("100Gi"),
	}
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Annotations: map[string]string{simulatedKey: simulatedValue},
			Labels: map[string]string{
				corev1.LabelHostname: name, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64",
				corev1.LabelTopologyZone: fmt.Sprintf("us-east-1%c", 'a'+i%3), corev1.LabelTopologyRegion: "us-east-1",
			},
		},
		Status: corev1.NodeStatus{Capacity: size, Allocatable: size},
	}
	_, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func readyNodes(ctx context.Context, client kubernetes.Interface) int {
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0
	}
	count := 0
	for _, node := range nodes.Items {
		for _, condition := range node.Status.Conditions {
			if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
				count++
			}
		}
	}
	return count
}
