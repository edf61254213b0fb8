package connectors

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/shape"
)

// TestFlagForms: values of two parts are taken apart, and half a value is refused.
func TestFlagForms(t *testing.T) {
	for text, want := range map[string][2]string{"": {"", ""}, "/web=/app": {"/web", "/app"}, "/a=/b=c": {"/a", "/b=c"}} {
		if from, to, err := prefixOf(text); err != nil || from != want[0] || to != want[1] {
			t.Errorf("prefix %q gives %q, %q, %v", text, from, to, err)
		}
	}
	for _, text := range []string{"/web", "=/app", "/web="} {
		if _, _, err := prefixOf(text); err == nil {
			t.Errorf("prefix %q is taken", text)
		}
	}
	fields, err := headersOf([]string{"X-From: relay", "X-Time:a:b"})
	if diff := cmp.Diff([]shape.Field{{Name: "X-From", Value: "relay"}, {Name: "X-Time", Value: "a:b"}}, fields); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := headersOf([]string{"X-From"}); err == nil {
		t.Error("half a header is taken")
	}
}

// TestFlagOf: what a check says of a key is told of a flag that the command has.
func TestFlagOf(t *testing.T) {
	cmd := NewListen()
	for _, key := range []string{"target", "portName", "host", "prefix.from", "prefix.to", "headers.add", "headers.remove", "caFile", "cert", "key", "as", "targetAs", "oneWay"} {
		if flag := flagOf(key); cmd.Flags().Lookup(flag[2:]) == nil {
			t.Errorf("%s is told of %s, which 'listen' does not have", key, flag)
		}
	}
	if flagOf("listen") != "NAME" || flagOf("forward") != "NAME" || NewForward().Flags().Lookup(flagOf("bind")[2:]) == nil {
		t.Error("the keys of 'forward' are told of something else")
	}
}
