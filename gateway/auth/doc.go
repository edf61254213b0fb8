// Package auth owns the check of credentials: a verifier for each scheme, exact and in constant time where secrets are
// compared. It finds no credential (entries do), looks up no entity and decides no right (gateway/relay does).
//
// Source: Hybrid Connections reference section 4.
package auth
