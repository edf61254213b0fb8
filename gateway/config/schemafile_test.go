package config

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestJSONSchema holds the schema against files: what Load takes, the schema takes; what is mistyped, both refuse.
func TestJSONSchema(t *testing.T) {
	text, err := os.ReadFile("../../docs/causeway.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{full, sample, "{}", "limits:\nrules: ~\n", "entities: [{name: a, responseTimeout: 1h30m}]\n", "https: ':0'\n"} {
		if complaint := validate(schema, parsed(t, file), "$"); complaint != "" {
			t.Errorf("%s\n%s", complaint, file)
		}
	}
	for file, want := range map[string]string{
		"hots: 1\n":                           "$.hots: unknown",
		"limits: {pending: 0}\n":              "$.limits.pending: range",
		"limits: {pending: many}\n":           "$.limits.pending: type",
		"timeouts: {head: 10}\n":              "$.timeouts.head: type",
		"timeouts: {head: ten}\n":             "$.timeouts.head: pattern",
		"https: x\n":                          "$.https: pattern",
		"rules: [{name: a}]\n":                "$.rules[0].rights: missing",
		"rules: [{name: a, rights: []}]\n":    "$.rules[0].rights: range",
		"rules: [{name: a, rights: [Own]}]\n": "$.rules[0].rights[0]: enum",
		"mqtts: ':1'\n":                       "$.mqtts: unknown",
	} {
		if got := validate(schema, parsed(t, file), "$"); got != want {
			t.Errorf("%s gave %q, want %q", file, got, want)
		}
		if _, problems := load(t, file, nil, nil); problems.Err() == nil {
			t.Errorf("Load takes what the schema refuses: %s", file)
		}
	}
}

func parsed(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// validate knows the words that our schema uses.
func validate(schema map[string]any, v any, at string) string {
	if !hasType(schema["type"], v) {
		return at + ": type"
	}
	switch v := v.(type) {
	case string:
		if p, ok := schema["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(v) {
			return at + ": pattern"
		}
	case int:
		if low, ok := schema["minimum"].(float64); ok && (float64(v) < low || float64(v) > schema["maximum"].(float64)) {
			return at + ": range"
		}
	case []any:
		if least, ok := schema["minItems"].(float64); ok && float64(len(v)) < least || float64(len(v)) > schema["maxItems"].(float64) {
			return at + ": range"
		}
		for i, one := range v {
			if complaint := validate(schema["items"].(map[string]any), one, fmt.Sprintf("%s[%d]", at, i)); complaint != "" {
				return complaint
			}
		}
	case map[string]any:
		properties, _ := schema["properties"].(map[string]any)
		for key, one := range v {
			sub, ok := properties[key].(map[string]any)
			if !ok {
				return at + "." + key + ": unknown"
			}
			if complaint := validate(sub, one, at+"."+key); complaint != "" {
				return complaint
			}
		}
		required, _ := schema["required"].([]any)
		for _, key := range required {
			if _, ok := v[key.(string)]; !ok {
				return at + "." + key.(string) + ": missing"
			}
		}
	}
	if list, ok := schema["enum"].([]any); ok && !slices.Contains(list, v) {
		return at + ": enum"
	}
	return ""
}

func hasType(want, v any) bool {
	names, ok := want.([]any)
	if !ok {
		names = []any{want}
	}
	var name any
	switch v.(type) {
	case nil:
		name = "null"
	case string:
		name = "string"
	case int:
		name = "integer"
	case bool:
		name = "boolean"
	case []any:
		name = "array"
	case map[string]any:
		name = "object"
	}
	return want == nil || slices.Contains(names, name)
}
