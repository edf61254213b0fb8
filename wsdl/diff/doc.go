// Package diff owns the comparison of two outlines of a service: what changed, and whether callers that were made for the old one still
// work with a service that was made for the new one. It compares outlines (package describe) and reads nothing.
//
// The rules, which docs/wsdl.md explains:
//   - Who may be hurt depends on the direction. What callers send must still be accepted: there, less is breaking. What they receive
//     must still be understood: there, more is breaking where old readers have no place for it, and so is what they count on and
//     miss. A type that is used both ways must satisfy both. A type that no message reaches is taken as used both ways.
//   - New elements and attributes that may be left out are compatible both ways: readers pass over what they do not know.
//   - Order is part of a sequence: a changed order is breaking.
//   - Documentation and the order of declarations are no change.
//
// Compare is a function of its arguments; any goroutine may call it.
package diff
