package config

import (
	"strconv"
	"strings"
)

// doors lists the settings that are addresses to bind.
var doors = []string{"https", "http", "admin", "nettcp"}

// cross checks settings against each other and against the files they name.
func (l *loader) cross() {
	l.crossDoors()
	l.crossTLS()
	// A default that is larger than a bound the operator made small is no contradiction: only a written value is. Text that
	// is no number was reported where it stands and counts as 0 here.
	pending, _ := strconv.Atoi(l.text("limits.pending"))
	source, _ := strconv.Atoi(l.text("limits.pendingPerSource"))
	if l.given("limits.pendingPerSource") && source > pending && pending > 0 {
		l.at(l.placeOf("limits.pendingPerSource"), "limits.pendingPerSource", "expected no more than limits.pending")
	}
}

// crossDoors finds doors with one address. Only equal texts are compared: whether :8443 and 127.0.0.1:8443 collide is the
// system's to say when the door opens. Closed doors and port 0 never collide.
func (l *loader) crossDoors() {
	first := map[string]string{}
	for _, door := range doors {
		address := strings.ToLower(l.text(door))
		other, taken := first[address]
		switch {
		case address == "", address == Off, strings.HasSuffix(address, ":0"):
		case !taken:
			first[address] = door
		case l.given(door):
			l.at(l.placeOf(door), door, "the door "+other+" has this address; give each door its own")
		default: // this door has its default, so the other one was moved onto it
			l.at(l.placeOf(other), other, "the door "+door+" has this address; give each door its own")
		}
	}
}

// crossTLS wants both files or none, and that they can be read. Whether they hold a certificate and its key is seen by
// whoever opens the door.
func (l *loader) crossTLS() {
	const cert, key = "tls.cert", "tls.key"
	l.crossACME()
	switch {
	case !l.given(cert) && !l.given(key):
		return
	case !l.given(key):
		l.at(l.placeOf(cert), cert, "expected tls.key beside it")
	case !l.given(cert):
		l.at(l.placeOf(key), key, "expected tls.cert beside it")
	}
	for _, path := range []string{cert, key} {
		name := l.text(path)
		if !isPath(nil, name) {
			continue // not given, or reported already
		}
		_, info, complaint := readFile(name, maxFile)
		switch {
		case complaint != "":
			l.at(l.placeOf(path), path, "the file "+complaint)
		case path == key && tooOpen(info):
			l.warn(l.placeOf(path), path, "the file "+modeAdvice(info))
		}
	}
}

// crossACME wants the hosts with whatever else is said about ACME, one source of certificates, and a door for the authority.
func (l *loader) crossACME() {
	const hosts = "tls.acme.hosts"
	_, asked := l.places[hosts+"[0]"]
	if !asked {
		for _, path := range []string{"tls.acme.email", "tls.acme.directory", "tls.acme.caFile"} {
			if _, written := l.texts[path]; written { // a variable alone may be for another node
				l.at(l.placeOf(path), path, "expected tls.acme.hosts beside it: without hosts no authority is asked")
				return
			}
		}
		return
	}
	for _, path := range []string{"tls.cert", "tls.key"} {
		if l.given(path) {
			l.at(l.placeOf(path), path, "the certificate comes from files or by tls.acme; keep one of them")
			break
		}
	}
	if strings.EqualFold(l.text("https"), Off) {
		l.at(l.placeOf(hosts), hosts, "the https door is off, and only it needs a certificate; open it or take tls.acme out")
	}
	if name := l.text("tls.acme.caFile"); isPath(nil, name) {
		if _, _, complaint := readFile(name, maxFile); complaint != "" {
			l.at(l.placeOf("tls.acme.caFile"), "tls.acme.caFile", "the file "+complaint)
		}
	}
}
