package queue

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Fate is what became of a letter.
type Fate string

const (
	FateKept     Fate = "kept"     // it matches and was only looked at
	FateFiltered Fate = "filtered" // it does not match
	FateNew      Fate = "new"      // it came back since Redrive began: it fails still
	FateMoved    Fate = "moved"
)

// Options say which letters are looked at, and what is done.
type Options struct {
	Match func(Letter) bool // nil: all
	Max   int               // letters that are moved, or without Move shown, at most; 0: no limit
	Move  bool              // else they are looked at only
	Now   func() time.Time
}

// Summary counts the letters by fate.
type Summary struct {
	Kept, Filtered, New, Moved int
}

// Looked returns how many letters were looked at.
func (s Summary) Looked() int { return s.Kept + s.Filtered + s.New + s.Moved }

// releaseTimeout bounds the giving back at the end, which goes on after ctx.
const releaseTimeout = 20 * time.Second

// ErrHidden says that letters could not be given back: nobody gets them for some
// minutes.
var ErrHidden = errors.New("letters could not be given back and are hidden for some minutes")

// Redrive walks the letters and tells emit of each. A letter that is moved is
// returned first and deleted then: whatever ends the process in between leaves it
// in both places, which costs a second look at an object that agrees by then. All
// others are available again when Redrive returns, also when ctx ends or
// something fails; the summary is of what was done until then.
func Redrive(ctx context.Context, d DeadLetters, o Options, emit func(Letter, Fate)) (s Summary, err error) {
	r := &redrive{from: d, opts: o, emit: emit, begun: o.Now(), seen: map[string]bool{}}
	defer func() {
		if failed := r.release(ctx); failed != nil {
			err = errors.Join(err, fmt.Errorf("%w: %w", ErrHidden, failed))
		}
		s = r.sum
	}()
	for !r.full() {
		letters, err := d.Receive(ctx)
		if err != nil {
			return r.sum, err
		}
		if len(letters) == 0 {
			return r.sum, nil
		}
		fresh := r.fresh(letters)
		if r.again > 0 && r.again >= len(r.seen) {
			return r.sum, nil
		}
		for i, l := range fresh {
			if err := r.one(ctx, l); err != nil {
				r.held = append(r.held, fresh[i:]...)
				return r.sum, err
			}
		}
	}
	return r.sum, nil
}

type redrive struct {
	from  DeadLetters
	opts  Options
	emit  func(Letter, Fate)
	begun time.Time
	seen  map[string]bool // IDs
	again int             // letters that came once more, since the last one that had not been seen
	held  []Letter        // to be released
	sum   Summary
}

// full reports whether no further letter can be moved or shown.
func (r *redrive) full() bool {
	return r.opts.Max > 0 && r.sum.Moved+r.sum.Kept >= r.opts.Max
}

// fresh leaves out letters that come a second time, since the walk takes longer
// than they are hidden. Others may still be behind them; when as many came again as
// there are, none is, and a walk that looked further would never end.
func (r *redrive) fresh(letters []Letter) []Letter {
	var fresh []Letter
	for _, l := range letters {
		if r.seen[l.ID] {
			r.held = append(r.held, l)
			r.again++
			continue
		}
		r.again = 0
		r.seen[l.ID] = true
		fresh = append(fresh, l)
	}
	return fresh
}

// one decides about a letter. On an error it is neither moved nor held.
func (r *redrive) one(ctx context.Context, l Letter) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	switch {
	case r.opts.Match != nil && !r.opts.Match(l):
		r.sum.Filtered++
		r.keep(l, FateFiltered)
	case r.full():
		r.held = append(r.held, l) // received with others, and beyond what was asked for
	case !r.opts.Move:
		r.sum.Kept++
		r.keep(l, FateKept)
	case l.Sent.After(r.begun):
		r.sum.New++
		r.keep(l, FateNew)
	default:
		return r.move(ctx, l)
	}
	return nil
}

func (r *redrive) keep(l Letter, f Fate) {
	r.held = append(r.held, l)
	r.emit(l, f)
}

// move returns a letter and deletes it. What has begun is finished although ctx
// ends: a Ctrl-C between the two would only make work.
func (r *redrive) move(ctx context.Context, l Letter) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if err := r.from.Return(ctx, l); err != nil {
		return fmt.Errorf("send back the letter %s: %w", l.ID, err)
	}
	if err := r.from.Delete(ctx, l); err != nil {
		return fmt.Errorf("the letter %s was sent back and is still among the dead letters: %w", l.ID, err)
	}
	r.sum.Moved++
	r.emit(l, FateMoved)
	return nil
}

func (r *redrive) release(ctx context.Context) error {
	if len(r.held) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	return r.from.Release(ctx, r.held)
}
