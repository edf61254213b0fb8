package testcluster

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// cutBytes of a random secret are enough to know it by: a cut one is a leak too.
const cutBytes = 16

// shapes are what a signature or a key looks like whoever made it: clients of others sign by themselves.
var shapes = regexp.MustCompile(`(?i)(?:\bsig|SharedAccessKey|sb-hc-sas-key)(?:=|%3D|%253D)[0-9a-z+/%]{20,}`)

// shapeBefore and shapeBehind are at least as much as stands before and behind the first sign of a shape.
const shapeBefore, shapeBehind = 16, 32

// secrets are what must not show, and everything that nodes said beside their logs.
type secrets struct {
	mu      sync.Mutex
	forms   []form
	known   map[string]bool // by the text of a form: tests make thousands of tokens, most of them the same
	outputs []output
}

// form is one way to write a secret down.
type form struct{ text, name string }

// output is something that left a node.
type output struct{ where, text string }

// Secret has the text looked for in everything that the nodes say: as it is, URL-encoded once and twice, and as base64 at
// any place of a longer text. The cluster's close fails the test where it is found.
func (c *Cluster) Secret(name, text string) { c.secrets.add(name, text, false) }

// Token signs for the audience with the rule's primary key, and makes token and signature secrets.
func (c *Cluster) Token(rule *entity.Rule, audience string, expires time.Time) string {
	return c.Sign(audience, rule.Name, string(rule.Primary), expires)
}

// Sign is Token with any rule name and key, wrong ones too.
func (c *Cluster) Sign(audience, rule, key string, expires time.Time) string {
	token := wire.Sign(audience, rule, key, expires)
	c.secrets.add("a token", token, false)
	if fields, err := url.ParseQuery(token[strings.IndexByte(token, ' ')+1:]); err == nil {
		c.secrets.add("a signature", fields.Get("sig"), true)
	}
	c.secrets.add("a key", key, true)
	return token
}

// Saw has the output searched for secrets when the cluster closes: what a client was answered, in any protocol.
func (c *Cluster) Saw(where string, b []byte) {
	if len(b) == 0 {
		return
	}
	c.secrets.mu.Lock()
	defer c.secrets.mu.Unlock()
	c.secrets.outputs = append(c.secrets.outputs, output{where, string(b)})
}

// add takes a secret in; random says that a part of it is as bad as the whole.
func (s *secrets) add(name, text string, random bool) {
	if text == "" {
		return
	}
	if len(text) < cutBytes {
		panic("testcluster: a secret of fewer than 16 bytes may be found by chance: " + name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[text] {
		return
	}
	if s.known == nil {
		s.known = map[string]bool{}
	}
	for _, f := range formsOf(name, text, random) {
		s.forms, s.known[f.text] = append(s.forms, f), true
	}
}

// formsOf writes a secret down in every way.
func formsOf(name, text string, random bool) []form {
	forms := []form{{text, name + " as it is"}}
	add := func(text, how string) {
		if !slices.ContainsFunc(forms, func(f form) bool { return f.text == text }) {
			forms = append(forms, form{text, name + " " + how})
		}
	}
	once := url.QueryEscape(text)
	for _, escaped := range []string{once, strings.ReplaceAll(once, "+", "%20"), url.PathEscape(text), url.QueryEscape(once)} {
		add(escaped, "URL-encoded")
		add(lowerHex.ReplaceAllStringFunc(escaped, strings.ToLower), "URL-encoded in lower case")
	}
	for shift := range 3 {
		add(inBase64(base64.RawStdEncoding, text, shift), "in base64")
		add(inBase64(base64.RawURLEncoding, text, shift), "in base64 for URLs")
	}
	if random {
		add(text[:cutBytes], "cut short")
	}
	return forms
}

var lowerHex = regexp.MustCompile(`%[0-9A-F]{2}`)

// inBase64 is what the encoding of a longer text has in it when the secret begins shift bytes behind a group of three: the
// characters that neighbours share are left out.
func inBase64(e *base64.Encoding, text string, shift int) string {
	all := e.EncodeToString([]byte(strings.Repeat("\x00", shift) + text))
	end := (shift + len(text)) * 8 / 6
	return all[(shift*8+5)/6 : end]
}

// watch makes every key that ever stands in the store a secret, but for those of published cases, which are short.
func (s *secrets) watch(from store.Store) (stop func()) {
	key := func(k entity.Secret) {
		if len(k) >= cutBytes {
			s.add("a key", string(k), true)
		}
	}
	rules := func(list []entity.Rule) {
		for i := range list {
			key(list[i].Primary)
			key(list[i].Secondary)
		}
	}
	stop = from.Watch(func(c store.Change) {
		switch {
		case c.Put != nil:
			rules(c.Put.Rules)
		case c.Rules:
			rules(from.View().Rules())
		}
	})
	rules(from.View().Rules())
	return stop
}

// search says where which secret shows.
func (s *secrets) search(outputs []output) (leaks []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range outputs {
		for _, f := range s.forms {
			if i := strings.Index(o.text, f.text); i >= 0 {
				leaks = append(leaks, fmt.Sprintf("%s has %s behind %q", o.where, f.name, o.text[max(0, i-60):i]))
			}
		}
		if at := shaped(o.text); at >= 0 {
			leaks = append(leaks, fmt.Sprintf("%s has what looks like a signature or key behind %q", o.where, o.text[max(0, at-60):at]))
		}
	}
	return leaks
}

// shaped gives the place of the first text that looks like a signature or key; -1: there is none. The expression alone would take longer
// than most tests: it is asked only around the signs that stand in all that it finds.
func shaped(text string) int {
	for _, sign := range [...]byte{'=', '%'} {
		for at := 0; at < len(text); at++ {
			next := strings.IndexByte(text[at:], sign)
			if next < 0 {
				break
			}
			at += next
			if at == 0 || strings.IndexByte("gyGY", text[at-1]) < 0 { // the last letters of what stands in front
				continue
			}
			if shapes.MatchString(text[max(0, at-shapeBefore):min(len(text), at+shapeBehind)]) {
				if found := shapes.FindStringIndex(text); found != nil { // the edge of the part may have been taken for that of a word
					return found[0]
				}
			}
		}
	}
	return -1
}

// Leaks searches everything said so far: logs of all levels, what Saw was given, and the metrics of the nodes that live. The
// cluster's close does the same and fails the test.
func (c *Cluster) Leaks() []string {
	c.secrets.mu.Lock()
	outputs := slices.Clone(c.secrets.outputs)
	c.secrets.mu.Unlock()
	outputs = append(outputs, output{"the log", c.Log()})
	for i, n := range c.nodes {
		if text, err := c.scrape(n); err == nil { // a node that was ended has no metrics any more
			outputs = append(outputs, output{fmt.Sprintf("the metrics of node %d", i+1), text})
		}
	}
	return c.secrets.search(outputs)
}
