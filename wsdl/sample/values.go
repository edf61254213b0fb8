package sample

import (
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// candidates are values of XML Schema's types, the one that people expect first. The others are for facets that the first does not meet.
var candidates = map[string][]string{
	typeString:         {"text", "a", "A", "AB", "ABC", "ABCD", "1", "12", "123", "1234", "12345", "2026-01-31", "10:20:30", "2026-01-31T10:20:30Z", "user@example.com", "00000000-0000-0000-0000-000000000000", "+491234567", "true", "1.0", "EUR", "en", "#00FF00", "PT1H", "http://example.com/", ""},
	"normalizedString": {"text", "a", "A", "1", "12", ""}, "token": {"text", "a", "A", "AB", "ABC", "1", "12", ""}, "language": {"en", "en-US", "de"},
	"Name": {"name", "N"}, "NCName": {"name", "N"}, "NMTOKEN": {"name", "1"}, "ENTITY": {"name"}, "IDREF": {"id1"},
	"boolean": {"true", "false", "1", "0"}, "anyURI": {"http://example.com/", "urn:example:a", "http://example.com/a?b=c", "a", ""},
	"dateTime": {"2026-01-31T10:20:30Z", "2026-01-31T10:20:30", "2026-01-31T10:20:30.125Z", "2026-01-31T10:20:30.125", "2026-01-31T10:20:30+01:00", "1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z"},
	"date":     {"2026-01-31", "2026-01-31Z", "2026-01-31+01:00", "1970-01-01", "2099-12-31"},
	"time":     {"10:20:30", "10:20:30Z", "10:20:30.125", "10:20:30+01:00", "00:00:00", "23:59:59"},
	"duration": {"PT1H", "P1D", "P1DT2H", "P1Y2M", "PT30S", "P1M", "P1Y", "PT1M", "P1Y2M3DT4H5M6S"},
	"gYear":    {"2026", "1999", "2099"}, "gYearMonth": {"2026-01"}, "gMonth": {"--01"}, "gMonthDay": {"--01-31"}, "gDay": {"---31", "---01"},
	"base64Binary": {"aGVsbG8=", ""}, "hexBinary": {"0AFF", ""},
	"decimal": {"12.50", "12.5", "1", "1.5", "0.5", "0", "10", "100", "1234", "-1", "-0.5", "12345678"}, "integer": {"42", "1", "0", "12", "123", "1234", "12345", "-1", "123456789"},
	"float": {"1.5", "1", "0.5", "0", "-1"}, "double": {"1.5", "1", "0.5", "0", "-1"},
	"anySimpleType": {"text"}, "NOTATION": {"name"},
}

// bounds are all that a type and its bases say of a value.
type bounds struct {
	root     *model.Type
	patterns [][]*pattern // of each step: one of them must fit
	unread   string       // a pattern that could not be read
	facets   []model.Facets
	enum     []model.Enum
}

// boundsOf gathers the facets of a type and its bases.
func boundsOf(t *model.Type) *bounds {
	b := &bounds{root: t.Root()}
	for c := t; c != nil && !c.Builtin; c = c.Base {
		b.facets = append(b.facets, c.Facets)
		if b.enum == nil {
			b.enum = c.Facets.Enum
		}
		var step []*pattern
		for _, text := range c.Facets.Patterns {
			p := readPattern(text)
			if p == nil {
				b.unread = text
				continue
			}
			step = append(step, p)
		}
		if len(step) > 0 && len(step) == len(c.Facets.Patterns) {
			b.patterns = append(b.patterns, step)
		}
	}
	return b
}

// simple gives a value of a simple type.
func (m *Maker) simple(t *model.Type, at model.Place) value {
	return m.simpleDeep(t, at, 0)
}

// mostNested bounds lists of unions of lists.
const mostNested = 50

// simpleDeep is simple, depth levels of lists and unions down.
func (m *Maker) simpleDeep(t *model.Type, at model.Place, depth int) value {
	if t == nil || depth > mostNested {
		return value{text: "text"}
	}
	if !t.Simple {
		if t.Value != nil {
			return m.simpleDeep(t.Value, at, depth+1)
		}
		return value{text: "text"}
	}
	for c := t; c != nil && !c.Builtin; c = c.Base {
		if len(c.Facets.Enum) > 0 {
			return m.enumerated(t, c.Facets.Enum)
		}
	}
	for c := t; c != nil; c = c.Base {
		if c.Derivation == model.List {
			return m.list(t, c, at, depth)
		}
		if c.Derivation == model.Union {
			return m.union(t, c, at, depth)
		}
	}
	return m.atomic(t, at)
}

// enumerated takes the first value of an enumeration that the other facets allow.
func (m *Maker) enumerated(t *model.Type, values []model.Enum) value {
	root := t.Root()
	for c := t; c != nil && root == nil; c = c.Base { // of a union: its members'
		root = c
	}
	b := boundsOf(t)
	for _, e := range values {
		text := e.Value
		if !b.fits(text) {
			continue
		}
		if isQName(root) && e.Name.Local != "" {
			return value{qname: e.Name}
		}
		return value{text: text}
	}
	return value{text: values[0].Value}
}

func isQName(t *model.Type) bool {
	return t != nil && t.Builtin && (t.Name.Local == "QName" || t.Name.Local == "NOTATION")
}

// list gives as many items as the facets demand, at least one in all but minimal samples.
func (m *Maker) list(t, list *model.Type, at model.Place, depth int) value {
	least, most := 1, 1<<20
	if m.opts.Amount == Minimal && len(t.Facets.Patterns) == 0 {
		least = 0
	}
	for c := t; c != list; c = c.Base {
		if f := c.Facets; f.Length != nil {
			least, most = *f.Length, *f.Length
		} else {
			if f.MinLength != nil {
				least = max(least, *f.MinLength)
			}
			if f.MaxLength != nil {
				most = min(most, *f.MaxLength)
			}
		}
	}
	if list.Builtin { // NMTOKENS, IDREFS, ENTITIES have at least one
		least = max(least, 1)
	}
	item := m.simpleDeep(list.Item, at, depth+1)
	if item.qname.Local != "" || item.text == "" {
		return item
	}
	n := min(max(min(least, most), 0), m.left)
	return value{text: strings.TrimSuffix(strings.Repeat(item.text+" ", n), " ")}
}

// union gives a value of the first member whose value the union's own facets allow.
func (m *Maker) union(t, union *model.Type, at model.Place, depth int) value {
	b := boundsOf(t)
	var first *value
	for _, member := range union.Members {
		v := m.simpleDeep(member, at, depth+1)
		if v.qname.Local != "" || b.fits(v.text) {
			return v
		}
		if first == nil {
			first = &v
		}
	}
	if first == nil {
		return value{text: "text"}
	}
	return *first
}

// atomic gives a value of a type that is neither list nor union.
func (m *Maker) atomic(t *model.Type, at model.Place) value {
	root := t.Root()
	if root == nil {
		return value{text: "text"}
	}
	switch root.Name.Local {
	case "ID":
		m.ids++
		return value{text: "id" + itoa(m.ids)}
	case "QName", "NOTATION":
		return value{qname: model.Name{Space: model.NSSchema, Local: typeString}}
	}
	b := boundsOf(t)
	if b.unread != "" {
		m.note(at, "the pattern %s is not understood; the value may not fit it", b.unread)
	}
	if text, ok := b.find(); ok {
		return value{text: text}
	}
	text := ""
	if all := b.candidates(); len(all) > 0 {
		text = all[0]
	}
	m.note(at, "no value was found that fits all facets of the type; %q may not", text)
	return value{text: text}
}

// find looks for a value that fits: the usual ones, those at the bounds, those cut to length, those that patterns make.
func (b *bounds) find() (string, bool) {
	for _, text := range b.candidates() {
		if b.fits(text) {
			return text, true
		}
	}
	least, most := b.lengths()
	for _, text := range []string{"text", "a", "A", "1", "0"} {
		if sized := resize(text, least, most, b.root.Name.Local); b.fits(sized) {
			return sized, true
		}
	}
	for _, step := range b.patterns {
		for _, p := range step {
			for turn := range 8 {
				for _, more := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 18, 20, 24, 31, 32, 35, 36, 64, 99, least, least - 1, most} {
					if more < 0 || more > mostRepeats {
						continue
					}
					if text := grow(p.tree, more, turn); b.fits(text) {
						return text, true
					}
				}
			}
		}
	}
	return "", false
}

