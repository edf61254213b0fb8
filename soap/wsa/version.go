package wsa

import (
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// Version is a version of WS-Addressing.
type Version uint8

// Versions. The zero Version is None.
const (
	// None is WCF's addressing "none": To and Action are known from the transport.
	// Over net.tcp they are headers in a namespace of their own.
	None Version = iota
	// August2004 is the member submission of August 2004.
	August2004
	// V10 is WS-Addressing 1.0.
	V10
)

type rules struct {
	name, space, anonymous, none string
	fault, defaultFault          string // actions
}

var versions = [...]rules{
	None: {
		name: "no addressing", space: "http://schemas.microsoft.com/ws/2005/05/addressing/none",
	},
	August2004: {
		name: "WS-Addressing August 2004", space: "http://schemas.xmlsoap.org/ws/2004/08/addressing",
		anonymous:    "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous",
		fault:        "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault",
		defaultFault: "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault",
	},
	V10: {
		name: "WS-Addressing 1.0", space: "http://www.w3.org/2005/08/addressing",
		anonymous:    "http://www.w3.org/2005/08/addressing/anonymous",
		none:         "http://www.w3.org/2005/08/addressing/none",
		fault:        "http://www.w3.org/2005/08/addressing/fault",
		defaultFault: "http://www.w3.org/2005/08/addressing/soap/fault",
	},
}

func (v Version) rules() *rules {
	if int(v) < len(versions) {
		return &versions[v]
	}
	return &versions[None]
}

// VersionOf gives the version whose headers are in namespace space.
func VersionOf(space string) (Version, bool) {
	for v := range versions {
		if versions[v].space == space {
			return Version(v), true
		}
	}
	return None, false
}

// String gives a name for people.
func (v Version) String() string { return v.rules().name }

// Namespace gives the namespace of headers and fault codes.
func (v Version) Namespace() string { return v.rules().space }

// Anonymous gives the address of an endpoint that has none: the way back. It is
// empty for None.
func (v Version) Anonymous() string { return v.rules().anonymous }

// WayBack gives a reference to the anonymous address. It is shared: nobody changes it.
func (v Version) WayBack() *EndpointReference {
	if int(v) < len(back) {
		return &back[v]
	}
	return &back[None]
}

var back = func() (all [len(versions)]EndpointReference) {
	for v := range versions {
		all[v].Address = versions[v].anonymous
	}
	return all
}()

// IsAnonymous reports whether an address is the anonymous one.
func (v Version) IsAnonymous(address string) bool { return address != "" && address == v.Anonymous() }

// IsNone reports whether an address says that nothing is to be sent. Only 1.0 has
// such an address.
func (v Version) IsNone(address string) bool { return address != "" && address == v.rules().none }

// FaultAction gives the action of a message that holds the fault f, as WCF has it:
// that of addressing for its codes, but for DestinationUnreachable, that of the
// dispatcher for its codes, the default for all others. It is empty for None,
// except for the dispatcher's.
func (v Version) FaultAction(f *soap.Fault) string {
	switch c := f.Effective(); {
	case c.Space == soap.NamespaceDispatcher:
		return soap.ActionDispatcher
	case c.Space == v.Namespace() && c.Local != "DestinationUnreachable":
		return v.rules().fault
	}
	return v.rules().defaultFault
}

// name gives the name of a header or of a part of a reference, which is not changed.
func (v Version) name(local string) *infoset.Name {
	if which := headerOf(local); which != noHeader {
		return v.header(which)
	}
	if local == address {
		return &v.known().address
	}
	return &infoset.Name{Prefix: "a", Space: v.Namespace(), Local: local, Dict: infoset.Shared}
}

// address is the name of the part of a reference that every one has.
const address = "Address"

// header gives the name of a header, which is not changed.
func (v Version) header(which header) *infoset.Name { return &v.known().headers[which] }

// known gives the names of most messages.
func (v Version) known() *names {
	if int(v) < len(named) {
		return &named[v]
	}
	return &named[None]
}

// names are what messages of a version have most, so that they are not made for each.
type names struct {
	headers [headers]infoset.Name
	address infoset.Name
}

var named = func() (all [len(versions)]names) {
	for v := range versions {
		name := func(local string) infoset.Name {
			return infoset.Name{Prefix: "a", Space: versions[v].space, Local: local, Dict: infoset.Shared}
		}
		for which, local := range headerNames {
			all[v].headers[which] = name(local)
		}
		all[v].address = name(address)
	}
	return all
}()

func (v Version) code(local string) xsd.QName {
	return xsd.QName{Prefix: "a", Space: v.Namespace(), Local: local}
}
