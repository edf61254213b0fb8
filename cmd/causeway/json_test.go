package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// How a command writes with -o json.
const (
	oneValue = iota // one JSON value and nothing else
	eachLine        // one JSON value a line, at least one
	runsOn          // the same, until it is interrupted
)

// jsonLine is a command line that ends with -o json, and what it has to do.
type jsonLine struct {
	line string // without causeway and -o json; TOKEN is a token of the relay
	form int
	code int
}

// jsonLines has every command with -o, in an order in which each finds what it needs.
var jsonLines = []jsonLine{
	{"version", oneValue, 0}, {"bindings", oneValue, 0}, {"bindings netTcp", oneValue, 0}, {"bindings --pairs", oneValue, 0},
	{"config check good.yaml", oneValue, 0}, {"config check bad.yaml", oneValue, 2},
	{"doctor hyco", oneValue, 0}, {"status", oneValue, 0}, {"status hyco", oneValue, 0}, {"status none", oneValue, 3},
	{"relay create other --kind http", oneValue, 0}, {"relay list", oneValue, 0}, {"relay show hyco", oneValue, 0}, {"relay show none", oneValue, 3},
	{"relay update other --anonymous-senders", oneValue, 0}, {"relay create hyco --kind http", oneValue, 1},
	{"rule create other Sender --rights Send", oneValue, 0}, {"rule create Operators --rights Manage", oneValue, 0}, {"rule list other", oneValue, 0}, {"rule list", oneValue, 0},
	{"rule update other Sender --rights Listen", oneValue, 0}, {"rule keys other Sender", oneValue, 0}, {"rule keys other Sender --regenerate primary", oneValue, 0},
	{"rule delete other Sender", oneValue, 0}, {"rule delete Operators", oneValue, 0}, {"rule delete other None", oneValue, 3},
	{"tail --after none --count 2", eachLine, 0}, {"tail other --after none --count 1", eachLine, 0}, {"tail none", oneValue, 3},
	{"relay delete other", oneValue, 0}, {"relay delete other", oneValue, 3},
	{"token hyco", oneValue, 0}, {"token check TOKEN", oneValue, 0}, {"token check nonsense", oneValue, 4},
	{"top", oneValue, 0}, {"top --watch --interval 100ms", runsOn, 0}, {"tap none", oneValue, 3}, {"tap", oneValue, 2},
	{"reload", oneValue, 0}, {"trust --print", oneValue, 0},
	{"listen hyco --target tcp://127.0.0.1:1", runsOn, 0}, {"forward hyco --bind 127.0.0.1:0", runsOn, 0}, {"listen none --target tcp://127.0.0.1:1", oneValue, 3},
	{"service status --name causeway-nowhere", oneValue, 3}, {"service uninstall --name causeway-nowhere", oneValue, 3},
	{"service install --print -- serve", oneValue, 0}, {"service install --print -- status", oneValue, 2},
	{"soap decode in.xml", oneValue, 0}, {"soap decode none", oneValue, 1}, {"soap diff in.xml in.xml", oneValue, 0}, {"soap diff in.xml calc.wsdl", oneValue, 1},
	{"wsdl check calc.wsdl", oneValue, 0}, {"wsdl describe calc.wsdl", oneValue, 0}, {"wsdl diff calc.wsdl calc.wsdl", oneValue, 0},
	{"wsdl sample calc.wsdl", oneValue, 0}, {"wsdl sample calc.wsdl Add", oneValue, 0}, {"wsdl sample calc.wsdl Sub", oneValue, 3},
	{"wsdl go calc.wsdl --out calc", oneValue, 0}, {"wsdl go calc.wsdl --package 7", oneValue, 2}, {"wsdl bundle calc.wsdl --out single.wsdl", oneValue, 0},
	{"wsdl bundle none.wsdl --out single.wsdl", oneValue, 1}, {"wsdl bundle calc.wsdl", oneValue, 2},
}

