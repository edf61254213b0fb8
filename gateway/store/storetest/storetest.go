// Package storetest owns the conformance suite of store.Store: what every store does, whatever is under it. A store's own
// tests call Run.
package storetest

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/store"
)

// Maker makes the stores that the suite tests.
type Maker struct {
	// New makes an empty store. The suite closes it.
	New func(t *testing.T) store.Store
	// Full makes a store that has entity.MaxEntities entities.
	Full func(t *testing.T) store.Store
	// Reopen closes the store and opens it again; nil when the store does not last.
	Reopen func(t *testing.T, s store.Store) store.Store
}

// Run runs the suite.
func Run(t *testing.T, m Maker) {
	t.Helper()
	tests := []struct {
		name string
		test func(t *testing.T, m Maker)
	}{
		{"PutAndRead", putAndRead}, {"Expect", expect}, {"Refused", refused}, {"Full", full}, {"Rules", rules},
		{"RulesRevision", rulesRevision}, {"CallersKeepTheirs", callersKeepTheirs}, {"OldViews", oldViews}, {"Context", cancelled}, {"Closed", closed},
		{"Watch", watch}, {"WatchStop", watchStop}, {"WatchOrder", watchOrder}, {"Together", together},
	}
	if m.Reopen != nil {
		tests = append(tests, []struct {
			name string
			test func(t *testing.T, m Maker)
		}{{"Reopen", reopen}, {"ReopenRevisions", reopenRevisions}}...)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.test(t, m) })
	}
}

// Entity makes one that uses every field a caller may set.
func Entity(name string) *entity.Entity {
	return &entity.Entity{
		Name: name, At: entity.Address{Path: strings.ToLower(name)}, Kind: entity.Hybrid, AnonymousSenders: true, UserMetadata: "floor \"2\", Straße",
		Settings: entity.Settings{
			ResponseTimeout: 90 * time.Second, RawRequestTarget: true, NoPlainWebSocket: true, EndTLS: true, Sticky: true,
			Convert: entity.Conversion{Binding: "netTcp", Address: "net.tcp://localhost/calc", OneWay: []string{"urn:a", "urn:b*"}},
			Allow:   []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")},
			Metadata: []entity.Document{
				{Name: "calc.wsdl", Text: `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"><documentation>größer &lt; 3</documentation></definitions>`},
				{Name: "types.xsd", Text: "\ufeff<schema xmlns='http://www.w3.org/2001/XMLSchema'/>\r\n"},
			},
		},
		Rules: []entity.Rule{
			entity.NewRule("send", entity.Send),
			{Name: "Both", Rights: entity.Listen | entity.Send, Primary: "only <one> key & ünicode", Source: entity.FromFile},
		},
		Source: entity.FromFile,
	}
}

// Diff compares two things of a store; a Prefix and an Address count as they compare.
func Diff(want, got any) string {
	return cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{}))
}

