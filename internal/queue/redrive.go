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

	// Count returns about how many letters there are, those that Receive does not give
	// now, too; nil: there are no others. Expect is what it said at the beginning; 0:
	// not known. Afterwards it may still count what has been moved.
	Count  func(context.Context) (int, error)
	Expect int
}

// Summary counts the letters by fate.
type Summary struct {
	Kept, Filtered, New, Moved int

	Bulk   int // of Moved: those that emit was not told of, since the place moved them itself
	Unseen int // about how many more there are that Receive did not give
}

// Looked returns how many letters were looked at.
func (s Summary) Looked() int { return s.Kept + s.Filtered + s.New + s.Moved }

// patience is how often a walk that moves letters asks, in all, and is given none
// while there are some. In SQS each time takes a second.
const patience = 10

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
//
// That Receive gives nothing is no proof that nothing is there: others may have
// hidden it for a time. Where Count says so, Redrive waits for some seconds, and
// what does not come then is Unseen.
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
			if done, err := r.nothing(ctx); done || err != nil {
				return r.sum, err
			}
			continue
		}
		fresh := r.fresh(letters)
		if r.again > 0 && r.again >= len(r.seen) {
			return r.sum, r.count(ctx)
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
	empty int             // how often nothing came
	held  []Letter        // to be released
	sum   Summary
}

// nothing reports whether the walk ends, since no letters came.
func (r *redrive) nothing(ctx context.Context) (bool, error) {
	if err := r.count(ctx); err != nil {
		return true, err
	}
	r.empty++
	return r.sum.Unseen == 0 || !r.opts.Move || r.empty >= patience, nil
}

// count finds out how many letters are there that did not come. No more are than
// there were: a count may be late.
func (r *redrive) count(ctx context.Context) error {
	if r.opts.Count == nil {
		return nil
	}
	n, err := r.opts.Count(ctx)
	if err != nil {
		return err
	}
	n -= r.sum.Kept + r.sum.Filtered + r.sum.New
	if r.opts.Expect > 0 {
		n = min(n, r.opts.Expect-r.sum.Kept-r.sum.Filtered-r.sum.Moved)
	}
	r.sum.Unseen = max(0, n)
	return nil
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
