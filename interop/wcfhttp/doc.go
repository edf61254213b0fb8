// Package wcfhttp holds the stories of WCF's HTTP bindings and of the SOAP stacks of others: their clients and services with the
// gateway between them, on one node and on two. What a program makes of it through the gateway is compared with what the same
// program makes of the same service directly, in the same test; nothing is expected of it but what it did there.
//
// The stories are of four kinds: programs of one maker on both ends (mono_test.go, dotnet_test.go), of two (foreign_test.go, peers_test.go),
// what clients raise when the gateway or what stands behind it says no (reactions_test.go), and metadata. On two nodes stories that
// differ only in the form of messages are played in one form: between nodes all forms are the same bytes.
package wcfhttp
