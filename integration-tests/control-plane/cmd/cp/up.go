package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"deployer.test/control-plane/internal/pods"
	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// options are the flags of `cp up`.
type options struct {
	dir            string
	port           int
	nodes          int
	users          []string
	apiserver      []string
	controllers    []string
	eksCluster     string
	eksTokenAge    time.Duration
	awsUsers       []string
	restartAfter   time.Duration
	untilStdinEnds bool
}

func parse(args []string) (options, error) {
	var o options
	flags := pflag.NewFlagSet("up", pflag.ContinueOnError)
	flags.StringVar(&o.dir, "dir", "", "everything lives here: certs, logs, pids, kubeconfigs, and `ready` once it is; keep it short, sockets do too")
	flags.IntVar(&o.port, "port", 0, "of the API server (0: any)")
	flags.IntVar(&o.nodes, "nodes", 2, "simulated nodes; with 0 nothing is simulated")
	flags.StringArrayVar(&o.users, "user", nil, "NAME[=GROUP,GROUP]: makes NAME.kubeconfig with a client certificate (system:a:b makes a-b.kubeconfig)")
	flags.StringArrayVar(&o.apiserver, "apiserver-flag", nil, "one more flag of kube-apiserver")
	flags.StringArrayVar(&o.controllers, "controllers-flag", nil, "one more flag of kube-controller-manager")
	flags.StringVar(&o.eksCluster, "eks-cluster", "", "take tokens of Amazon EKS, too, that were signed for a cluster of this name")
	flags.DurationVar(&o.eksTokenAge, "eks-token-age", 15*time.Minute, "how old such a token may become")
	flags.StringArrayVar(&o.awsUsers, "aws-user", nil, "who may sign them: KEY=SECRET=USER=GROUP,GROUP")
	flags.DurationVar(&o.restartAfter, "restart-after", 0, "start a component again that dies, this much later (0: end)")
	flags.BoolVar(&o.untilStdinEnds, "until-stdin-closes", false, "end when standard input does: with the process that holds the other side")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.dir == "" {
		return o, errors.New("--dir is needed")
	}
	var err error
	o.dir, err = filepath.Abs(o.dir)
	return o, err
}

// up brings a control plane up and keeps it until it is told to end.
func up(args []string) error {
	runtime.LockOSThread() // the components die with the thread that started them
	o, err := parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, stop := untilSignalled()
	defer stop()
	if o.untilStdinEnds {
		go func() { _, _ = io.Copy(io.Discard, os.Stdin); stop() }()
	}
	s := newSupervisor(o.dir, o.restartAfter)
	defer s.stop()
	if err := s.bringUp(ctx, &o); err != nil {
		return err
	}
	return s.watch(ctx)
}

func (s *supervisor) bringUp(ctx context.Context, o *options) error {
	for _, dir := range []string{"certs", "logs", "pids", "etcd", "kwok"} {
		if err := os.MkdirAll(s.path(dir), 0o700); err != nil {
			return err
		}
	}
	if o.port == 0 {
		port, err := freePort()
		if err != nil {
			return err
		}
		o.port = port
	}
	server := fmt.Sprintf("https://127.0.0.1:%d", o.port)
	if err := s.identities(server, o.users); err != nil {
		return err
	}
	if o.eksCluster != "" {
		flags, err := s.startEKSAuthentication(o)
		if err != nil {
			return err
		}
		o.apiserver = append(o.apiserver, flags...)
	}
	client, err := s.controlPlane(ctx, o)
	if err != nil {
		return err
	}
	if o.nodes > 0 {
		if err := s.simulate(ctx, client, o.nodes); err != nil {
			return err
		}
	}
	// Pods are refused until it exists.
	if err := s.wait(ctx, "the default service account exists", func() bool {
		_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err == nil
	}); err != nil {
		return err
	}
	s.say("ready at %s; KUBECONFIG=%s", server, s.path("admin.kubeconfig"))
	return os.WriteFile(s.path("ready"), fmt.Appendln(nil, server), 0o644)
}

// identities makes the certificates of the servers, and certificate and kubeconfig of each user.
func (s *supervisor) identities(server string, users []string) error {
	ca, err := newAuthority(s.path("certs"))
	if err != nil {
		return err
	}
	err = errors.Join(
		ca.serving("apiserver", "127.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", serviceAddress),
		ca.serving("kubelet", "127.0.0.1", "localhost"),
		ca.signingKey("service-accounts"),
	)
	own := []string{
		"admin=system:masters", "system:kube-controller-manager", "system:kube-scheduler", simulator + "=system:masters",
		"apiserver-kubelet-client=system:masters", "front-proxy-client",
	}
	for _, user := range append(own, users...) {
		name, list, _ := strings.Cut(user, "=")
		groups := strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
		file := strings.ReplaceAll(strings.TrimPrefix(name, "system:"), ":", "-")
		err = errors.Join(err, ca.client(file, name, groups), ca.kubeconfig(s.path(file+".kubeconfig"), server, file))
	}
	return err
}

// controlPlane starts etcd, the API server, the controllers and the scheduler.
func (s *supervisor) controlPlane(ctx context.Context, o *options) (kubernetes.Interface, error) {
	if err := os.WriteFile(s.path("certs", "audit.yaml"), []byte(auditPolicy), 0o600); err != nil {
		return nil, err
	}
	socket := s.path("etcd.sock")
	if err := s.start("etcd", "--data-dir", s.path("etcd"), "--client-socket", socket, "--peer-socket", s.path("etcd-peer.sock")); err != nil {
		return nil, err
	}
	if err := s.start("kube-apiserver", s.apiserverFlags(o, socket)...); err != nil {
		return nil, err
	}
	client, err := s.client("admin")
	if err != nil {
		return nil, err
	}
	if err := s.wait(ctx, "the API server is ready", func() bool {
		_, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err == nil
	}); err != nil {
		return nil, err
	}
	if err := s.start("kube-controller-manager", append(s.controllerFlags(), o.controllers...)...); err != nil {
		return nil, err
	}
	return client, s.start("kube-scheduler", s.schedulerFlags()...)
}

func (s *supervisor) client(user string) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", s.path(user+".kubeconfig"))
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 200, 400
	config.UserAgent = "simulated-kubelet"
	return kubernetes.NewForConfig(config)
}

// simulate makes nodes, and starts what plays their kubelets.
func (s *supervisor) simulate(ctx context.Context, client kubernetes.Interface, nodes int) error {
	if err := s.startKWOK(); err != nil {
		return err
	}
	resolving, err := s.client(simulator)
	if err != nil {
		return err
	}
	go func() {
		if err := pods.Resolve(ctx, resolving); err != nil {
			s.died <- fmt.Sprintf("the look-out for Secrets: %v", err)
		}
	}()
	for i := range nodes {
		if err := makeNode(ctx, client, i); err != nil {
			return err
		}
	}
	return s.wait(ctx, "the simulated nodes are ready", func() bool { return readyNodes(ctx, client) >= nodes })
}
