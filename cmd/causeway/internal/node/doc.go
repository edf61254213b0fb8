// Package node holds the commands for the machine of a node: serve runs one, with the connectors of its file, reloads and the
// garbage collector's settings; init and config write and check its settings; trust, service and reload look after one. It
// owns flags, signals and what is printed. The node itself is package gateway, its settings are gateway/config, local
// authorities are gateway/front/localca and services of the system internal/service.
//
// cmd/causeway joins the commands to its tree; each runs once, in the goroutine that executes the command line.
package node
