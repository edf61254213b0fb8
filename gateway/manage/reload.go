package manage

import (
	"context"
	"net/http"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// reload answers POST reload: the node reads its configuration again. A configuration with problems changes nothing: 422 with
// all of them.
func (a *API) reload(ctx context.Context, _ *call) (answer, error) {
	if a.p.Reload == nil {
		return answer{}, &refusal{cause: fail.New(fail.BadRequest, "This node cannot reload."), do: "restart it"}
	}
	done, problems, err := a.p.Reload(ctx)
	switch {
	case len(problems) > 0:
		return answer{}, &refusal{
			cause:  fail.New(fail.BadRequest, "The configuration has problems. Nothing has changed."),
			status: http.StatusUnprocessableEntity, do: "mend what the problems name and reload again", problems: problems,
		}
	case err != nil:
		return answer{}, &refusal{cause: fail.Wrap(fail.BadRequest, "reload", err), do: err.Error()}
	}
	return answer{status: http.StatusOK, body: done}, nil
}
