package inspect

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

// choices lists every captured message that is written back in other bytes than
// the peer wrote: where .NET's writer depends on the state of its buffers, ours
// makes a choice. Each row names the rule of xmlbin.Writer. A new row needs a
// reason in its commit.
var choices = map[string]string{
	"mono/tcp-fault-crash/c1.server.hex@1": "the end of an element joins the text before it (fuseUnits): 159 characters that the peer's buffer had already let go of",
}

// TestCapturesEncode decodes and encodes every captured binary message, session
// by session: the bytes, string tables included, are the peer's own.
func TestCapturesEncode(t *testing.T) {
	used := map[string]bool{}
	messages := 0
	for _, root := range roots(t) {
		for _, c := range captures(t, root) {
			for _, file := range c.streams {
				messages += encodes(t, c.name+"/"+filepath.Base(file), file, used)
			}
		}
	}
	if messages < 300 {
		t.Errorf("only %d messages: the captures are not read", messages)
	}
	for key := range choices {
		if !used[key] {
			t.Errorf("choice %q is not made any more: take it off the list", key)
		}
	}
	t.Logf("%d messages, %d free choices", messages, len(used))
}

func encodes(t *testing.T, name, file string, used map[string]bool) int {
	t.Helper()
	var session *xmlbin.WriterSession
	all := decodeFile(t, file)
	for _, m := range all {
		if m.Form == sessionType && (m.FirstID == 1 || session == nil) {
			session = xmlbin.NewWriterSession(maxSession)
		}
		got, want := encodeAgain(t, file, m, session), m.Doc
		if m.session != nil {
			want = append(table(m.Strings), m.Doc...)
		}
		if bytes.Equal(got, want) {
			continue
		}
		key := fmt.Sprintf("%s@%d", name, m.Offset)
		rule, free := choices[key]
		if !free {
			t.Errorf("%s: no free choice\ngot  %x\nwant %x", key, got, want)
			continue
		}
		if !used[key] {
			t.Logf("free choice: %s: %s", key, rule)
		}
		used[key] = true
		if d, err := Diff(got, want); err != nil || len(d) > 0 {
			t.Errorf("%s: not the same document: %v, %v", key, d, err)
		}
	}
	return len(all)
}

// encodeAgain writes a message as its peer would.
func encodeAgain(t *testing.T, file string, m taken, session *xmlbin.WriterSession) []byte {
	t.Helper()
	o := xmlbin.WriterOptions{}
	if m.session != nil {
		o.Session = session
	}
	w := xmlbin.NewWriter(nil, o)
	r := xmlbin.NewBytes(m.Doc, xmlbin.Options{Quotas: infoset.Buffered(), Session: m.session, Arrays: true})
	if err := infoset.Copy(w, r); err != nil {
		t.Errorf("%s: message at %d: %v", file, m.Offset, err)
	}
	if m.session == nil {
		return bytes.Clone(w.Bytes())
	}
	return append(session.AppendTable(nil), w.Bytes()...)
}
