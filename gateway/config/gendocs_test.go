package config

import (
	"encoding/json"
	"strings"
)

const referenceHead = `# Configuration

<!-- Generated from gateway/config/config.go by go generate ./gateway/config. Do not edit. -->

` + "`causeway serve`" + ` needs no configuration: it opens its doors on loopback. For anything else there is one YAML file, the environment
and the command line. ` + "`causeway init`" + ` writes a file for production with every key in it; ` + "`causeway config check`" + ` tells
everything that is wrong with a file, with line and column. Editors complete and check the file with
[causeway.schema.json](causeway.schema.json): put this line first.

` + "```yaml\n# yaml-language-server: $schema=./docs/causeway.schema.json\n```" + `

## Which value wins

A flag wins over the environment, the environment over the file, the file over the default.

- The file is the one that ` + "`--config`" + ` names, else the one in ` + "`CAUSEWAY_CONFIG`" + `. Without either there is none.
- A variable is ` + "`CAUSEWAY_`" + ` and the key in capitals, groups joined by an underscore: ` + "`limits.listenersPerEntity`" + ` is
  ` + "`CAUSEWAY_LIMITS_LISTENERSPERENTITY`" + `. An empty variable counts as not set. Lists are not set from the environment.
- A variable that begins with ` + "`CAUSEWAY_`" + ` and that nothing reads gives a warning with the nearest name.
  ` + "`CAUSEWAY_CONNECTION_STRING` and `CAUSEWAY_CA_FILE`" + ` belong to the client commands. [causeway.env](causeway.env) lists all.

## How the file is read

- UTF-8, at most 2 MiB, one document. Keys are written exactly as below; an unknown or repeated key is an error.
- All problems are told at once, as ` + "`causeway.yaml:14:5 unknown key \"hots\"; did you mean \"host\"?`" + `, or with ` + "`-o json`" + ` as
  ` + "`{\"problems\":[{\"file\",\"line\",\"column\",\"key\",\"message\",\"suggestion\"}]}`" + `; warnings stand in a list ` + "`warnings`" + ` beside it.
  No value is ever cited, because it may be a key.
- Anchors, aliases and merge keys are refused: every value has one place, and no file can grow while it is read.
- A key without a value counts as not written.
- Names of hosts, relays and rules are found whatever their case and keep the case they were written in. Two names that
  differ only in case are an error that names both places.
- Relative paths in the file start from the folder of the file; those in variables and flags from the working folder.
- Durations are numbers with a unit: ` + "`500ms`, `10s`, `5m`, `1h30m`" + `. A number without a unit is an error.
- Addresses are ` + "`HOST:PORT`" + `, ` + "`:PORT`" + ` for all interfaces, port 0 for any free port, or ` + "`off`" + ` to keep the door closed. Quote an
  IPv6 address: ` + "`\"[::1]:8443\"`" + `.
- Keys of rules (` + "`primaryKey`, `secondaryKey`" + `) are the key itself, ` + "`env:NAME`" + ` for the value of a variable, or ` + "`file:PATH`" + ` for
  the content of a file without its last line end. A file that holds a key and that every user of the machine may read
  gives a warning.
- A key of a feature that this version does not have is an error that says so.

## Reload

A running node reads its configuration again when the file changes, on SIGHUP, and by ` + "`causeway reload`" + `. The new world is built first:
with any problem nothing changes, and the problems stand in the log and in the answer of ` + "`causeway reload`" + `, whose exit code is then 2.
Connections stay open, but for those of relays that are gone from the file. Put in force by a reload: LIVE.
Everything else takes a restart; the log and the answer name the keys that changed.

## Keys

`

func reference(m meanings) string {
	var b strings.Builder
	var live []string
	tree().each(func(s *setting) {
		if s.live && !strings.Contains(s.path, "[]") {
			live = append(live, "`"+s.path+"`")
		}
	})
	b.WriteString(strings.Replace(referenceHead, "LIVE", strings.Join(live, ", "), 1))
	table(&b, m, tree(), "")
	for _, s := range tree().fields {
		if s.elem != nil || s.fields != nil {
			b.WriteString("\n### " + s.key + "\n\n" + m.of(s) + "\n\n")
			table(&b, m, s, "")
		}
	}
	return b.String()
}

