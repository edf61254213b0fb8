// Package wire owns the JSON of the management API (contracts section 4): what the gateway answers, what it takes, and the
// strict reading of the latter. It knows neither HTTP nor what a value means: whether a name or a kind may be is the
// server's to say.
//
// Names of members never change; new ones may come, so answers are read leniently and only requests strictly. Everything
// here is a value; functions may be called from any goroutine.
package wire
