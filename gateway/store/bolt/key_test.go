package bolt

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// encodings gives what a secret may look like in a file.
func encodings(secret string) [][]byte {
	all := [][]byte{
		[]byte(secret), []byte(base64.StdEncoding.EncodeToString([]byte(secret))),
		[]byte(hex.EncodeToString([]byte(secret))), []byte(url.QueryEscape(secret)),
	}
	if raw, err := base64.StdEncoding.DecodeString(secret); err == nil && len(raw) > 8 {
		all = append(all, raw)
	}
	return all
}

func TestKeyFileIsMadeOnceAndPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "data")
	putOne(t, dir)
	path := filepath.Join(dir, keyFile)
	first, err := os.ReadFile(path)
	if err != nil || len(first) != keySize {
		t.Fatalf("%d bytes, %v", len(first), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("the directory has %v, %v", entries, err)
	}
	if runtime.GOOS != "windows" {
		for _, name := range []string{keyFile, stateFile} {
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v, %v", name, info.Mode(), err)
			}
		}
	}
	if n := count(t, dir); n != 1 {
		t.Errorf("%d entities", n)
	}
	if second, err := os.ReadFile(path); err != nil || !bytes.Equal(first, second) {
		t.Errorf("the key has changed: %v", err)
	}
	if other := makeOther(t); bytes.Equal(first, other) {
		t.Error("two keys are alike")
	}
}

// TestUnusableKeys: each says what is wrong and what to do, and with the right key back everything is there.
func TestUnusableKeys(t *testing.T) {
	for _, v := range []struct {
		name, says string
		spoil      func(path string) error
	}{
		{"missing", "is missing and the store holds keys", os.Remove},
		{"short", "has not exactly 32 bytes", func(path string) error { return os.WriteFile(path, make([]byte, 31), 0o600) }},
		{"long", "has not exactly 32 bytes", func(path string) error { return os.WriteFile(path, make([]byte, 33), 0o600) }},
		{"empty", "has not exactly 32 bytes", func(path string) error { return os.WriteFile(path, nil, 0o600) }},
		{"another", "not the key that state.db was written with", func(path string) error { return os.WriteFile(path, make([]byte, 32), 0o600) }},
		{"readable for the group", "others can read it: run 'chmod 600", func(path string) error { return os.Chmod(path, 0o640) }},
		{"readable for all", "others can read it: run 'chmod 600", func(path string) error { return os.Chmod(path, 0o604) }},
		{"writable for the group", "others can read it: run 'chmod 600", func(path string) error { return os.Chmod(path, 0o620) }},
		{"a directory", "key.bin", func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) }},
	} {
		t.Run(v.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.Contains(v.name, "able for") {
				t.Skip("windows has no such modes")
			}
			dir := t.TempDir()
			putOne(t, dir)
			path := filepath.Join(dir, keyFile)
			key, err := os.ReadFile(path)
			must(t, err)
			must(t, v.spoil(path))
			_, err = Open(dir, Params{})
			if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), v.says) {
				t.Errorf("got %v, want %q", err, v.says)
			}
			must(t, os.RemoveAll(path))
			must(t, os.WriteFile(path, key, 0o600))
			if n := count(t, dir); n != 1 {
				t.Errorf("with the key back: %d entities", n)
			}
		})
	}
}

// TestLostKeyOfEmptyStore: a store without keys in it takes a new key.
func TestLostKeyOfEmptyStore(t *testing.T) {
	dir := t.TempDir()
	count(t, dir)
	must(t, os.Remove(filepath.Join(dir, keyFile)))
	s := openIn(t, dir)
	put(t, s, "hyco")
	_ = s.Close()
	if n := openIn(t, dir).View().Len(); n != 1 {
		t.Errorf("%d entities", n)
	}
}

func TestCredential(t *testing.T) {
	dir, credentials := t.TempDir(), t.TempDir()
	p := Params{Credentials: credentials}
	path := filepath.Join(credentials, credentialName)
	must(t, os.WriteFile(path, makeOther(t), 0o440)) // systemd gives such modes
	s, err := Open(dir, p)
	must(t, err)
	put(t, s, "hyco")
	must(t, s.Close())
	if _, err := os.Stat(filepath.Join(dir, keyFile)); !os.IsNotExist(err) {
		t.Errorf("with a credential a key file was made too: %v", err)
	}
	s, err = Open(dir, p)
	must(t, err)
	if n := s.View().Len(); n != 1 {
		t.Errorf("%d entities", n)
	}
	must(t, s.Close())
	if _, err := Open(dir, Params{}); !errors.Is(err, ErrKey) {
		t.Errorf("without the credential: %v", err)
	}
	must(t, os.Chmod(path, 0o600))
	must(t, os.WriteFile(path, []byte("short"), 0o600))
	if _, err := Open(dir, p); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), path) {
		t.Errorf("with a bad credential: %v", err)
	}
	// A directory of credentials without ours: key.bin.
	s, err = Open(t.TempDir(), Params{Credentials: t.TempDir()})
	must(t, err)
	must(t, s.Close())
}

func TestErrorsShowNoKey(t *testing.T) {
	dir := t.TempDir()
	putOne(t, dir)
	path := filepath.Join(dir, keyFile)
	key := bytes.Repeat([]byte("secret!!"), 5)
	must(t, os.WriteFile(path, key, 0o600))
	_, err := Open(dir, Params{})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

// putOne opens the store, puts one entity and closes it.
func putOne(t *testing.T, dir string) {
	t.Helper()
	s := openIn(t, dir)
	put(t, s, "hyco")
	must(t, s.Close())
}

// count opens the store, counts its entities and closes it.
func count(t *testing.T, dir string) int {
	t.Helper()
	s := openIn(t, dir)
	defer s.Close()
	return s.View().Len()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func makeOther(t *testing.T) []byte {
	t.Helper()
	key, err := makeKey(filepath.Join(t.TempDir(), keyFile))
	must(t, err)
	return key
}
