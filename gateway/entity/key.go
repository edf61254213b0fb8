package entity

import (
	"crypto/rand"
	"encoding/base64"
)

// RootRule is the name of the rule that every new namespace has (reference section 4.2).
const RootRule = "RootManageSharedAccessKey"

// NewKey makes a key: 32 random bytes as base64, the form that every client takes (azbridge insists on base64).
func NewKey() Secret {
	var b [32]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails: it ends the program instead
	return Secret(base64.StdEncoding.EncodeToString(b[:]))
}

// NewRule makes a rule with two fresh keys.
func NewRule(name string, rights Rights) Rule {
	return Rule{Name: name, Rights: rights, Primary: NewKey(), Secondary: NewKey(), Source: FromStore}
}
