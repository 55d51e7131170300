// cp is a whole Kubernetes control plane in one binary.
//
//	cp up --dir DIR [flag…]     all of it, supervised; see `cp up --help`
//	cp COMPONENT [flag…]        one component, with the flags it has everywhere
//
// The components are processes of their own: each wants the process-wide flags and signals for itself, and a test stops,
// kills and restarts the API server alone.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata"

	"github.com/spf13/pflag"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kwokconfig "sigs.k8s.io/kwok/pkg/config"
	kwokcmd "sigs.k8s.io/kwok/pkg/kwok/cmd"
	kwoklog "sigs.k8s.io/kwok/pkg/log"
)

var components = map[string]func() int{
	"etcd":                    func() int { return report("etcd", etcd(os.Args[1:])) },
	"kube-apiserver":          func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() int { return cli.Run(controllermanager.NewControllerManagerCommand()) },
	"kube-scheduler":          func() int { return cli.Run(scheduler.NewSchedulerCommand()) },
	"kwok":                    func() int { return report("kwok", kwok()) },
	"eks-authentication":      func() int { return report("eks-authentication", eksAuthentication(os.Args[1:])) },
	"up":                      func() int { return report("up", up(os.Args[1:])) },
}

func main() {
	if len(os.Args) > 1 {
		if run, known := components[os.Args[1]]; known {
			// Each reads os.Args by itself, as if it were a binary of its own.
			os.Args = os.Args[1:]
			os.Exit(run())
		}
	}
	fmt.Fprintln(os.Stderr, "usage: cp up --dir DIR [flag…] | cp etcd|kube-apiserver|kube-controller-manager|kube-scheduler|kwok|eks-authentication [flag…]")
	os.Exit(2)
}

func report(name string, err error) int {
	if err != nil {
		fmt.Fprintf(os.Stderr, "cp %s: %v\n", name, err)
		return 1
	}
	return 0
}

func untilSignalled() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
}

func kwok() error {
	// The Kubernetes packages beside it have put a --version of a type of their own into the process-wide set, which
	// cobra adds to every root command and then trips over.
	pflag.CommandLine = pflag.NewFlagSet("kwok", pflag.ContinueOnError)
	flags := pflag.NewFlagSet("global", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	flags.Usage = func() {}
	ctx, stop := untilSignalled()
	defer stop()
	ctx, _ = kwoklog.InitFlags(ctx, flags)
	ctx, err := kwokconfig.InitFlags(ctx, flags)
	if err != nil {
		return err
	}
	command := kwokcmd.NewCommand(ctx)
	command.PersistentFlags().AddFlagSet(flags)
	return command.ExecuteContext(ctx)
}
