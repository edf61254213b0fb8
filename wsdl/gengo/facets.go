package gengo

import (
	"slices"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/internal/pattern"
	"github.com/causeway-relay/causeway/wsdl/ir"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// bounded gives the codec of a type whose facets generated code enforces: one variable for all of the same bounds. Without facets it is
// the codec itself, so that they cost nothing where there are none. Enumerations are left: their other values survive.
func (g *generator) bounded(t *ir.Type, codec string) string {
	of, known := measure(t)
	if !known {
		return codec
	}
	rules := g.rules(t, of)
	if len(rules) == 0 {
		return codec
	}
	value := "codec.Bounded{Of: &" + codec + ", Facets: &facet.Facets{Of: facet." + of
	if space := whiteSpace(t); space != "collapse" {
		value += ", Space: facet." + map[string]string{"replace": "Replace", "preserve": "Preserve"}[space]
	}
	value += ", Rules: []facet.Rule{\n\t" + strings.Join(rules, ",\n\t") + ",\n}}}"
	if i := slices.IndexFunc(g.listCodecs, func(l listCodec) bool { return l.value == value }); i >= 0 {
		return g.listCodecs[i].name
	}
	plain := "bounded" + strings.TrimPrefix(codec, "codec.")
	if !t.Name.IsZero() {
		plain = "bounded" + g.goName(t.Name.Local)
	}
	name := plain
	for n := 2; slices.ContainsFunc(g.listCodecs, func(l listCodec) bool { return l.name == name }); n++ {
		name = plain + strconv.Itoa(n)
	}
	g.listCodecs = append(g.listCodecs, listCodec{name: name, value: value})
	return name
}

// measure says how codec looks at values of a type; false if it does not. A union is text to a program, of any of its members.
func measure(t *ir.Type) (string, bool) {
	switch {
	case len(t.Facets) == 0 || len(t.Union) > 0:
		return "", false
	case t.Kind == ir.List:
		return "Items", true
	case t.Kind != ir.Builtin:
		return "", false
	}
	switch t.Root {
	case "QName", "NOTATION":
		return "", false
	case "base64Binary":
		return "Octets", true
	case "hexBinary":
		return "HexOctets", true
	case "float", "double":
		return "Floating", true
	case "boolean", "dateTime", "date", "time", "duration", "gYear", "gYearMonth", "gMonth", "gMonthDay", "gDay":
		return "Lexical", true
	case "decimal", "integer", "nonPositiveInteger", "negativeInteger", "nonNegativeInteger", "positiveInteger", "byte", "short", "int", "long",
		"unsignedByte", "unsignedShort", "unsignedInt", "unsignedLong":
		return "Digits", true
	}
	return "Characters", true
}

// whiteSpace is what becomes of white space in values of a type: what the last step says, or the root.
func whiteSpace(t *ir.Type) string {
	for _, f := range slices.Backward(t.Facets) {
		if f.WhiteSpace != "" {
			return f.WhiteSpace
		}
	}
	switch {
	case t.Kind == ir.Builtin && (t.Root == "string" || t.Root == "anySimpleType"):
		return "preserve"
	case t.Kind == ir.Builtin && t.Root == "normalizedString":
		return "replace"
	}
	return "collapse"
}

// rules gives the bounds of all steps: each narrows those before it. Those that say nothing about values that are measured so are left.
func (g *generator) rules(t *ir.Type, of string) []string {
	var all []string
	add := func(name, rest string) {
		if rule := "{Facet: facet." + name + ", " + rest + "}"; !slices.Contains(all, rule) {
			all = append(all, rule)
		}
	}
	for i := range t.Facets {
		f := &t.Facets[i]
		if of == "Characters" || of == "Items" || strings.HasSuffix(of, "Octets") {
			counts(add, "Length", f.Length)
			counts(add, "MinLength", f.MinLength)
			counts(add, "MaxLength", f.MaxLength)
		}
		if of == "Digits" {
			counts(add, "TotalDigits", f.TotalDigits)
			counts(add, "FractionDigits", f.FractDigits)
		}
		for _, bound := range [][2]string{
			{"MinInclusive", f.MinInclusive}, {"MaxInclusive", f.MaxInclusive}, {"MinExclusive", f.MinExclusive}, {"MaxExclusive", f.MaxExclusive},
		} {
			if text := strings.TrimSpace(bound[1]); ordered(of, text) {
				add(bound[0], "Text: "+strconv.Quote(text))
			}
		}
		if len(f.Patterns) > 0 {
			if text, ok := g.pattern(t, f.Patterns); ok {
				add("Pattern", "Text: "+strconv.Quote(text))
			}
		}
	}
	return all
}

func counts(add func(name, rest string), name string, n *int) {
	if n != nil {
		add(name, "N: "+strconv.Itoa(*n))
	}
}

// ordered reports whether a bound is a number of those that are measured.
func ordered(of, text string) bool {
	switch of {
	case "Digits":
		digits := strings.TrimLeft(text, "+-")
		return digits != "" && strings.Trim(digits, "0123456789.") == "" && strings.Count(digits, ".") < 2 && len(text)-len(digits) < 2
	case "Floating":
		_, err := strconv.ParseFloat(text, 64)
		return err == nil
	}
	return false
}

// pattern makes one expression of a step's alternatives. If Go cannot say one of them nothing is checked, which a warning tells.
func (g *generator) pattern(t *ir.Type, alternatives []string) (string, bool) {
	var parts []string
	for _, a := range alternatives {
		text, ok := pattern.Translate(a)
		if !ok {
			g.unchecked(t, a)
			return "", false
		}
		parts = append(parts, text)
	}
	if len(parts) == 1 {
		return parts[0], true
	}
	return "(?:" + strings.Join(parts, ")|(?:") + ")", true
}

func (g *generator) unchecked(t *ir.Type, expression string) {
	p := model.Problem{
		Level: model.Warning, Place: t.Place, Code: "PatternNotEnforced", Text: "pattern " + strconv.Quote(expression) + " of " + what(t) + " is not checked by the generated code: Go's expressions cannot say it",
		Remedy: "check such values yourself, or write the pattern without what only XML Schema has",
	}
	if !slices.Contains(g.problems, p) {
		g.problems = append(g.problems, p)
	}
}
