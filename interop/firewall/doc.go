// Package firewall holds the stories of 'causeway listen' and 'causeway forward' as people run them: processes of the built binary
// and a gateway of a process of its own, on one node and on two.
//
// The wall is made of three network namespaces and nftables: the listener's side drops every inbound connection and all outbound
// but one TCP port of the gateway (root on Linux). Behind it stand OpenSSH, a web server, Redis and Mono's WCF services. The
// other stories are of endurance, on loopback: iperf3, netcat's half-close, a long transfer with flat memory, and a gateway that
// is killed and restarted under fifty connections.
//
// Two nodes are one process here, since nodes of separate processes need an engine that this test does not bring.
package firewall
