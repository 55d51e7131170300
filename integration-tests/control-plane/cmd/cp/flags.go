package main

import "fmt"

const (
	simulator      = "simulated-kubelet"
	serviceRange   = "10.96.0.0/16"
	serviceAddress = "10.96.0.1"
)

// What users ask for is written down with its body, what the components ask for is not. A service account of any other
// namespace than kube-system is a user.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  users: [` + simulator + `, system:kube-controller-manager, system:kube-scheduler, system:apiserver]
- level: None
  userGroups: [system:nodes, system:serviceaccounts:kube-system]
- level: Metadata
  resources: [{group: "", resources: [secrets]}]
- level: Request
`

func (s *supervisor) apiserverFlags(o *options, etcdSocket string) []string {
	cert := func(name string) string { return s.path("certs", name) }
	return append([]string{
		"--etcd-servers=unix://" + etcdSocket,
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", o.port),
		"--endpoint-reconciler-type=none", // the Service `kubernetes` may not have a loopback address behind it
		"--tls-cert-file=" + cert("apiserver.crt"), "--tls-private-key-file=" + cert("apiserver.key"),
		"--client-ca-file=" + cert("ca.crt"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + cert("service-accounts.pub"), "--service-account-signing-key-file=" + cert("service-accounts.key"),
		"--requestheader-client-ca-file=" + cert("ca.crt"), "--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + cert("front-proxy-client.crt"), "--proxy-client-key-file=" + cert("front-proxy-client.key"),
		"--kubelet-client-certificate=" + cert("apiserver-kubelet-client.crt"), "--kubelet-client-key=" + cert("apiserver-kubelet-client.key"),
		"--kubelet-preferred-address-types=InternalIP", // by default it asks DNS for the node's name
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--service-cluster-ip-range=" + serviceRange,
		"--allow-privileged=true", "--profiling=false",
		"--audit-policy-file=" + cert("audit.yaml"), "--audit-log-path=" + s.path("logs", "audit.log"),
	}, o.apiserver...)
}

func (s *supervisor) controllerFlags() []string {
	cert := func(name string) string { return s.path("certs", name) }
	return []string{
		"--kubeconfig=" + s.path("kube-controller-manager.kubeconfig"),
		"--service-account-private-key-file=" + cert("service-accounts.key"), "--root-ca-file=" + cert("ca.crt"),
		"--cluster-signing-cert-file=" + cert("ca.crt"), "--cluster-signing-key-file=" + cert("ca.key"),
		"--use-service-account-credentials=true",
		"--leader-elect=false", "--secure-port=0", "--profiling=false",
		"--kube-api-qps=200", "--kube-api-burst=400",
		// An autoscaler that acts within a test.
		"--horizontal-pod-autoscaler-sync-period=1s", "--horizontal-pod-autoscaler-cpu-initialization-period=0s",
		"--horizontal-pod-autoscaler-initial-readiness-delay=0s", "--horizontal-pod-autoscaler-downscale-stabilization=3s",
	}
}

func (s *supervisor) schedulerFlags() []string {
	return []string{"--kubeconfig=" + s.path("kube-scheduler.kubeconfig"), "--leader-elect=false", "--secure-port=0", "--profiling=false"}
}
