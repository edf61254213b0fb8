package manage_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// TestAttached: a description is attached whole, shown without its text, kept by name, refused with what is wrong, and taken off.
func TestAttached(t *testing.T) {
	w := newWorld(t)
	const wsdl, xsd = `<definitions xmlns=\"http://schemas.xmlsoap.org/wsdl/\"/>`, `<schema xmlns=\"http://www.w3.org/2001/XMLSchema\"/>`
	put := func(list string) answer {
		return w.ask("PUT", "/$api/entities/calc", `{"kind": "http", "settings": {"metadata": [`+list+`]}}`)
	}
	shown := `"metadata":[{"name":"a.wsdl","size":` + strconv.Itoa(len(strings.ReplaceAll(wsdl, `\`, ""))) + `},{"name":"b.xsd","size":` +
		strconv.Itoa(len(strings.ReplaceAll(xsd, `\`, ""))) + `}]`
	both := `{"name": "a.wsdl", "text": "` + wsdl + `"}, {"name": "b.xsd", "text": "` + xsd + `"}`
	if got := put(both); got.status != http.StatusCreated || !strings.Contains(got.body, shown) {
		t.Fatalf("%+v", got)
	}
	// What GET gave can be sent back.
	got := w.ask("GET", "/$api/entities/calc", "")
	if again := w.ask("PUT", "/$api/entities/calc", got.body); again.status != http.StatusOK || !strings.Contains(again.body, shown) {
		t.Errorf("sent back: %+v", again)
	}
	for e := range w.store.View().All() {
		if len(e.Settings.Metadata) == 2 && !strings.HasPrefix(e.Settings.Metadata[1].Text, "<schema") {
			t.Errorf("kept %+v", e.Settings.Metadata)
		}
	}
	for list, want := range map[string]string{
		`{"text": ""}`:                     "settings.metadata[0]: has no name",
		`{"name": "new.wsdl"}`:             "settings.metadata[0]: has no text, and the relay has no document of that name",
		`{"name": "b.xsd"}`:                `settings.metadata: document \"b.xsd\" is a schema`,
		`{"name": "x", "text": "<html/>"}`: `settings.metadata: document \"x\" begins with`,
		`{"name": "x", "txt": ""}`:         `did you mean \"text\"`,
		`1`:                                "settings.metadata[0]: expected an object",
	} {
		if got := put(list); got.status != http.StatusBadRequest || !strings.Contains(got.body, want) {
			t.Errorf("%s: %+v, want %s", list, got, want)
		}
	}
	if got := w.ask("PATCH", "/$api/entities/calc", `{"settings": {"sticky": true}}`); !strings.Contains(got.body, shown) {
		t.Errorf("a change of something else: %+v", got)
	}
	if got := w.ask("PATCH", "/$api/entities/calc", `{"settings": {"metadata": []}}`); !strings.Contains(got.body, `"metadata":[]`) {
		t.Errorf("taken off: %+v", got)
	}
}
