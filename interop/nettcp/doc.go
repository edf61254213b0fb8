// Package nettcp holds the stories of net.tcp: WCF clients and services that others wrote, Mono's and Microsoft's, with the
// gateway between them, on one node and on two. What a program makes of it through the gateway is compared with what the same
// program makes of the same service directly, in the same test.
package nettcp
