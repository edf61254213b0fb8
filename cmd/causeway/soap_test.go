package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// runCommand runs one command line against the whole tree.
func runCommand(t *testing.T, stdin string, words ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, talk bytes.Buffer
	root := newRoot()
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(&talk)
	root.SetArgs(words)
	err = root.Execute()
	return out.String(), talk.String(), err
}

func TestSoapCommands(t *testing.T) {
	const capture = "../../soap/inspect/testdata/captures/dotnet/tcp-echo/c1.client.hex"
	out, talk, err := runCommand(t, "", "soap", "decode", capture)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"via net.tcp://127.0.0.1:18790/nettcp/echo", "\n    <Echo xmlns=\"http://tempuri.org/\">\n      <text>hello</text>\n", "at 715: end"} {
		if !strings.Contains(out, want) {
			t.Errorf("output has no %q", want)
		}
	}
	if !strings.Contains(talk, "6 messages") || !strings.Contains(talk, "action http://tempuri.org/IEcho/Add") {
		t.Errorf("summary:\n%s", talk)
	}
	out, _, err = runCommand(t, "", "soap", "decode", capture, "-o", "json")
	var report struct {
		Messages []struct {
			Summary struct {
				Root string `json:"root"`
			} `json:"summary"`
		} `json:"messages"`
	}
	if err != nil || json.Unmarshal([]byte(out), &report) != nil || len(report.Messages) != 6 || report.Messages[0].Summary.Root != "{http://tempuri.org/}Echo" {
		t.Errorf("json: %v, %+v", err, report)
	}
}

func TestSoapEncodeAndDiff(t *testing.T) {
	const doc = `<a xmlns="urn:x" b="1"><c>text</c></a>`
	hex, _, err := runCommand(t, doc, "soap", "encode", "--hex", "--as", "session")
	if err != nil {
		t.Fatal(err)
	}
	left, right := filepath.Join(t.TempDir(), "left.xml"), filepath.Join(t.TempDir(), "right.hex")
	for name, text := range map[string]string{left: doc, right: hex} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, _, err := runCommand(t, "", "soap", "diff", left, right); err != nil || out != "" {
		t.Errorf("equal documents: %q, %v", out, err)
	}
	out, _, err := runCommand(t, `<x:a xmlns:x="urn:x" b="2"><x:c>other</x:c></x:a>`, "soap", "diff", left, "-")
	if exitCode(err) != exitFailure || out != "/a/@b: attribute\n- \"1\"\n+ \"2\"\n/a/c: text\n- \"text\"\n+ \"other\"\n" {
		t.Errorf("different documents: %q, %v", out, err)
	}
	for _, words := range [][]string{{"soap", "encode", "--as", "morse"}, {"soap", "diff", left}, {"soap", "diff", "-", "-"}, {"soap", "decoed"}} {
		if _, _, err := runCommand(t, doc, words...); exitCode(err) != exitUsage {
			t.Errorf("%v: %v", words, err)
		}
	}
	for _, words := range [][]string{{"soap", "decode"}, {"soap", "encode"}, {"soap", "decode", "no-such-file"}} {
		if _, _, err := runCommand(t, "<a>", words...); exitCode(err) != exitFailure {
			t.Errorf("%v: %v", words, err)
		}
	}
}
