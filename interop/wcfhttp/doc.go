// Package wcfhttp holds the stories of WCF's HTTP bindings and of the SOAP stacks of others: their clients and services with the
// gateway between them, on one node and on two. What a program makes of it through the gateway is compared with what the same
// program makes of the same service directly, in the same test.
package wcfhttp
