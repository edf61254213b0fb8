package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/causeway-relay/causeway/bridge/azbridge"
	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/hybrid"
)

// TestEnds: each kind of error ends a command with the documented code and says what it has to say, also when it is wrapped.
func TestEnds(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		code int
		says string // on standard error
	}{
		"nothing":             {nil, ExitOK, ""},
		"a failure":           {errors.New("broken"), ExitFailure, "causeway: broken\n"},
		"no file":             {&fs.PathError{Op: "open", Path: "a", Err: fs.ErrNotExist}, ExitFailure, "causeway: open a: file does not exist\n  next: check the path a\n"},
		"not my file":         {fmt.Errorf("read: %w", &fs.PathError{Op: "open", Path: "a", Err: fs.ErrPermission}), ExitFailure, "  next: run the command as a user who may use a, or name another file\n"},
		"not even a file":     {&fs.PathError{Op: "read", Path: "a", Err: errors.New("is a directory")}, ExitFailure, "  next: look at a, or name another file\n"},
		"a file, and advice":  {fmt.Errorf("%w: make it", &fs.PathError{Op: "open", Path: "a", Err: fs.ErrNotExist}), ExitFailure, "causeway: open a: file does not exist: make it\n"},
		"usage":               {Usage("no %s", "target"), ExitUsage, "causeway: no target\n  next: see 'causeway do --help'\n"},
		"silent":              {Silent(ExitNotFound), ExitNotFound, ""},
		"configuration":       {config.Problems{{File: "c.yaml", Line: 3, Column: 1, Message: "bad"}}, ExitUsage, "c.yaml:3:1 bad\n"},
		"azbridge":            {azbridge.Problems{}, ExitUsage, "\n"},
		"connector":           {&connect.Flaw{Key: "target", Message: "bad"}, ExitUsage, "causeway: "},
		"answer not found":    {&client.Error{Status: 404, Code: "EntityNotFound", Message: "none", Do: "make it", Tracking: "t1"}, ExitNotFound, "  next: make it\n  tracking id: t1\n"},
		"answer unauthorized": {&client.Error{Status: 401, Code: "ExpiredToken"}, ExitUnauthorized, "causeway: "},
		"answer forbidden":    {&client.Error{Status: 403, Code: "Forbidden"}, ExitUnauthorized, "causeway: "},
		"answer draining":     {&client.Error{Status: 503, Code: "Draining"}, ExitUnreachable, "causeway: "},
		"answer conflict":     {&client.Error{Status: 409, Code: "Conflict"}, ExitFailure, "causeway: "},
		"no gateway's answer": {&client.Error{Status: 404}, ExitFailure, "causeway: "},
		"nobody":              {&client.Unreachable{Err: errors.New("refused"), Do: "start it"}, ExitUnreachable, "  next: start it\n"},
		"not fetched":         {&url.Error{Op: "Get", URL: "http://a", Err: errors.New("refused")}, ExitUnreachable, "  next: check the address"},
		"no address":          {&url.Error{Op: "parse", URL: "::", Err: errors.New("bad")}, ExitFailure, "causeway: "},
		"advised":             {Advised(ExitNotFound, "none", "make it"), ExitNotFound, "causeway: none\n  next: make it\n"},
		"too late":            {context.DeadlineExceeded, ExitUnreachable, "causeway: "},
		"relay not found":     {&hybrid.Error{Status: 404, Do: "make it", TrackingID: "t2"}, ExitNotFound, "  next: make it\n  tracking id: t2\n"},
		"relay full":          {&hybrid.Error{Status: 403, Code: fail.ListenerLimit}, ExitFailure, "causeway: "},
		"relay forbidden":     {&hybrid.Error{Status: 403}, ExitUnauthorized, "causeway: "},
		"relay away":          {&hybrid.Error{Status: 0}, ExitUnreachable, "causeway: "},
		"relay no":            {&hybrid.Error{Status: 400, Code: fail.BadRequest}, ExitFailure, "causeway: "},
	} {
		for _, wrap := range []bool{false, true} {
			err := c.err
			if wrap && err != nil {
				err = fmt.Errorf("do it: %w", err)
			}
			tree := Group("causeway", "", "", &cobra.Command{Use: "do", Args: Args(cobra.NoArgs), RunE: func(*cobra.Command, []string) error { return err }})
			var out, talk bytes.Buffer
			if code := Run(t.Context(), tree, []string{"do"}, strings.NewReader(""), &out, &talk); code != c.code || out.Len() > 0 {
				t.Errorf("%s: exit code %d, want %d; output %q", name, code, c.code, out.String())
			}
			if got := talk.String(); !wrap && !strings.Contains(got, c.says) || (got == "") != (c.says == "") {
				t.Errorf("%s: says %q, want %q", name, got, c.says)
			}
		}
	}
}