// jsonFiles are what the lines read.
var jsonFiles = map[string]string{
	"good.yaml": "admin: off\n", "bad.yaml": "amdin: off\nhttps: 1\n",
	"in.xml": `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><a xmlns="urn:a"/></s:Body></s:Envelope>`,
	"calc.wsdl": `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:t="urn:calc" targetNamespace="urn:calc">
<types><xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:calc"><xs:element name="Add" type="xs:int"/></xs:schema></types>
<message name="In"><part name="in" element="t:Add"/></message>
<portType name="Type"><operation name="Add"><input message="t:In"/></operation></portType>
<binding name="Binding" type="t:Type"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="Add"><soap:operation soapAction="urn:calc/Add"/><input><soap:body use="literal"/></input></operation></binding>
<service name="Service"><port name="Port" binding="t:Binding"><soap:address location="http://localhost/calc"/></port></service>
</definitions>`,
}

// TestJSON: with -o json every command that has it prints one JSON value, or one a line where it goes on. A command that fails has
// printed what it found, or nothing; then the error is one line of JSON on standard error.
func TestJSON(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: commands that run on are ended by an interrupt, which Windows does not have between processes")
	}
	missing := make(map[string]bool)
	eachCommand(newRoot(), func(cmd *command) {
		flag := cmd.LocalFlags().Lookup("output")
		if flag == nil {
			flag = cmd.InheritedFlags().Lookup("output")
		}
		if flag != nil && (!cmd.HasSubCommands() || cmd.Name() == "token") {
			missing[strings.TrimPrefix(cmd.CommandPath(), "causeway ")] = true
		}
	})
	w := newWard(t)
	for name, text := range jsonFiles {
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	token := strings.TrimSpace(w.must("causeway", "token", "hyco"))
	for _, l := range jsonLines {
		words := strings.Fields(l.line)
		if at := slices.Index(words, "TOKEN"); at >= 0 { // it has a blank
			words[at] = token
		}
		for n := range words {
			delete(missing, strings.Join(words[:n+1], " "))
		}
		if at := slices.Index(words, "--"); at >= 0 { // behind it stands another command's line
			words = slices.Insert(words, at, "-o", "json")
		} else {
			words = append(words, "-o", "json")
		}
		out, talk, code := w.json(l.form, words)
		if code != l.code {
			t.Errorf("%s: exit code %d, want %d: %s%s", l.line, code, l.code, out, talk)
		}
		if wrong := notJSON(l.form, out); wrong != nil && (code == 0 || len(out) > 0 || notJSON(oneValue, talk) != nil) {
			t.Errorf("%s: %v: %q, and on standard error %q", l.line, wrong, out, talk)
		}
	}
	if len(missing) > 0 {
		t.Errorf("no line for %v", slices.Sorted(maps.Keys(missing)))
	}
}

// json runs a command, or lets it run until it has written a line and interrupts it.
func (w *ward) json(form int, words []string) (out, talk []byte, code int) {
	w.t.Helper()
	cmd := w.command("causeway", words...)
	var said, spoken bytes.Buffer
	cmd.Stderr = &spoken
	if form != runsOn {
		cmd.Stdout = &said
		_ = cmd.Run() // the exit code is looked at
		return said.Bytes(), spoken.Bytes(), cmd.ProcessState.ExitCode()
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	bound := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer bound.Stop()
	r := bufio.NewReader(pipe)
	first, _ := r.ReadBytes('\n') // an end without a line is seen below
	_ = cmd.Process.Signal(os.Interrupt)
	rest, _ := io.ReadAll(r)
	err = cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	}
	return append(first, rest...), spoken.Bytes(), code
}

// notJSON says what keeps a text from being what a form wants.
func notJSON(form int, text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	count := 0
	for {
		var v any
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		count++
	}
	switch {
	case count == 0:
		return errors.New("no JSON value")
	case form == oneValue && count > 1:
		return errors.New("more than one JSON value")
	case form != oneValue && count != bytes.Count(text, []byte("\n")):
		return errors.New("values are not one a line")
	case text[len(text)-1] != '\n':
		return errors.New("the last line has no end")
	}
	return nil
}

// TestNotJSON: what TestJSON asks for can be missed.
func TestNotJSON(t *testing.T) {
	for text, form := range map[string]int{
		"": oneValue, "deleted hyco\n": oneValue, "{}\n{}\n": oneValue, "{}": oneValue, "{}\nmore\n": eachLine, "{\n}\n": eachLine, "{\"a\":": runsOn, "{}{}\n": runsOn,
	} {
		if notJSON(form, []byte(text)) == nil {
			t.Errorf("%q is taken for JSON", text)
		}
	}
}
