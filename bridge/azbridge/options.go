package azbridge

import (
	"maps"
	"slices"
	"strings"
)

// option is one of azbridge's options: a letter, and whether a value follows.
type option struct {
	letter byte
	value  bool
	set    func(s *Settings, at place, text string)
}

// by makes an option of a key of the file.
func by(name string) func(s *Settings, at place, text string) {
	return func(s *Settings, at place, text string) {
		for _, k := range settings {
			if k.name != name {
				continue
			}
			if wrong := k.set(s, at, text); wrong != "" {
				s.wrong(at, "%s", wrong)
			}
		}
	}
}

// options are in the order of the reference. -f, -l, -o and -? are in ReadArgs or stand for themselves.
var options = []option{
	{'x', true, by("AzureRelayConnectionString")},
	{'e', true, by("AzureRelayEndpoint")},
	{'K', true, by("AzureRelaySharedAccessKeyName")},
	{'k', true, by("AzureRelaySharedAccessKey")},
	{'s', true, by("AzureRelaySharedAccessSignature")},
	{'L', true, (*Settings).addLocal},
	{'T', true, (*Settings).addRemote},
	{'R', true, (*Settings).addOld},
	{'H', true, (*Settings).addHTTP},
	{'b', true, by("BindAddress")},
	{'g', false, func(s *Settings, _ place, _ string) { s.gatewayPorts = true }},
	{'a', true, by("KeepAliveInterval")},
	{'l', true, by("LogFileName")},
	{'q', false, func(s *Settings, _ place, _ string) { s.Quiet = true }},
	{'v', false, func(s *Settings, _ place, _ string) { s.Quiet = false }},
	{'o', true, func(s *Settings, at place, text string) {
		name, value, ok := strings.Cut(text, ":")
		if !ok || name == "" {
			s.wrong(at, "expected KEY:VALUE, for instance GatewayPorts:true")
			return
		}
		s.set(at, strings.TrimSpace(name), strings.TrimSpace(value))
	}},
	{'f', true, nil},
}

// Args is a command line of azbridge, taken apart.
type Args struct {
	File string // of -f; "": not said
	Help bool   // -?, -h, --help
	JSON bool   // -o json: ours, events as JSON on standard output
	said []said
}

// said is one option and its value.
type said struct {
	option *option
	at     place
	text   string
}

// ParseArgs takes a command line apart. Options are single letters, values stand behind a blank. What it does not know is a
// problem of the Settings that the Args are applied to.
func ParseArgs(args []string) (a Args, problems Problems) {
	wrong := func(option, message string) {
		problems = append(problems, place{option: option}.problem(message))
	}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch arg {
		case "-?", "-h", "--help":
			a.Help = true
			continue
		case "--svc":
			wrong(arg, "is for azbridge's own service; run 'causeway service install' instead")
			continue
		}
		at := slices.IndexFunc(options, func(o option) bool { return arg == "-"+string(o.letter) })
		if at < 0 {
			wrong(shown(arg), "is no option of azbridge; options are single letters, their values stand behind a blank ('causeway azbridge --help')")
			continue
		}
		o := &options[at]
		text := ""
		if o.value {
			if i++; i == len(args) {
				wrong(arg, "expected a value behind it")
				continue
			}
			text = args[i]
		}
		switch {
		case o.letter == 'f':
			a.File = text
		case o.letter == 'o' && text == "json":
			a.JSON = true
		default:
			a.said = append(a.said, said{o, place{option: arg}, text})
		}
	}
	return a, problems
}

// shown is an argument for people; one that is no option may be a secret that lost its place.
func shown(arg string) string {
	if len(arg) == 2 && arg[0] == '-' || strings.HasPrefix(arg, "--") && len(arg) < 20 {
		return arg
	}
	return "an argument"
}

// ReadArgs adds what options say, over what files say. -o comes before the others.
func (s *Settings) ReadArgs(a Args) {
	for _, first := range []bool{true, false} {
		for _, one := range a.said {
			if (one.option.letter == 'o') == first {
				one.option.set(s, one.at, one.text)
			}
		}
	}
}

// sortedKeys lists the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
