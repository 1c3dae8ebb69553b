// Command etcd is an etcd of one member or several, for tests and `make cluster`: a module of its
// own, so that nothing else needs what etcd's server does.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "etcd:", err)
		os.Exit(1)
	}
}

// run serves until a signal comes. It prints "ready ADDRESS" when clients are served.
func run() error {
	dir := flag.String("dir", "", "where the data are")
	name := flag.String("name", "default", "of this member")
	client := flag.String("client", "127.0.0.1:0", "address for clients; port 0: a free one")
	peer := flag.String("peer", "127.0.0.1:0", "address for other members")
	members := flag.String("members", "", "all members, as name=http://host:port,...; empty: this one alone")
	cert := flag.String("cert", "", "certificate of the server; clients use TLS then")
	key := flag.String("key", "", "its key")
	ca := flag.String("ca", "", "authority of the certificates of clients, which need one then")
	flag.Parse()
	if *dir == "" {
		return errors.New("-dir is missing")
	}
	c := embed.NewConfig()
	c.Dir, c.Name, c.LogLevel, c.Logger = *dir, *name, "error", "zap"
	scheme := "http"
	if *cert != "" {
		scheme = "https"
		c.ClientTLSInfo.CertFile, c.ClientTLSInfo.KeyFile = *cert, *key
		c.ClientTLSInfo.TrustedCAFile, c.ClientTLSInfo.ClientCertAuth = *ca, *ca != ""
	}
	clientAddr, err := free(*client)
	if err != nil {
		return err
	}
	peerAddr, err := free(*peer)
	if err != nil {
		return err
	}
	c.ListenClientUrls = []url.URL{{Scheme: scheme, Host: clientAddr}}
	c.AdvertiseClientUrls = c.ListenClientUrls
	c.ListenPeerUrls = []url.URL{{Scheme: "http", Host: peerAddr}}
	c.AdvertisePeerUrls = c.ListenPeerUrls
	if c.InitialCluster = *members; *members == "" {
		c.InitialCluster = c.InitialClusterFromName(*name)
	}
	c.AutoCompactionMode, c.AutoCompactionRetention = "revision", "10000"
	e, err := embed.StartEtcd(c)
	if err != nil {
		return err
	}
	defer e.Close()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	select {
	case <-e.Server.ReadyNotify():
		fmt.Println("ready", clientAddr)
	case err := <-e.Err():
		return err
	case <-signals:
		return nil
	case <-time.After(time.Minute):
		return errors.New("it does not become ready")
	}
	select {
	case err := <-e.Err():
		return err
	case <-signals:
		return nil
	}
}

// free makes a port of 0 a free one.
func free(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port != "0" {
		return addr, err
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
