package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// Format is the flag -o.
type Format string

// The formats that every command with data has.
const (
	AsTable Format = "table"
	AsJSON  Format = "json"
)

// FormatFlag adds -o to a command and all below it.
func FormatFlag(cmd *cobra.Command) *Format {
	f := AsTable
	cmd.PersistentFlags().VarP(&f, "output", "o", "`FORMAT` of the output: table, or json with the names of the API")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions( // fails for an unknown flag only
		[]cobra.Completion{string(AsTable), string(AsJSON)}, cobra.ShellCompDirectiveNoFileComp))
	return &f
}

// String is the flag's value.
func (f *Format) String() string { return string(*f) }

// Set takes one of the formats; another word is an error that names them.
func (f *Format) Set(text string) error {
	switch Format(text) {
	case AsTable, AsJSON:
		*f = Format(text)
		return nil
	}
	return fmt.Errorf("%q is no format: use table or json", text)
}

// Type is how help names the value.
func (*Format) Type() string { return "FORMAT" }

// Write shows a value as JSON, or lets text show it to people.
func (f *Format) Write(cmd *cobra.Command, v any, text func() error) error {
	if *f != AsJSON {
		return text()
	}
	return WriteJSON(cmd.OutOrStdout(), v)
}

// WriteJSON writes a value for programs and for people who look at what programs get.
func WriteJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// WriteLine writes a value as one line of JSON.
func WriteLine(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// Table aligns rows in columns. The first row is the head.
func Table(w io.Writer, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			end := "\t"
			if i == len(row)-1 {
				end = "\n"
			}
			if _, err := io.WriteString(t, cell+end); err != nil {
				return err
			}
		}
	}
	return t.Flush()
}

// OnTerminal reports whether a person is likely to read what is written to w.
func OnTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull) // a character device too
	return err != nil || !os.SameFile(info, null)
}

// Drawable reports whether what is written to w may move the cursor: a person reads it, on a terminal that can.
func Drawable(w io.Writer) bool { return OnTerminal(w) && os.Getenv("TERM") != "dumb" }

// OneLine takes out what would break a line, or change a terminal: texts may come from peers.
func OneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}

// Clock writes a time for people and still for programs.
func Clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }
