package bolt

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"hash/crc32"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/store/storetest"
)

var update = flag.Bool("update", false, "write the golden record anew")

// goldenFile is a record of version 1, in base64, sealed with a key of 32 times 'k'. It stays as it is for ever: a
// program that cannot read it cannot read its users' stores.
const goldenFile = "testdata/entity-v1.txt"

func goldenEntity() *entity.Entity {
	e := storetest.Entity("Plant/Line1")
	e.Settings.Metadata, e.Settings.Convert = nil, entity.Conversion{} // younger than the record
	e.Rules[0].Primary, e.Rules[0].Secondary = "dGVzdC1rZXk=", "c2Vjb25k"
	e.CreatedAt, e.UpdatedAt = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)
	e.Revision = 42
	return e
}

func TestGoldenRecord(t *testing.T) {
	aead, err := newAEAD(bytes.Repeat([]byte("k"), keySize))
	must(t, err)
	if *update {
		value, err := encodeEntity(aead, goldenEntity())
		must(t, err)
		must(t, os.WriteFile(goldenFile, []byte(base64.StdEncoding.EncodeToString(value)+"\n"), 0o644))
	}
	text, err := os.ReadFile(goldenFile)
	must(t, err)
	value, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	must(t, err)
	r, err := decodeEntity(value)
	must(t, err)
	got, err := r.open(aead, "")
	must(t, err)
	if d := storetest.Diff(goldenEntity(), got); d != "" {
		t.Error(d)
	}
	for n := range value { // every truncation
		if _, err := decodeEntity(value[:n]); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("%d bytes of %d: %v", n, len(value), err)
		}
	}
	for i := range value { // every byte
		broken := bytes.Clone(value)
		broken[i] ^= 0x20
		if _, err := decodeEntity(broken); err == nil {
			t.Fatalf("byte %d changed and nobody noticed", i)
		}
	}
}

// TestSealsDiffer: the same key sealed twice looks different.
func TestSealsDiffer(t *testing.T) {
	aead, err := newAEAD(make([]byte, keySize))
	must(t, err)
	a := sealRules(aead, "x", []entity.Rule{{Name: "r", Primary: "key"}})
	b := sealRules(aead, "x", []entity.Rule{{Name: "r", Primary: "key"}})
	if bytes.Equal(a[0].Primary, b[0].Primary) || len(a[0].Secondary) != 0 {
		t.Errorf("%x and %x", a[0].Primary, b[0].Primary)
	}
	if _, err := newAEAD(make([]byte, 31)); !errors.Is(err, ErrKey) {
		t.Errorf("a key of 31 bytes: %v", err)
	}
}

func TestRecordsRefused(t *testing.T) {
	for name, v := range map[string]struct {
		document, says string
		version        byte
	}{
		"newer version":   {`{"name":"a"}`, "a record of version 2, this program reads 1", 2},
		"no document":     {``, "", 1},
		"no object":       {`[]`, "", 1},
		"unknown name":    {`{"name":"a","colour":"red"}`, "colour", 1},
		"two documents":   {`{"name":"a"}{}`, "more than one document", 1},
		"rights too many": {`{"rules":[{"rights":300}]}`, "", 1},
		"bad prefix":      {`{"allow":["1.2.3.4/99"]}`, "", 1},
		"too long":        {`{"name":"` + strings.Repeat("a", maxRecord) + `"}`, "a record of", 1},
	} {
		_, err := decodeEntity(sealed(v.version, v.document))
		if err == nil || !strings.Contains(err.Error(), v.says) || errors.Is(err, ErrCorrupt) == (v.version != 1) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := decodeRules(sealed(1, `{}`)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("rules that are no list: %v", err)
	}
	if rules, err := decodeRules(nil); rules != nil || err != nil {
		t.Errorf("no rules: %v, %v", rules, err)
	}
}

// sealed makes a record with a good checksum around any document.
func sealed(version byte, document string) []byte {
	b := binary.BigEndian.AppendUint32([]byte{version}, crc32.Checksum([]byte(document), castagnoli))
	return append(b, document...)
}

// FuzzRecord: a record never does harm, and what can be read can be written again with the same meaning.
func FuzzRecord(f *testing.F) {
	aead, err := newAEAD(make([]byte, keySize))
	if err != nil {
		f.Fatal(err)
	}
	whole, err := encodeEntity(aead, storetest.Entity("hyco"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, false)
	f.Add(whole[recordHead:], true)
	f.Add([]byte(`{"name":"a","rules":[{"name":"r","rights":7,"primary":"AAAA"}],"createdAt":"2026-01-01T00:00:00Z"}`), true)
	f.Add([]byte(`{"allow":["10.0.0.0/8"],"responseTimeout":-1,"revision":18446744073709551615}`), true)
	f.Add([]byte(`null`), true)
	f.Fuzz(func(t *testing.T, b []byte, fix bool) {
		if fix { // so that the fuzzer gets past the checksum
			b = sealed(recordVersion, string(b))
		}
		_, _ = decodeRules(b)
		r, err := decodeEntity(b)
		if err != nil {
			return
		}
		if e, err := r.open(aead, "n"); err == nil && e.At.Namespace != "n" {
			t.Fatalf("opened as %v", e.At)
		}
		again, err := encode(r)
		if err != nil {
			return // a time or a length that cannot be written
		}
		second, err := decodeEntity(again)
		if err != nil {
			t.Fatalf("%q was written as %q: %v", b, again, err)
		}
		first, _ := json.Marshal(r)
		if other, _ := json.Marshal(second); !bytes.Equal(first, other) {
			t.Fatalf("%s came back as %s", first, other)
		}
	})
}
