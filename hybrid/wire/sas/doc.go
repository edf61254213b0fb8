// Package sas tells people what a token says and why a gateway would refuse it (reference sections 4.1 to 4.3 and 4.6). It owns
// the mistakes that the field makes: escaped once too often, a connection string in place of a token, an expiry in milliseconds,
// a key decoded before signing. It decides nothing: gateway/auth is who lets a token in, and a test holds the two together.
//
// It never repeats a key or a signature. All functions may be called from any goroutine.
package sas
