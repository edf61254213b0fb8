// Package hybrid holds the stories of Hybrid Connections with programs that others released: hyco-ws and hyco-https from
// npm, Debian's python3-websockets, Chromium and curl. Each runs on one node and on two, and against a process of the real
// binary where that adds something.
//
// It has tests only. Facts about the programs are in the scripts beside ../node and ../python, in their first lines.
package hybrid
