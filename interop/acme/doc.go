// Package acme runs a gateway that gets its certificate by ACME against Pebble, the test authority of Let's Encrypt, which
// calls the gateway's doors as a real one does. It owns nothing but these stories. Pebble is built from the module in the folder
// pebble, so that the product's go.mod does not have it.
package acme
