// Package bolt owns the store that lasts: one file, state.db, beside one key, key.bin, in the gateway's data directory.
//
// Every change is one transaction that is on the disk when the call returns: after kill -9 or a power cut nothing that was
// acknowledged is missing, and nothing is there by half. Reads never touch the file: it is read once, by Open.
//
// The keys of rules lie in the file under AES-256-GCM, each bound to its entity, rule and rights, so that a copy of the
// file betrays nothing and a swapped record does not open. The key is key.bin (32 bytes, mode 0600) or a credential that
// systemd hands over; it never lies in state.db, and whoever backs up both keeps them apart.
//
// One process has the file at a time. Spec: architecture.md section 4 (durable state), contract: store.Store.
package bolt
