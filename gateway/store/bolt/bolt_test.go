package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/gateway/store/internal/book"
	"github.com/causeway-relay/causeway/gateway/store/storetest"
)

// dirs remembers where each store of the conformance suite lives.
var dirs = map[store.Store]string{}

func openIn(t testing.TB, dir string) store.Store {
	t.Helper()
	s, err := Open(dir, Params{})
	if err != nil {
		t.Fatal(err)
	}
	dirs[s] = dir
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func put(t testing.TB, s store.Store, name string) *entity.Entity {
	t.Helper()
	e, err := s.Put(t.Context(), storetest.Entity(name), store.Any)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestConformance(t *testing.T) {
	storetest.Run(t, storetest.Maker{
		New: func(t *testing.T) store.Store { t.Helper(); return openIn(t, t.TempDir()) },
		Full: func(t *testing.T) store.Store {
			t.Helper()
			dir := t.TempDir()
			fill(t, dir, entity.MaxEntities)
			return openIn(t, dir)
		},
		Reopen: func(t *testing.T, s store.Store) store.Store {
			t.Helper()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return openIn(t, dirs[s])
		},
	})
}

// fill puts n entities into a new store with one transaction.
func fill(t testing.TB, dir string, n int) {
	t.Helper()
	k, _, _, err := open(dir, Params{})
	if err != nil {
		t.Fatal(err)
	}
	err = k.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketEntities)
		for i := range n {
			name := fmt.Sprintf("e%d", i)
			value, encodeErr := encodeEntity(k.aead, &entity.Entity{Name: name, At: entity.Address{Path: name}, Kind: entity.Hybrid, Revision: uint64(i + 1)})
			err = errors.Join(err, encodeErr, b.Put(entityKey(entity.Address{Path: name}), value))
		}
		return errors.Join(err, putMeta(tx, metaRevision, "\x00\x00\x00\x00\x00\x01\x00\x00"))
	})
	if err := errors.Join(err, k.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestNoKeyInTheFile: neither a key nor its usual encodings stand in state.db.
func TestNoKeyInTheFile(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	e := put(t, s, "hyco")
	rule := entity.NewRule("root", entity.Manage)
	if err := s.PutRules(t.Context(), []entity.Rule{rule}, store.Any); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	file, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(file, []byte("hyco")) {
		t.Fatal("the file does not even have the name: this test looks at the wrong one")
	}
	secrets := []entity.Secret{rule.Primary, rule.Secondary, e.Rules[0].Primary, e.Rules[0].Secondary, e.Rules[1].Primary}
	for _, secret := range secrets {
		for _, form := range encodings(string(secret)) {
			if bytes.Contains(file, form) {
				t.Errorf("the key %s stands in the file as %s", string(secret), form)
			}
		}
	}
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	_, err := Open(dir, Params{LockTimeout: time.Millisecond})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), stateFile) || !strings.Contains(err.Error(), "stop the other gateway") {
		t.Fatalf("got %v", err)
	}
	put(t, s, "hyco") // the first is unharmed
	_ = s.Close()
	if openIn(t, dir).View().Len() != 1 {
		t.Error("after the first has closed, the second does not see its entity")
	}
}

// TestLockedByAnotherProcess holds the file from a process of its own, where flock may be had.
func TestLockedByAnotherProcess(t *testing.T) {
	flock, err := exec.LookPath("flock")
	if err != nil {
		t.Skip("SKIPPED: util-linux' flock is not there; TestLocked covers the same lock within the process")
	}
	dir := t.TempDir()
	_ = openIn(t, dir).Close()
	holder := exec.CommandContext(t.Context(), flock, "--exclusive", filepath.Join(dir, stateFile), "sh", "-c", "echo held; read line")
	in, _ := holder.StdinPipe()
	out, _ := holder.StdoutPipe()
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Params{LockTimeout: 100 * time.Millisecond}); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v", err)
	}
	_ = in.Close()
	_ = holder.Wait()
	openIn(t, dir)
}

