package corpus

import (
	"strconv"
	"strings"
)

const (
	ruleCRLF   = "RFC 9112 2.2: lines end in CRLF; a bare CR or LF is no line end"
	ruleColon  = "RFC 9112 5.1: no white space between field name and colon"
	ruleName   = "RFC 9110 5.1: field-name = token, not empty"
	ruleValue  = "RFC 9110 5.5: no CR, LF, NUL or other control in a field value"
	ruleFold   = "RFC 9112 5.2: no obs-fold"
	ruleFirst  = "RFC 9112 2.2: no white space between the start line and the first field"
	ruleNoName = "RFC 9112 5: field-line = field-name \":\" OWS field-value OWS"
)

// lineEnds breaks the end of every line of the head in turn.
func (s *set) lineEnds(m message) {
	// Each is wrong by itself, whatever follows; a lone CR has a byte after it, as it might still become CRLF.
	ends := []string{"\n", "\rX", "\n\r", "\r\r\n", "\x00\r\n", "\v\r\n", "\f\r\n", "\r \n", "\r\t\r\n", "\x7f\r\n", "\r\x00\n"}
	for _, end := range ends {
		s.add(ruleCRLF, "end/line/"+quote(end), m.with(func(m *message) { m.end = end }), m)
		for i := range m.fields {
			s.add(ruleCRLF, "end/"+strconv.Itoa(i)+"/"+quote(end), m.with(func(m *message) { m.fields[i].end = end }), m)
		}
	}
	for _, last := range []string{"\n", "\rX\r\n\r\n", "\n\r\n", "\r\r\n\r\n", "\x00\r\n\r\n", "\v\r\n\r\n", " \r\n\r\n", "\t\r\n\r\n", "\r \n\r\n", " \n\r\n"} {
		s.add(ruleCRLF, "end/last/"+quote(last), m.with(func(m *message) { m.last = last }), m)
	}
}

// fieldLines breaks existing fields and puts broken ones before, between and after them.
func (s *set) fieldLines(m message) {
	for i := range m.fields {
		s.brokenName(m, i, m)
		s.brokenValue(m, i, m)
	}
	for i := 0; i <= len(m.fields); i++ {
		// The same faults in a field of its own, so that every gap between lines is a place too.
		good := m.insert(i, line("X-Probe", "a, b"))
		s.brokenName(good, i, good)
		s.brokenValue(good, i, good)
		// Whole lines that are no field lines. Where the line is all fault, the repair is to leave it out.
		for _, f := range []struct{ rule, text, repaired string }{
			{ruleNoName, "X-Probe\r\n", ""},
			{ruleNoName, "X-Probe v\r\n", ""},
			{ruleNoName, "GET / HTTP/1.1\r\n", ""},
			{ruleName, ":\r\n", ""},
			{ruleName, ": v\r\n", ""},
			{ruleName, ":X: v\r\n", ""},
			{ruleFold, " \r\n", ""},
			{ruleFold, "\t\r\n", ""},
			{ruleFold, "X-Probe: a\r\n b\r\n", "X-Probe: a b\r\n"},
			{ruleFold, "X-Probe: a\r\n\tb\r\n", "X-Probe: a b\r\n"},
			{ruleFold, "X-Probe:\r\n b\r\n", "X-Probe: b\r\n"},
			{ruleFold, "X-Probe: a\r\n Content-Length: 7\r\n", "X-Probe: a Content-Length: 7\r\n"},
			{ruleFold, "X-Probe: a\r\n Host: evil\r\n", "X-Probe: a Host: evil\r\n"},
			{ruleFold, "X-Probe: a\r\n \r\n", "X-Probe: a\r\n"},
			{ruleValue, "X-Probe: a\rContent-Length: 5\r\n", "X-Probe: a Content-Length: 5\r\n"},
			{ruleValue, "X-Probe: a\nTransfer-Encoding: chunked\r\n", "X-Probe: a Transfer-Encoding: chunked\r\n"},
			{ruleName, "\ufeffX-Probe: v\r\n", "X-Probe: v\r\n"},
		} {
			repaired := m
			if f.repaired != "" {
				repaired = m.insert(i, field{end: f.repaired})
			}
			rule := f.rule
			if rule == ruleFold && i == 0 && strings.HasPrefix(f.text, " ") {
				rule = ruleFirst
			}
			s.add(rule, "line/"+strconv.Itoa(i)+"/"+quote(f.text), m.insert(i, field{end: f.text}), repaired)
		}
	}
}

// brokenName breaks the name of the field at i.
func (s *set) brokenName(m message, i int, repaired message) {
	label := "field/" + strconv.Itoa(i) + "/" + m.fields[i].name + "/"
	for _, colon := range []string{" : ", "\t: ", "  :", " \t:", "\u00a0:", "\v:", "\r:", "\x00:", "\r\n:", " = ", "\r\n :"} {
		s.add(ruleColon, label+"colon/"+quote(colon), m.with(func(m *message) { m.fields[i].colon = colon }), repaired)
	}
	for n, b := range concat(delimiters, controls, highBytes, []string{" ", "\t"}) {
		if b == ":" {
			continue // a colon in a name is a shorter name
		}
		at := places(m.fields[i].name)
		if (b == " " || b == "\t") && i == 0 {
			at = at[1:] // that is the fold of the first line, below
		}
		// Many bytes, few names: each byte gets one of the places, in turn.
		where := at[n%len(at)]
		s.add(ruleName, label+"name/"+quote(b)+"/"+where.name, m.with(func(m *message) { m.fields[i].name = where.put(b) }), repaired)
	}
	for _, blank := range []string{" ", "\t"} {
		rule := ruleFold
		if i == 0 {
			rule = ruleFirst
		}
		s.add(rule, label+"fold/"+quote(blank), m.with(func(m *message) { m.fields[i].name = blank + m.fields[i].name }), repaired)
	}
	s.add(ruleName, label+"empty", m.with(func(m *message) { m.fields[i].name = "" }), repaired)
}

// brokenValue puts each forbidden byte into the value of the field at i, at its start, middle and end.
func (s *set) brokenValue(m message, i int, repaired message) {
	label := "field/" + strconv.Itoa(i) + "/" + m.fields[i].name + "/value/"
	for _, b := range concat(controls, []string{"\r", "\n", "\r\r", "\n\r"}) {
		for _, at := range places(m.fields[i].value) {
			s.add(ruleValue, label+quote(b)+"/"+at.name, m.with(func(m *message) { m.fields[i].value = at.put(b) }), repaired)
		}
	}
}