func open(t *testing.T, f func(t *testing.T) store.Store) store.Store {
	t.Helper()
	s := f(t)
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

// put stores an entity; from any goroutine.
func put(t *testing.T, s store.Store, e *entity.Entity) *entity.Entity {
	t.Helper()
	stored, err := s.Put(t.Context(), e, store.Any)
	if err != nil {
		t.Errorf("put %v: %v", e.At, err)
		return e
	}
	return stored
}

func closeStore(t *testing.T, s store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func wantCode(t *testing.T, what string, err error, code fail.Code) {
	t.Helper()
	if !fail.Is(err, code) {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func all(s store.Store) []*entity.Entity {
	var list []*entity.Entity
	for e := range s.View().All() {
		list = append(list, e)
	}
	return list
}

func putAndRead(t *testing.T, m Maker) {
	t.Helper()
	s := open(t, m.New)
	if s.View().Len() != 0 || len(s.View().Rules()) != 0 {
		t.Fatalf("a new store has %d entities and %d rules", s.View().Len(), len(s.View().Rules()))
	}
	before := time.Now()
	e := Entity("Plant/Line1")
	e.Revision, e.CreatedAt = 77, time.Unix(1, 0) // stamps are the store's
	stored := put(t, s, e)
	want := e.Clone()
	want.CreatedAt, want.UpdatedAt, want.Revision = stored.CreatedAt, stored.UpdatedAt, stored.Revision
	if d := Diff(want, stored); d != "" {
		t.Errorf("stored is not what was put: %s", d)
	}
	if stored.CreatedAt.Before(before.Add(-time.Minute)) || !stored.CreatedAt.Equal(stored.UpdatedAt) || stored.Revision == 0 || stored.Revision == 77 {
		t.Errorf("stamps: created %s, updated %s, revision %d", stored.CreatedAt, stored.UpdatedAt, stored.Revision)
	}
	if got := s.View().Find(entity.Address{Path: "plant/line1/oven"}); got != stored {
		t.Errorf("Find gives %v", got)
	}

	e.UserMetadata = "other"
	again := put(t, s, e)
	if !again.CreatedAt.Equal(stored.CreatedAt) || again.UpdatedAt.Before(stored.UpdatedAt) || again.Revision <= stored.Revision {
		t.Errorf("replaced: %+v after %+v", again, stored)
	}
	if s.View().Len() != 1 || s.View().Get(e.At).UserMetadata != "other" {
		t.Errorf("view: %v", all(s))
	}
	if err := s.Delete(t.Context(), e.At, again.Revision); err != nil {
		t.Fatal(err)
	}
	if s.View().Len() != 0 {
		t.Errorf("view: %v", all(s))
	}
}

func expect(t *testing.T, m Maker) {
	t.Helper()
	s := open(t, m.New)
	e := Entity("hyco")
	_, err := s.Put(t.Context(), e, 5)
	wantCode(t, "replace what is not there", err, fail.Conflict)
	wantCode(t, "delete what is not there", s.Delete(t.Context(), e.At, store.Any), fail.UnknownEntity)
	first, err := s.Put(t.Context(), e, store.None)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Put(t.Context(), e, store.None)
	wantCode(t, "create what is there", err, fail.Conflict)
	_, err = s.Put(t.Context(), e, first.Revision+1)
	wantCode(t, "replace another revision", err, fail.Conflict)
	second, err := s.Put(t.Context(), e, first.Revision)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, "delete an old revision", s.Delete(t.Context(), e.At, first.Revision), fail.Conflict)
	wantCode(t, "delete nothing", s.Delete(t.Context(), e.At, store.None), fail.Conflict)
	if got := s.View().Get(e.At); got != second {
		t.Errorf("after all the refusals: %+v", got)
	}
	if err := s.Delete(t.Context(), e.At, store.Any); err != nil {
		t.Error(err)
	}
	back, err := s.Put(t.Context(), e, store.None)
	if err != nil || back.Revision <= second.Revision {
		t.Errorf("a deleted entity comes back with revision %v after %d, %v", back, second.Revision, err)
	}
}

func refused(t *testing.T, m Maker) {
	t.Helper()
	s := open(t, m.New)
	for name, change := range map[string]func(*entity.Entity){
		"no kind":            func(e *entity.Entity) { e.Kind = "" },
		"a rule twice":       func(e *entity.Entity) { e.Rules = append(e.Rules, e.Rules[0]) },
		"reserved":           func(e *entity.Entity) { e.Name, e.At.Path = "$api/x", "$api/x" },
		"another address":    func(e *entity.Entity) { e.At.Path = "hyco2" },
		"no canonical path":  func(e *entity.Entity) { e.At.Path = "Hyco" },
		"no path":            func(e *entity.Entity) { e.At.Path = "" },
		"negative time":      func(e *entity.Entity) { e.Settings.ResponseTimeout = -1 },
		"thirteen rules":     func(e *entity.Entity) { e.Rules = many(13) },
		"a rule without key": func(e *entity.Entity) { e.Rules[0].Primary = "" },
	} {
		e := Entity("hyco")
		change(e)
		_, err := s.Put(t.Context(), e, store.Any)
		wantCode(t, name, err, fail.BadRequest)
	}
	wantCode(t, "thirteen rules of the namespace", s.PutRules(t.Context(), many(13), store.Any), fail.BadRequest)
	if s.View().Len() != 0 || len(s.View().Rules()) != 0 {
		t.Error("something refused was stored")
	}
}

func many(n int) []entity.Rule {
	list := make([]entity.Rule, n)
	for i := range list {
		list[i] = entity.NewRule("rule"+string(rune('a'+i)), entity.Send)
	}
	return list
}

func full(t *testing.T, m Maker) {
	t.Helper()
	s := open(t, m.Full)
	if n := s.View().Len(); n != entity.MaxEntities {
		t.Fatalf("a full store has %d entities", n)
	}
	_, err := s.Put(t.Context(), Entity("one more"), store.Any)
	wantCode(t, "one more", err, fail.Overloaded)
	known := all(s)[42]
	e := Entity(known.Name)
	if _, err := s.Put(t.Context(), e, store.Any); err != nil {
		t.Errorf("replace in a full store: %v", err)
	}
	if err := s.Delete(t.Context(), known.At, store.Any); err != nil {
		t.Error(err)
	}
	put(t, s, Entity("one more"))
}

func rules(t *testing.T, m Maker) {
	t.Helper()
	s := open(t, m.New)
	want := many(12)
	if err := s.PutRules(t.Context(), want, store.Any); err != nil {
		t.Fatal(err)
	}
	if d := Diff(want, s.View().Rules()); d != "" {
		t.Error(d)
	}
	put(t, s, Entity("hyco"))
	if d := Diff(want, s.View().Rules()); d != "" {
		t.Errorf("a Put touched the rules: %s", d)
	}
	if err := s.PutRules(t.Context(), nil, store.Any); err != nil {
		t.Fatal(err)
	}
	if len(s.View().Rules()) != 0 || s.View().Len() != 1 {
		t.Errorf("%d rules, %d entities", len(s.View().Rules()), s.View().Len())
	}
}

// rulesRevision: of two who read the same rules the second to write hears it, and what the first wrote stays; other changes of the
// store are none of the rules.
func rulesRevision(t *testing.T, m Maker) {
	t.Helper()
	s := open(t, m.New)
	if rev := s.View().RulesRevision(); rev != store.None {
		t.Errorf("a new store has rules of revision %d", rev)
	}
	wantCode(t, "rules that were never there", s.PutRules(t.Context(), many(1), 1), fail.Conflict)
	if err := s.PutRules(t.Context(), many(1), store.None); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "rules that are there already", s.PutRules(t.Context(), many(2), store.None), fail.Conflict)
	seen := s.View().RulesRevision()
	put(t, s, Entity("hyco"))
	if err := s.PutRules(t.Context(), many(3), seen); err != nil {
		t.Errorf("an entity came between: %v", err)
	}
	wantCode(t, "rules of somebody else", s.PutRules(t.Context(), many(4), seen), fail.Conflict)
	if err := s.PutRules(t.Context(), nil, s.View().RulesRevision()); err != nil {
		t.Error(err)
	}
	wantCode(t, "rules that are gone", s.PutRules(t.Context(), many(4), store.None), fail.Conflict)
	if n := len(s.View().Rules()); n != 0 {
		t.Errorf("%d rules", n)
	}
	if err := s.PutRules(t.Context(), many(5), store.Any); err != nil || len(s.View().Rules()) != 5 {
		t.Errorf("whatever is there: %v, %d rules", err, len(s.View().Rules()))
	}
}

func callersKeepTheirs(t *testing.T, m Maker) {
	t.Helper()
	s := open(t, m.New)
	e, list := Entity("hyco"), many(2)
	put(t, s, e)
	if err := s.PutRules(t.Context(), list, store.Any); err != nil {
		t.Fatal(err)
	}
	e.Rules[0].Name, e.Settings.Allow[0], list[0].Name = "changed", netip.Prefix{}, "changed"
	got := s.View().Get(e.At)
	if got.Rules[0].Name != "send" || !got.Settings.Allow[0].IsValid() || s.View().Rules()[0].Name != "rulea" {
		t.Error("what a caller changed afterwards changed in the store")
	}
}

func oldViews(t *testing.T, m Maker) {
	t.Helper()
	s := open(t, m.New)
	first := put(t, s, Entity("hyco"))
	v := s.View()
	put(t, s, Entity("hyco"))
	put(t, s, Entity("other"))
	if err := s.Delete(t.Context(), first.At, store.Any); err != nil {
		t.Fatal(err)
	}
	if v.Len() != 1 || v.Get(first.At) != first {
		t.Error("a view that somebody holds has changed")
	}
}

func closed(t *testing.T, m Maker) {
	t.Helper()
	s := open(t, m.New)
	e := put(t, s, Entity("hyco"))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Put(t.Context(), e, store.Any); err == nil {
		t.Error("Put after Close")
	}
	if err := s.Delete(t.Context(), e.At, store.Any); err == nil {
		t.Error("Delete after Close")
	}
	if err := s.PutRules(t.Context(), nil, store.Any); err == nil {
		t.Error("PutRules after Close")
	}
	if s.View().Get(e.At) != e {
		t.Error("the last view is gone after Close")
	}
	s.Watch(func(store.Change) {})()
}

func reopen(t *testing.T, m Maker) {
	t.Helper()
	s := open(t, m.New)
	if err := s.PutRules(t.Context(), many(3), store.Any); err != nil {
		t.Fatal(err)
	}
	put(t, s, Entity("gone"))
	put(t, s, Entity("Ünïcode/Ort"))
	put(t, s, Entity("hyco"))
	put(t, s, &entity.Entity{Name: "bare", At: entity.Address{Path: "bare"}, Kind: entity.Event})
	put(t, s, &entity.Entity{Name: "Bare", At: entity.Address{Namespace: "other.example", Path: "bare"}, Kind: entity.HTTP})
	if err := s.Delete(t.Context(), entity.Address{Path: "gone"}, store.Any); err != nil {
		t.Fatal(err)
	}
	want, wantRules := all(s), s.View().Rules()
	s = m.Reopen(t, s)
	defer closeStore(t, s)
	if d := Diff(want, all(s)); d != "" {
		t.Errorf("entities: %s", d)
	}
	if d := Diff(wantRules, s.View().Rules()); d != "" {
		t.Errorf("rules: %s", d)
	}
	wantCode(t, "rules that were there before", s.PutRules(t.Context(), nil, store.None), fail.Conflict)
	for _, e := range want {
		if !errors.Is(s.Delete(t.Context(), e.At, e.Revision+100), &fail.Error{Code: fail.Conflict}) {
			t.Errorf("%v: revisions count after reopening", e.At)
		}
		if err := s.Delete(t.Context(), e.At, e.Revision); err != nil {
			t.Error(err)
		}
	}
}

func reopenRevisions(t *testing.T, m Maker) {
	t.Helper()
	s := open(t, m.New)
	last := put(t, s, Entity("hyco"))
	if err := s.Delete(t.Context(), last.At, store.Any); err != nil {
		t.Fatal(err)
	}
	s = m.Reopen(t, s)
	defer closeStore(t, s)
	if e := put(t, s, Entity("hyco")); e.Revision <= last.Revision {
		t.Errorf("revision %d after %d: a client with an old entity tag would overwrite", e.Revision, last.Revision)
	}
}
