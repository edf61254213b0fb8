// Package config loads and checks the settings of a node.
//
// It owns the shape of causeway.yaml (contracts, section 3), the names of the CAUSEWAY_ variables, the defaults with
// their sources, and the text of every problem a setting can have. It does not own the meaning of a setting: names of
// entities, keys and addresses are plain data here, and the root package turns them into the types of the core. Rules of
// business that need the core are run through Params.Check, so that they too are told with file, line and column.
//
// Load is a pure function of its parameters and of the files they name: it may be called from any goroutine, and any
// number of times. A flag wins over the environment, that over the file, that over the default. Nothing is kept between
// two loads: a reload is a second Load, and the old Config stays valid when the new one has problems.
//
// No value of a setting ever stands in a problem, because a value may be a key. A key's name, a place and what was
// expected do.
//
// A key is known when the feature behind it exists. Keys of later features are refused by name (see later.go) and never
// silently skipped.
package config

//go:generate go test -run ^TestGenerated$ -update .
