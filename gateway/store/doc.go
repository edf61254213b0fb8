// Package store owns the durable state of a namespace: entities, their rules and the namespace's rules. Store is the
// contract, View the picture that a hot path reads without a lock or an allocation. store/bolt keeps it in a file with
// encrypted keys, store/memory only while the process lives; one conformance suite (storetest) runs against both.
//
// Who listens where is not durable: see route.
package store
