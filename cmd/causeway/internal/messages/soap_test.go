package messages

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
)

// runCommand runs one command line against a tree of these commands.
func runCommand(t *testing.T, stdin string, words ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, talk bytes.Buffer
	code = cli.Run(t.Context(), cli.Group("causeway", "", "", NewSoap(), NewBindings()), words, strings.NewReader(stdin), &out, &talk)
	return out.String(), talk.String(), code
}

func TestSoapCommands(t *testing.T) {
	const capture = "../../../../soap/inspect/testdata/captures/dotnet/tcp-echo/c1.client.hex"
	out, talk, code := runCommand(t, "", "soap", "decode", capture)
	if code != cli.ExitOK {
		t.Fatal(talk)
	}
	for _, want := range []string{"via net.tcp://127.0.0.1:18790/nettcp/echo", "\n    <Echo xmlns=\"http://tempuri.org/\">\n      <text>hello</text>\n", "at 715: end"} {
		if !strings.Contains(out, want) {
			t.Errorf("output has no %q", want)
		}
	}
	if !strings.Contains(talk, "6 messages") || !strings.Contains(talk, "action http://tempuri.org/IEcho/Add") {
		t.Errorf("summary:\n%s", talk)
	}
	out, _, code = runCommand(t, "", "soap", "decode", capture, "-o", "json")
	var report struct {
		Messages []struct {
			Summary struct {
				Root string `json:"root"`
			} `json:"summary"`
		} `json:"messages"`
	}
	if code != cli.ExitOK || json.Unmarshal([]byte(out), &report) != nil || len(report.Messages) != 6 || report.Messages[0].Summary.Root != "{http://tempuri.org/}Echo" {
		t.Errorf("json: %d, %+v", code, report)
	}
}

func TestSoapEncodeAndDiff(t *testing.T) {
	const doc = `<a xmlns="urn:x" b="1"><c>text</c></a>`
	hex, talk, code := runCommand(t, doc, "soap", "encode", "--hex", "--as", "session")
	if code != cli.ExitOK {
		t.Fatal(talk)
	}
	left, right := filepath.Join(t.TempDir(), "left.xml"), filepath.Join(t.TempDir(), "right.hex")
	for name, text := range map[string]string{left: doc, right: hex} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, _, code := runCommand(t, "", "soap", "diff", left, right); code != cli.ExitOK || out != "" {
		t.Errorf("equal documents: %q, %d", out, code)
	}
	out, _, code := runCommand(t, `<x:a xmlns:x="urn:x" b="2"><x:c>other</x:c></x:a>`, "soap", "diff", left, "-")
	if code != cli.ExitFailure || out != "/a/@b: attribute\n- \"1\"\n+ \"2\"\n/a/c: text\n- \"text\"\n+ \"other\"\n" {
		t.Errorf("different documents: %q, %d", out, code)
	}
	for _, words := range [][]string{{"soap", "encode", "--as", "morse"}, {"soap", "diff", left}, {"soap", "diff", "-", "-"}, {"soap", "decoed"}} {
		if _, _, code := runCommand(t, doc, words...); code != cli.ExitUsage {
			t.Errorf("%v: exit code %d", words, code)
		}
	}
	for _, words := range [][]string{{"soap", "decode"}, {"soap", "encode"}, {"soap", "decode", "no-such-file"}} {
		if _, _, code := runCommand(t, "<a>", words...); code != cli.ExitFailure {
			t.Errorf("%v: exit code %d", words, code)
		}
	}
}
