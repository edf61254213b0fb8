// Package words owns what relays of different nodes say to each other over the mesh: the kinds of words, what is in each, and how
// they are written and read. A word that cannot be read is refused as BadRequest before anybody acts on it.
//
// It does not own what a node does with a word (relay), nor how words travel (mesh). Words are JSON, so that nodes of two versions
// understand each other; bytes that need not be UTF-8 go as base64, and a message's payload behind the JSON as it is.
//
// All functions may be called from any goroutine. Source: contracts.md section 1, core-interfaces.md 'Walks'.
package words
