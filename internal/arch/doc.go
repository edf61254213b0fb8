// Package arch is the layer test: it reads the whole tree with go/parser and fails when a package imports what its layer
// may not, when wire code starts a goroutine or looks at a clock, or when a file, function or package outgrows the house.
//
// It owns the layer table (table_test.go), which is the authority; docs/architecture.md explains it and .golangci.yml
// repeats the cheap half for editors. It has no code outside its tests and nothing imports it.
//
// Run it alone with: go test ./internal/arch. A new package is a new row of the table.
package arch
