// node is a real kubelet and a real kube-proxy, apart from cp because they link a good deal more.
//
//	node kubelet|kube-proxy [flag…]
package main

import (
	"context"
	"fmt"
	"os"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	if len(os.Args) > 1 {
		os.Args = os.Args[1:] // each reads them by itself, as if it were a binary of its own
		switch os.Args[0] {
		case "kubelet":
			os.Exit(cli.Run(kubelet.NewKubeletCommand(context.Background())))
		case "kube-proxy":
			os.Exit(cli.Run(proxy.NewProxyCommand()))
		}
	}
	fmt.Fprintln(os.Stderr, "usage: node kubelet|kube-proxy [flag…]")
	os.Exit(2)
}