// table writes one row for each scalar of a group or of the elements of a list; lists inside lists follow their row.
func table(b *strings.Builder, m meanings, s *setting, indent string) {
	if s.elem != nil {
		s = s.elem
	}
	inList := strings.Contains(s.path, "[]")
	if indent == "" {
		if inList {
			b.WriteString("| key | default | meaning |\n| --- | --- | --- |\n")
		} else {
			b.WriteString("| key | flag | environment | default | meaning |\n| --- | --- | --- | --- | --- |\n")
		}
	}
	for _, c := range s.fields {
		if c.class == nil && s.parent == nil {
			continue // a section of its own
		}
		if c.fields != nil { // a group in a group
			table(b, m, c, indent+c.key+".")
			continue
		}
		meaning := m.of(c)
		if c.required {
			meaning += " Required."
		}
		cells := []string{"`" + indent + c.key + "`"}
		if !inList {
			env := c.env()
			if c.elem != nil {
				env = "" // lists are not set from the environment
			}
			cells = append(cells, code("--", c.flag), code("", env))
		}
		cells = append(cells, code("", c.def), strings.TrimSpace(meaning+" "+values(c)))
		b.WriteString(strings.ReplaceAll("| "+strings.Join(cells, " | ")+" |\n", "|  |", "| |"))
		if c.elem != nil && c.elem.fields != nil && tree().find(c.key) == nil {
			table(b, m, c, indent+c.key+"[].")
			continue
		}
		if c.elem != nil && c.elem.fields != nil {
			b.WriteString("| `" + c.key + "[].*` | | See [" + c.key + "](#" + c.key + "). |\n")
		}
	}
}

func code(before, text string) string {
	if text == "" {
		return ""
	}
	return "`" + before + text + "`"
}

// values says which values a key takes, unless its meaning is enough.
func values(s *setting) string {
	list := s
	if s.elem != nil {
		s = s.elem
	}
	var say string
	switch {
	case s.class == nil:
		return ""
	case s.oneOf != nil, s.class == classes["number"], s.class == classes["duration"]:
		say = s.class.expect(s)
	case s.class == classes["cidr"]:
		say = s.class.expect(s)
	default:
		return ""
	}
	if list.elem != nil {
		say = "list: " + say
	}
	return "(" + strings.NewReplacer("|", "\\|").Replace(say) + ")"
}

// jsonSchema writes the file's JSON schema, draft 2020-12.
func jsonSchema(m meanings) string {
	root := schemaOf(m, tree())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = "https://github.com/causeway-relay/causeway/blob/main/docs/causeway.schema.json"
	root["title"] = "causeway.yaml"
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text) + "\n"
}

// The shapes that a pattern can say; the rest is checked when the file is loaded.
var patterns = map[string]string{
	"duration": durationText.String(),
	"door":     `^(off|[^ ]*:[0-9]{1,5})$`,
	"hostport": `^[^ ]+:[0-9]{1,5}$`,
	"rule":     `^[A-Za-z0-9._-]{1,256}$`,
	"secret":   `^[^ ]+$`,
	"email":    `^[^@ ]+@[^@ ]+$`,
	"url":      `^https://[^ ]+$`,
	"dns":      `^[A-Za-z0-9.-]+$`,
	"name":     `^[^?#%\\]{1,260}$`,
}

