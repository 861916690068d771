//go:build bimg

package bimgengine

import (
	"context"
	"math"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"golang.org/x/sync/semaphore"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// memoryShare is how much of the process's limit images may take.
const memoryShare = 0.8

// memoryBudget returns budget, or a share of the cgroup's limit, or else of the
// machine's memory.
func memoryBudget(budget int64) (int64, error) {
	if budget > 0 {
		return budget, nil
	}
	provide := memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)
	n, err := memlimit.ApplyRatio(provide, memoryShare)()
	if err != nil {
		return 0, err
	}
	return int64(min(n, math.MaxInt64)), nil
}

// estimate is what one decode of a source may take, bytes. bimg asks libvips
// for random access, so the whole image is in memory, and twice while it turns.
func estimate(info imaging.Info, channels int) int64 {
	const library = 8 << 20
	return library + 2*int64(info.Width)*int64(info.Height)*int64(max(3, channels))*int64(info.BitDepth/8)
}

// admission keeps what runs within a budget.
type admission struct {
	budget int64
	sem    *semaphore.Weighted
}

func newAdmission(budget int64) *admission {
	return &admission{budget: budget, sem: semaphore.NewWeighted(budget)}
}

// acquire waits for n bytes. What can never fit is rejected at once.
func (a *admission) acquire(ctx context.Context, n int64) error {
	if n > a.budget {
		return &fault.LimitError{Field: imaging.FieldMemory, Limit: a.budget, Value: n, Unit: "bytes"}
	}
	if err := a.sem.Acquire(ctx, n); err != nil {
		return fault.New(fault.Transient, "wait for memory", "", err)
	}
	return nil
}

func (a *admission) release(n int64) { a.sem.Release(n) }
