// Package casts has the stories of one-way and event relays with programs of others: an event that a WCF client sends over net.tcp reaches a
// hundred listeners of four kinds, and what one of them does harms no other; and the gateway's counts stand beside what each listener wrote
// down, while some are killed and some take nothing.
//
// Only its tests do anything. They need Mono, Node and curl: see interop.Need.
package casts