// candidates gives the usual values of the type and those that its bounds name.
func (b *bounds) candidates() []string {
	var all []string
	for _, f := range b.facets {
		for _, bound := range []string{f.MinInclusive, f.MaxInclusive} {
			if r, ok := ratOf(bound); ok {
				all = append(all, decimalText(r)) // 1e3 is a number, but not in all the forms that facets and patterns know
			}
			if bound != "" {
				all = append(all, bound)
			}
		}
		for i, bound := range []string{f.MinExclusive, f.MaxExclusive} {
			if r, ok := ratOf(bound); ok {
				step := big.NewRat(int64(1-2*i), 1)
				all = append(all, decimalText(new(big.Rat).Add(r, step)), decimalText(new(big.Rat).Add(r, step.Mul(step, big.NewRat(1, 10)))))
			}
		}
	}
	var usual []string
	for c := b.root; c != nil && usual == nil; c = c.Base { // int has integer's
		usual = candidates[c.Name.Local]
	}
	switch b.root.Name.Local {
	case "negativeInteger", "nonPositiveInteger":
		usual = []string{"-1", "-42", "-123"}
	}
	return append(slices.Clone(usual), all...)
}

// ratOf reads a number. Those of absurd length or exponent are none: 1e999999999 is few bytes here and gigabytes as a number.
func ratOf(text string) (*big.Rat, bool) {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	if len(mantissa) > 100 || len(exponent) > 4 || strings.ContainsAny(text, "/_ xXpP") {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// decimalText writes a number without a fraction bar.
func decimalText(r *big.Rat) string {
	text := r.FloatString(6)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// ranges are what the built-in integers can hold.
var ranges = map[string][2]string{
	"long": {"-9223372036854775808", "9223372036854775807"}, "int": {"-2147483648", "2147483647"}, "short": {"-32768", "32767"}, "byte": {"-128", "127"},
	"unsignedLong": {"0", "18446744073709551615"}, "unsignedInt": {"0", "4294967295"}, "unsignedShort": {"0", "65535"}, "unsignedByte": {"0", "255"},
	"nonNegativeInteger": {"0", ""}, "positiveInteger": {"1", ""}, "negativeInteger": {"", "-1"}, "nonPositiveInteger": {"", "0"},
}

// numeric reports whether values are numbers, and whether they are whole.
func numeric(root *model.Type) (number, whole bool) {
	for c := root; c != nil; c = c.Base {
		switch c.Name.Local {
		case "integer":
			return true, true
		case "decimal", "float", "double":
			return true, false
		}
	}
	return false, false
}

// fits reports whether a text is a value of the type that meets all facets, as far as they are understood.
func (b *bounds) fits(text string) bool {
	for _, step := range b.patterns {
		if !slices.ContainsFunc(step, func(p *pattern) bool { return p.re.MatchString(text) }) {
			return false
		}
	}
	if b.root == nil {
		return true
	}
	if number, whole := numeric(b.root); number {
		return b.fitsNumber(text, whole)
	}
	if n := b.length(text); n >= 0 {
		least, most := b.lengths()
		if n < least || most >= 0 && n > most {
			return false
		}
		return b.lexical(text)
	}
	return b.lexical(text) && b.inOrder(text)
}

// lexical refuses texts that a pattern made and that are no value of the type.
func (b *bounds) lexical(text string) bool {
	switch name := b.root.Name.Local; name {
	case typeString, "normalizedString", "token", "anyURI", "anySimpleType":
		return name == typeString || strings.Join(strings.Fields(text), " ") == text
	case "hexBinary", "base64Binary":
		return true
	default:
		for c := b.root; c != nil; c = c.Base {
			if form := forms[c.Name.Local]; form != nil {
				return form.re.MatchString(text)
			}
		}
	}
	return true
}

// forms are what values of a type look like (part 2, 3.2).
var forms = func() map[string]*pattern {
	const zone = `(Z|[+\-](0\d|1[0-4]):[0-5]\d)?`
	const month, day, clock = `(0[1-9]|1[0-2])`, `(0[1-9]|[12]\d|3[01])`, `([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?`
	const year = `-?(\d{4}|[1-9]\d{4,})`
	all := map[string]*pattern{}
	for name, text := range map[string]string{
		"dateTime": year + "-" + month + "-" + day + "T" + clock + zone, "date": year + "-" + month + "-" + day + zone, "time": clock + zone,
		"gYear": year + zone, "gYearMonth": year + "-" + month + zone, "gMonth": "--" + month + zone, "gMonthDay": "--" + month + "-" + day + zone, "gDay": "---" + day + zone,
		"duration": `-?P(\d+Y)?(\d+M)?(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?`, "boolean": "true|false|0|1",
		"language": `[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*`, "NMTOKEN": `\c+`, "NCName": `[A-Za-z_][A-Za-z0-9._\-]*`, "Name": `\i\c*`,
	} {
		all[name] = readPattern(text)
	}
	return all
}()

// inOrder compares dates and times with their bounds as texts, which is right for values of one form and zone.
func (b *bounds) inOrder(text string) bool {
	for _, f := range b.facets {
		if f.MinInclusive != "" && text < f.MinInclusive || f.MaxInclusive != "" && text > f.MaxInclusive ||
			f.MinExclusive != "" && text <= f.MinExclusive || f.MaxExclusive != "" && text >= f.MaxExclusive {
			return false
		}
	}
	return true
}

// fitsNumber compares exactly: bounds of integers have more digits than a float holds.
func (b *bounds) fitsNumber(text string, whole bool) bool {
	r, ok := ratOf(text)
	if !ok || strings.ContainsAny(text, "eExX") || whole && strings.Contains(text, ".") {
		return false
	}
	check := func(bound string, bad func(int) bool) bool {
		limit, ok := ratOf(bound)
		return !ok || !bad(r.Cmp(limit))
	}
	for c := b.root; c != nil; c = c.Base {
		if limits, ok := ranges[c.Name.Local]; ok {
			if !check(limits[0], func(c int) bool { return c < 0 }) || !check(limits[1], func(c int) bool { return c > 0 }) {
				return false
			}
		}
	}
	integral, fraction, _ := strings.Cut(strings.TrimLeft(text, "+-"), ".")
	fraction = strings.TrimRight(fraction, "0")
	digits := len(strings.TrimLeft(integral, "0")) + len(fraction)
	for _, f := range b.facets {
		if !check(f.MinInclusive, func(c int) bool { return c < 0 }) || !check(f.MaxInclusive, func(c int) bool { return c > 0 }) ||
			!check(f.MinExclusive, func(c int) bool { return c <= 0 }) || !check(f.MaxExclusive, func(c int) bool { return c >= 0 }) {
			return false
		}
		if f.TotalDigits != nil && digits > *f.TotalDigits || f.FractDigits != nil && len(fraction) > *f.FractDigits {
			return false
		}
	}
	return true
}

// length gives the length of a text as length facets count it; -1 for types that have none.
func (b *bounds) length(text string) int {
	for c := b.root; c != nil; c = c.Base {
		switch c.Name.Local {
		case typeString, "anyURI", "QName", "NOTATION":
			return utf8.RuneCountInString(text)
		case "hexBinary":
			return len(text) / 2
		case "base64Binary":
			return len(text)/4*3 - strings.Count(text, "=")
		}
	}
	return -1
}

// lengths gives the tightest bounds of length; most is -1 for none.
func (b *bounds) lengths() (least, most int) {
	most = -1
	for _, f := range b.facets {
		if f.Length != nil {
			return *f.Length, *f.Length
		}
		if f.MinLength != nil {
			least = max(least, *f.MinLength)
		}
		if f.MaxLength != nil && (most < 0 || *f.MaxLength < most) {
			most = *f.MaxLength
		}
	}
	return least, most
}

// mostText bounds a text that a length facet asks for, in characters.
const mostText = 1 << 20

// resize makes a text that is as long as the facets want.
func resize(text string, least, most int, kind string) string {
	n := max(least, min(len(text), max(most, 0)))
	if most < 0 {
		n = max(least, len(text))
	}
	n = min(n, mostText)
	switch kind {
	case "hexBinary":
		return strings.Repeat("0A", n)
	case "base64Binary":
		return strings.Repeat("AAAA", n/3) + [...]string{"", "AA==", "AAA="}[n%3]
	}
	return strings.Repeat(text, n/max(len(text), 1)+1)[:n]
}
