package main

import (
	"fmt"
	"net/url"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/storage/wal"
)

// etcd runs one member on unix sockets in its data directory, until it is signalled.
func etcd(args []string) error {
	flags := pflag.NewFlagSet("etcd", pflag.ContinueOnError)
	dir := flags.String("data-dir", "", "where it keeps its data")
	client := flags.String("client-socket", "", "where the API server finds it")
	peer := flags.String("peer-socket", "", "where no other member ever comes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	// Two of these are allocated at once, of 64 MiB each by default.
	wal.SegmentSizeBytes = 4 << 20
	config := embed.NewConfig()
	config.Name, config.Dir, config.LogLevel = "cp", *dir, "error"
	// What is lost with the machine was a test.
	config.UnsafeNoFsync = true
	// It listens on sockets gladly, but what it advertises must look like host:port. Nobody dials that.
	config.ListenClientUrls, config.AdvertiseClientUrls = socketURL(*client), []url.URL{{Scheme: "http", Host: "127.0.0.1:2379"}}
	config.ListenPeerUrls, config.AdvertisePeerUrls = socketURL(*peer), []url.URL{{Scheme: "http", Host: "127.0.0.1:2380"}}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	member, err := embed.StartEtcd(config)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	defer member.Close()
	ctx, stop := untilSignalled()
	defer stop()
	select {
	case <-ctx.Done():
		return nil
	case err := <-member.Err():
		return err
	}
}

func socketURL(path string) []url.URL { return []url.URL{{Scheme: "unix", Path: path}} }