// TestEndsInJSON: where the output is JSON an error is one line of it on standard error, in the form of the API's own, and standard output
// stays empty.
func TestEndsInJSON(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a failure":      {errors.New("broken\nin two"), `{"error":{"code":"","message":"broken\nin two","do":"","trackingId":""}}`},
		"advised":        {Advised(ExitNotFound, "none", "make it"), `{"error":{"code":"","message":"none","do":"make it","trackingId":""}}`},
		"usage":          {Usage("no <target>"), `{"error":{"code":"","message":"no <target>","do":"see 'causeway do --help'","trackingId":""}}`},
		"an answer":      {&client.Error{Status: 404, Code: "UnknownEntity", Message: "None.", Do: "make it", Tracking: "t1"}, `{"error":{"code":"UnknownEntity","message":"None.","do":"make it","trackingId":"t1"}}`},
		"a relay's":      {&hybrid.Error{Op: "dial", Status: 404, Code: fail.UnknownEntity, Do: "make it", TrackingID: "t2"}, `{"error":{"code":"UnknownEntity","message":"hybrid: dial: 404: UnknownEntity","do":"make it","trackingId":"t2"}}`},
		"nobody":         {&client.Unreachable{Host: "h", Err: errors.New("refused"), Do: "start it"}, `{"error":{"code":"","message":"cannot reach the gateway at h: refused","do":"start it","trackingId":""}}`},
		"configuration":  {config.Problems{{File: "c.yaml", Line: 3, Column: 1, Key: "a", Message: "bad"}}, `{"error":{"code":"","message":"c.yaml:3:1 bad","do":"","trackingId":""},"problems":[{"file":"c.yaml","line":3,"column":1,"key":"a","message":"bad","suggestion":""}]}`},
		"said otherwise": {Silent(ExitFailure), ""},
	} {
		do := &cobra.Command{Use: "do", Args: Args(cobra.NoArgs), RunE: func(*cobra.Command, []string) error { return c.err }}
		FormatFlag(do)
		var out, talk bytes.Buffer
		code := Run(t.Context(), Group("causeway", "", "", do), []string{"do", "-o", "json"}, strings.NewReader(""), &out, &talk)
		if code != exitCode(c.err) || out.Len() > 0 {
			t.Errorf("%s: exit code %d, output %q", name, code, out.String())
		}
		if diff := cmp.Diff(c.want, strings.TrimSuffix(talk.String(), "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestUnread: a lost reader of standard output is told to nobody; other errors of writing are.
func TestUnread(t *testing.T) {
	wrote := func(path string, cause error) error { return &fs.PathError{Op: "write", Path: path, Err: cause} }
	here := brokenPipes[0]
	for _, c := range []struct {
		err   error
		pipes []syscall.Errno
		want  bool
	}{
		{wrote("/dev/stdout", here), brokenPipes, true},
		{fmt.Errorf("list: %w", wrote("/dev/stdout", here)), brokenPipes, true},
		{wrote("/dev/stdout", syscall.Errno(232)), windowsPipes, true},
		{wrote("/dev/stdout", syscall.ENOSPC), brokenPipes, false},
		{wrote("/dev/stdout", syscall.Errno(112)), windowsPipes, false}, // the disk is full
		{wrote("out.wsdl", here), brokenPipes, false},
		{&fs.PathError{Op: "open", Path: "/dev/stdout", Err: here}, brokenPipes, false},
		{&client.Unreachable{Host: "h", Err: here}, brokenPipes, false},
		{errors.New("broken pipe"), brokenPipes, false},
	} {
		if got := unread(c.err, c.pipes); got != c.want {
			t.Errorf("%v, where it is %v: %t", c.err, c.pipes, got)
		}
	}
	do := &cobra.Command{Use: "do", RunE: func(*cobra.Command, []string) error { return wrote("/dev/stdout", here) }}
	var talk bytes.Buffer
	if code := Run(t.Context(), Group("causeway", "", "", do), []string{"do"}, strings.NewReader(""), &talk, &talk); code != ExitFailure || talk.Len() > 0 {
		t.Errorf("exit code %d, says %q", code, talk.String())
	}
}

// TestWrongLines: what cannot be understood is a usage error that names what is near.
func TestWrongLines(t *testing.T) {
	for line, says := range map[string]string{
		"lst": `unknown command "lst" for "causeway"; did you mean list?`, "morse": `unknown command "morse" for "causeway"`,
		"list x": "one argument cannot be right here: write 'causeway list'", "list --al": "unknown flag: --al", "list -o xml": "use table or json",
		"": `unknown command "" for "causeway"` + "\n", "list ": "an argument is empty: write 'causeway list'\n",
		"list --outptu json": "unknown flag: --outptu; did you mean --output?", "list -x": "unknown shorthand flag: 'x' in -x",
		"list --oldname": "unknown flag: --oldname\n", "list --output": "flag needs an argument: --output",
	} {
		list := &cobra.Command{Use: "list", Args: Args(cobra.NoArgs), RunE: func(*cobra.Command, []string) error { return nil }}
		FormatFlag(list)
		list.Flags().Bool("oldnames", false, "")
		_ = list.Flags().MarkHidden("oldnames") // there is one
		var talk bytes.Buffer
		code := Run(t.Context(), Group("causeway", "", "", list), strings.Split(line, " "), strings.NewReader(""), &talk, &talk)
		if code != ExitUsage || !strings.Contains(talk.String(), says) {
			t.Errorf("%q: exit code %d, says %q", line, code, talk.String())
		}
	}
}

// TestOutput: one value is a table for people and JSON for programs, and texts of peers cannot move a terminal.
func TestOutput(t *testing.T) {
	for format, want := range map[string]string{"table": "NAME  N\na     1\n", "json": "{\n  \"name\": \"<a>\"\n}\n"} {
		cmd := &cobra.Command{Use: "do"}
		f := FormatFlag(cmd)
		cmd.RunE = func(cmd *cobra.Command, _ []string) error {
			return f.Write(cmd, map[string]string{"name": "<a>"}, func() error { return Table(cmd.OutOrStdout(), [][]string{{"NAME", "N"}, {"a", "1"}}) })
		}
		var out bytes.Buffer
		if code := Run(t.Context(), cmd, []string{"-o", format}, strings.NewReader(""), &out, &out); code != ExitOK {
			t.Fatalf("exit code %d: %s", code, out.String())
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
	if got := OneLine("a\nb\x1b[2J\u009bc\x7f"); got != "a b [2J c " {
		t.Errorf("one line is %q", got)
	}
	if OnTerminal(new(bytes.Buffer)) {
		t.Error("a buffer is no terminal")
	}
	if tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0); err == nil { // a terminal, where the system gives one
		defer tty.Close()
		for term, want := range map[string]bool{"xterm": true, "dumb": false, "": true} {
			t.Setenv("TERM", term)
			if !OnTerminal(tty) || Drawable(tty) != want {
				t.Errorf("TERM=%s: on a terminal %t, may be drawn on %t", term, OnTerminal(tty), Drawable(tty))
			}
		}
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if OnTerminal(null) {
		t.Error("nobody reads " + os.DevNull)
	}
}
