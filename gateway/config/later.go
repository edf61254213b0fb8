package config

// later names the keys that contracts.md reserves for features this version does not have. They are refused by name, so
// that a file written for a later version is never half obeyed. A line leaves this table with the feature that takes
// the key.
var later = map[string]bool{
	"amqps":   true,
	"oneway":  true,
	"oneways": true,
	"relay":   true,
	"mqtts":   true,
	"cluster": true,
}

// laterChoices names the values reserved in the same way, by the key that takes them.
var laterChoices = map[string]map[string]bool{
	"hosts[].roles": {"signalr": true, "iothub": true, "streams": true, "management": true, "api": true},
	"advertise[].door": {
		"amqps": true, "oneway": true, "oneways": true, "relay": true, "mqtts": true,
	},
}

const notAvailable = "is not available in this version"
