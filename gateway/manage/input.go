package manage

import (
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// problemsOf makes one refusal of everything that is wrong with a body; nil when nothing is.
func problemsOf(wrong wire.Problems) error {
	if len(wrong) == 0 {
		return nil
	}
	return &refusal{cause: fail.New(fail.BadRequest, wrong.Error()+"."), do: "mend what the message names; docs/api.md lists every member"}
}

// lines makes problems of an error that joins several.
func lines(member string, err error) (wrong wire.Problems) {
	if err == nil {
		return nil
	}
	for text := range strings.Lines(err.Error()) {
		wrong = append(wrong, wire.Problem{Member: member, Text: strings.TrimSpace(text)})
	}
	return wrong
}

// oneOf lists choices for people.
func oneOf[T ~string](all []T) string {
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = string(one)
	}
	return "one of " + strings.Join(names, ", ")
}

func timeOf(d wire.Duration) time.Duration { return time.Duration(d) }
