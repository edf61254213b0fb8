// Package wssec owns the security headers that travel over a protected transport:
// UsernameToken (password as text or digest), Timestamp and BinarySecurityToken
// of WS-Security, and RelayAccessToken, in which senders carry the token for a
// relay. It reads and makes them, checks them, and takes them out of a message.
//
// Checks take the time as a parameter and compare secrets in constant time. That a
// nonce is not used twice is the caller's to see: it needs a memory that all nodes
// share. Passwords and tokens are a [Secret], which no verb and no encoder shows;
// no error quotes one.
//
// The package does not own signatures, encryption, secure conversation or SAML:
// such blocks pass through a gateway as bytes and are named here as unknown. What
// a RelayAccessToken's text means is gateway/auth's.
//
// Sources: WS-Security 1.1 (SOAP Message Security), 6, 10 and 12; UsernameToken
// Profile 1.1, 3; for defaults and spelling what WCF does with
// TransportWithMessageCredential.
//
// Plain values; a header belongs to one goroutine at a time.
package wssec
