package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// format is the flag -o.
type format string

// The formats that every command with data has.
const (
	asTable format = "table"
	asJSON  format = "json"
)

// formatFlag adds -o to a command and all below it.
func formatFlag(cmd *cobra.Command) *format {
	f := asTable
	cmd.PersistentFlags().VarP(&f, "output", "o", "`FORMAT` of the output: table, or json with the names of the API")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions( // fails for an unknown flag only
		[]cobra.Completion{string(asTable), string(asJSON)}, cobra.ShellCompDirectiveNoFileComp))
	return &f
}

// String, Set and Type make it a flag's value.
func (f *format) String() string { return string(*f) }

// Set takes one of the formats.
func (f *format) Set(text string) error {
	switch format(text) {
	case asTable, asJSON:
		*f = format(text)
		return nil
	}
	return fmt.Errorf("%q is no format: use table or json", text)
}

// Type is how help names the value.
func (*format) Type() string { return "FORMAT" }

// write shows a value as JSON, or lets text show it to people.
func (f *format) write(cmd *cobra.Command, v any, text func() error) error {
	if *f != asJSON {
		return text()
	}
	return writeJSON(cmd.OutOrStdout(), v)
}

// writeJSON writes a value for programs and for people who look at what programs get.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// writeLine writes a value as one line.
func writeLine(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// columnListener is the head of the column that names listeners, in every table that has one.
const columnListener = "LISTENER"

// table aligns rows in columns. The first row is the head.
func table(w io.Writer, rows [][]string) error {
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

// onTerminal reports whether a person is likely to read what is written to w.
func onTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