// TestDamage: whatever happens to the file, Open gives an error that says what to do, or everything. bbolt falls back to
// the state before the last write when the page of the last is broken; that is the one other good answer.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	for i := range 30 {
		put(t, s, fmt.Sprintf("e%d", i))
	}
	_ = s.Close()
	good, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	damaged := map[string][]byte{
		"text":       []byte("this is no store\n"),
		"zeros":      make([]byte, len(good)),
		"twice":      append(bytes.Clone(good), good...),
		"no records": append(bytes.Clone(good[:8192]), make([]byte, len(good)-8192)...),
	}
	for cut := 512; cut < len(good); cut += 1536 {
		damaged[fmt.Sprintf("cut at %d", cut)] = good[:cut]
	}
	for i := range 150 {
		b := bytes.Clone(good)
		at, n := rng.IntN(len(b)), 1+rng.IntN(64)
		for j := at; j < min(at+n, len(b)); j++ {
			b[j] = byte(rng.Uint32())
		}
		damaged[fmt.Sprintf("noise %d: %d bytes at %d", i, n, at)] = b
	}
	refusedOnce := false
	for name, b := range damaged {
		if err := os.WriteFile(filepath.Join(dir, stateFile), b, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(dir, Params{LockTimeout: time.Millisecond})
		if err != nil {
			refusedOnce = true
			if text := err.Error(); !strings.Contains(text, stateFile) || !strings.Contains(text, "move ") && !strings.Contains(text, "run the version") {
				t.Errorf("%s: the error does not say what to do: %v", name, err)
			}
			continue
		}
		if n := s.View().Len(); n != 30 && n != 29 {
			t.Errorf("%s: opened with %d entities", name, n)
		}
		_ = s.Close()
	}
	if !refusedOnce {
		t.Error("no damage was ever found")
	}
}

// TestSwappedRecords: a sealed key opens only in its entity, with its rule and rights.
func TestSwappedRecords(t *testing.T) {
	for name, swap := range map[string]func(r *entityRecord){
		"another rule's key":   func(r *entityRecord) { r.Rules[0].Primary = r.Rules[1].Primary },
		"secondary as primary": func(r *entityRecord) { r.Rules[0].Primary = r.Rules[0].Secondary },
		"more rights":          func(r *entityRecord) { r.Rules[0].Rights = entity.Manage },
		"another rule":         func(r *entityRecord) { r.Rules[0].Name = "Send" },
		"another entity":       func(r *entityRecord) { r.Name = "other" },
		"one bit":              func(r *entityRecord) { r.Rules[0].Secondary[20] ^= 1 },
		"cut":                  func(r *entityRecord) { r.Rules[0].Secondary = r.Rules[0].Secondary[:5] },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			k, _, _, err := open(dir, Params{})
			if err != nil {
				t.Fatal(err)
			}
			value, err := encodeEntity(k.aead, storetest.Entity("hyco"))
			if err != nil {
				t.Fatal(err)
			}
			r, err := decodeEntity(value)
			if err != nil {
				t.Fatal(err)
			}
			swap(r)
			if value, err = encode(r); err != nil {
				t.Fatal(err)
			}
			err = k.change(1, bucketEntities, entityKey(entity.Address{Path: strings.ToLower(r.Name)}), value)
			if err := errors.Join(err, k.Close()); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir, Params{}); !errors.Is(err, ErrCorrupt) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestFailedWriteStopsWriting: after a write that failed the store goes on reading and refuses to write.
func TestFailedWriteStopsWriting(t *testing.T) {
	dir := t.TempDir()
	k, view, revision, err := open(dir, Params{})
	if err != nil {
		t.Fatal(err)
	}
	s := book.New(k, view, revision)
	kept := put(t, s, "kept")
	k.db.MaxSize = 1 // as a full disk
	big := storetest.Entity("big")
	big.UserMetadata = strings.Repeat("x", 100_000)
	if _, err := s.Put(t.Context(), big, store.Any); !fail.Is(err, fail.Internal) {
		t.Fatalf("got %v", err)
	}
	k.db.MaxSize = 0
	_, err = s.Put(t.Context(), storetest.Entity("later"), store.Any)
	if !fail.Is(err, fail.Internal) || !strings.Contains(err.Error(), "start the gateway anew") {
		t.Errorf("a write after one that failed: %v", err)
	}
	if s.View().Len() != 1 || s.View().Get(kept.At) != kept {
		t.Errorf("%d entities are left", s.View().Len())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := openIn(t, dir); got.View().Len() != 1 {
		t.Errorf("%d entities after opening anew", got.View().Len())
	}
}

func TestTooLargeRecord(t *testing.T) {
	s := openIn(t, t.TempDir())
	e := storetest.Entity("hyco")
	e.UserMetadata = strings.Repeat("x", maxRecord)
	if _, err := s.Put(t.Context(), e, store.Any); err == nil {
		t.Error("a record of more than the bound was written")
	}
	put(t, s, "hyco") // nothing was begun, so nothing is broken
}

func TestUnusableDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(file, "data"), Params{}); err == nil || !strings.Contains(err.Error(), "--data") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkPut(b *testing.B) {
	s := openIn(b, b.TempDir())
	e := storetest.Entity("hyco")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Put(b.Context(), e, store.Any); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	fill(b, dir, entity.MaxEntities)
	for b.Loop() {
		s, err := Open(dir, Params{})
		if err != nil {
			b.Fatal(err)
		}
		_ = s.Close()
	}
}