func schemaOf(m meanings, s *setting) map[string]any {
	out := map[string]any{}
	if text := m.of(s); text != "" && s.key != "" {
		out["description"] = text
	}
	switch {
	case s.fields != nil:
		properties, required := map[string]any{}, []string{}
		for _, c := range s.fields {
			properties[c.key] = schemaOf(m, c)
			if c.required {
				required = append(required, c.key)
			}
		}
		out["type"], out["properties"], out["additionalProperties"] = []string{"object", "null"}, properties, false
		if len(required) > 0 {
			out["type"], out["required"] = "object", required
		}
	case s.elem != nil:
		out["type"], out["items"], out["maxItems"] = []string{"array", "null"}, schemaOf(m, s.elem), s.max
		if s.required {
			out["type"], out["minItems"] = "array", 1
		}
	case s.class == classes["number"]:
		out["type"], out["minimum"], out["maximum"] = "integer", s.min, s.max
	case s.class == classes["bool"]:
		out["type"] = "boolean"
	case s.oneOf != nil:
		out["enum"] = s.oneOf
	default:
		out["type"] = "string"
		if p := patterns[className(s)]; p != "" {
			out["pattern"] = p
		}
	}
	if s.def != "" {
		out["default"] = typed(s)
	}
	return out
}

func typed(s *setting) any {
	switch s.class {
	case classes["number"]:
		return number(s.def)
	case classes["bool"]:
		return s.def == "true"
	default:
		return s.def
	}
}

// sampleFile writes the file that causeway init starts from: what production needs is active, the rest is a comment with
// its default or an example.
func sampleFile(m meanings) string {
	var b strings.Builder
	b.WriteString("# Configuration of a Causeway gateway. Every key is here; those behind # have their default or show an example.\n" +
		"# causeway config check tells what is wrong with it; docs/configuration.md explains how it is read.\n")
	for _, s := range tree().fields {
		b.WriteString("\n")
		sampleKey(&b, m, s, "", active(s))
	}
	return b.String()
}

// active tells whether a key of the root, or something below it, is part of the production file.
func active(s *setting) bool {
	is := s.sample != "" && s.class != nil
	s.each(func(c *setting) { is = is || c.sample != "" })
	return is
}

func sampleKey(b *strings.Builder, m meanings, s *setting, indent string, on bool) {
	wrap(b, indent, m.of(s))
	mark := "# "
	if on {
		mark = ""
	}
	head := indent + mark + s.key + ":"
	switch {
	case s.class != nil:
		b.WriteString(head + " " + quote(sampleValue(s)) + "\n")
	case s.elem != nil && s.elem.class != nil:
		b.WriteString(head + " [" + quote(sampleValue(s.elem)) + "]\n")
	case s.elem != nil:
		b.WriteString(head + "\n")
		for i, c := range s.elem.fields {
			// The first key of an element carries its hyphen; comments of an element's keys stand in the reference.
			before := indent + mark + "  "
			if i == 0 {
				before += "- "
			} else {
				before += "  "
			}
			switch {
			case c.elem != nil && c.elem.class != nil:
				b.WriteString(before + c.key + ": [" + quote(sampleValue(c.elem)) + "]\n")
			case c.elem != nil:
				b.WriteString(before + c.key + ": [] # as the rules above\n")
			default:
				b.WriteString(strings.TrimRight(before+c.key+": "+inline(c), " ") + "\n")
			}
		}
	default:
		b.WriteString(head + "\n")
		for _, c := range s.fields {
			sampleKey(b, m, c, indent+"  ", on && active(c))
		}
	}
}

// inline is the value of a key in one line; a group is a mapping in braces.
func inline(s *setting) string {
	switch {
	case s.fields != nil:
		parts := make([]string, len(s.fields))
		for i, c := range s.fields {
			parts[i] = c.key + ": " + inline(c)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case s.elem != nil:
		return "[" + inline(s.elem) + "]"
	}
	return quote(sampleValue(s))
}

func sampleValue(s *setting) string {
	for _, text := range []string{s.sample, s.def, s.example} {
		if text != "" {
			return text
		}
	}
	return ""
}

// quote quotes what YAML would not read as the same text.
func quote(text string) string {
	if strings.HasPrefix(text, ":") || strings.HasPrefix(text, "[") {
		return `"` + text + `"`
	}
	return text
}

// wrap writes a comment in lines of up to 110 characters.
func wrap(b *strings.Builder, indent, text string) {
	line := indent + "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > 110 {
			b.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
