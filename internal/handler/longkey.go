package handler

import (
	"context"
	"fmt"

	"pixmill/internal/blob"
	"pixmill/internal/fault"
)

// refuseLongKey answers for a key whose manifest would have a key that is too long:
// there is never any output. Where none is wanted, all is well; else the error is
// Rejected, and with no manifest to record it in, what the adapters make of that is
// all that anybody hears.
func (inv *invocation) refuseLongKey(ctx context.Context) (bool, error) {
	n := len(inv.manifestKey())
	if n <= blob.MaxKeyBytes {
		return false, nil
	}
	l := &look{rule: inv.cfg.Presets.Match(inv.ev.Key)}
	if l.rule != nil {
		var err error
		if l.source, err = inv.lookAtSource(ctx); err != nil {
			return false, fmt.Errorf("look: %w", unrecordable(err))
		}
	}
	if reason := l.nothingBecause(); reason != "" {
		inv.nothing(reason)
		return true, nil
	}
	err := fmt.Errorf("no manifest can be written for it, and no variants are made: %w",
		&fault.LimitError{Field: "manifest key", Limit: blob.MaxKeyBytes, Value: int64(n), Unit: "bytes"})
	inv.out.Result, inv.out.Reason = ResultRejected, err.Error()
	return false, fault.New(fault.Rejected, "handle", inv.ev.Key, err)
}
