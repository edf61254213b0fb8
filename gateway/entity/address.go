package entity

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxPath is the longest canonical path in bytes. It is our own bound: the front door's limit on a request target.
const MaxPath = 8192

// ErrAddress is wrapped by every error of NewAddress.
var ErrAddress = errors.New("not an address")

// Address names a place in one namespace. Its Path is canonical: percent-decoded, lower-case, without slashes at either
// end. It is comparable, so it serves as a map key, and every prefix of it is a slice of it. Make one with NewAddress.
type Address struct {
	Namespace string // "" is the default namespace: every host name is the same one
	Path      string
}

// NewAddress makes the canonical address of a percent-decoded path. Slashes at the ends do not count. A path that is not
// UTF-8, holds control characters, has a segment "." or ".." or is longer than MaxPath is refused.
func NewAddress(namespace, path string) (Address, error) {
	path = strings.Trim(path, "/")
	if len(path) > MaxPath {
		return Address{}, fmt.Errorf("%w: path of %d bytes, at most %d are allowed", ErrAddress, len(path), MaxPath)
	}
	if canonical(path) {
		return Address{Namespace: namespace, Path: path}, nil
	}
	if !utf8.ValidString(path) {
		return Address{}, fmt.Errorf("%w: path is not UTF-8", ErrAddress)
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return Address{}, fmt.Errorf("%w: path has the segment %q", ErrAddress, segment)
		}
	}
	for _, r := range path {
		if r < 0x20 || r == 0x7f {
			return Address{}, fmt.Errorf("%w: path has the control character %U", ErrAddress, r)
		}
	}
	return Address{Namespace: namespace, Path: strings.ToLower(path)}, nil
}

// canonical reports whether a path is plainly what it should be, as nearly all are: others are looked at closely.
func canonical(path string) bool {
	for i := range len(path) {
		switch c := path[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '/', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// Parent cuts the last segment off. It reports false when there is none left to cut.
func (a Address) Parent() (Address, bool) {
	i := strings.LastIndexByte(a.Path, '/')
	if i < 0 {
		return Address{}, false
	}
	return Address{Namespace: a.Namespace, Path: a.Path[:i]}, true
}

// Within reports whether prefix is this address or, by whole segments, a prefix of it. The empty path is a prefix of all.
func (a Address) Within(prefix Address) bool {
	if a.Namespace != prefix.Namespace {
		return false
	}
	if prefix.Path == "" {
		return true
	}
	rest, ok := strings.CutPrefix(a.Path, prefix.Path)
	return ok && (rest == "" || rest[0] == '/')
}

// String gives the path, with the namespace before it when it is not the default one.
func (a Address) String() string {
	if a.Namespace == "" {
		return a.Path
	}
	return a.Namespace + ":" + a.Path
}
