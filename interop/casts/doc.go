// Package casts has the stories of one-way and event relays with programs of others: an event that a WCF client sends over net.tcp reaches a
// hundred listeners of four kinds, and what one of them does harms no other.
//
// Only its tests do anything. They need Mono and Node: see interop.Need.
package casts
