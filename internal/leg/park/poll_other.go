//go:build !linux

package park

import "errors"

// poll is nothing here.
type poll struct{}

func newPoll() (*poll, error) { return nil, errors.ErrUnsupported }

func (*poll) watch(uintptr, uint64, bool) error { return errors.ErrUnsupported }

func (*poll) ready() ([]uint64, error) { return nil, errors.ErrUnsupported }

func (*poll) close() {}
