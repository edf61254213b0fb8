// Package suggest finds the word that a mistyped one most likely meant: keys of the configuration, members of the API's
// JSON. It knows no lists of its own. Everything may call it, from any goroutine.
package suggest

import "strings"

// maxWord bounds the work of one comparison; longer words are no typing mistakes.
const maxWord = 64

// Nearest gives the option that a mistyped word most likely meant, "" when none is near. Case, hyphens and underscores
// do not count: listeners_per_entity is listenersPerEntity. Words of more than 64 bytes are near to nothing, so the work
// of one call is bounded by the options.
func Nearest(word string, options []string) string {
	if len(word) > maxWord {
		return ""
	}
	// A third of the letters may be wrong, one at least: host and hots are near, host and colour are not.
	bare := bareWord(word)
	best, reach := "", max(1, len(bare)/3)+1
	for _, option := range options {
		if d := distance(bare, bareWord(option)); d < reach {
			best, reach = option, d
		}
	}
	return best
}

// bareWord drops what people get wrong without mistaking the word.
func bareWord(s string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
}

// distance counts insertions, deletions, replacements and swaps of neighbours that turn a into b (optimal string
// alignment).
func distance(a, b string) int {
	if len(b) > 2*maxWord {
		return len(b)
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
