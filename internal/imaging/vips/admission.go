package vips

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"golang.org/x/sync/semaphore"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// admission lets work in while its estimated memory fits into a budget; what
// does not fit now waits in the order in which it came.
type admission struct {
	budget int64
	room   *semaphore.Weighted
}

func newAdmission(budget int64) *admission {
	return &admission{budget: budget, room: semaphore.NewWeighted(budget)}
}

// enter waits for need bytes. It is Rejected where need is over the whole
// budget, Transient where ctx ends first. leave gives the bytes back, once.
func (a *admission) enter(ctx context.Context, need int64) (leave func(), err error) {
	if need > a.budget {
		return nil, fault.New(fault.Rejected, "admit", "",
			&fault.LimitError{Field: imaging.FieldMemory, Limit: a.budget, Value: need, Unit: "bytes"})
	}
	if err := a.room.Acquire(ctx, need); err != nil {
		return nil, fault.New(fault.Transient, "admit", "",
			fmt.Errorf("waiting for %d bytes of the memory budget of %d: %w", need, a.budget, err))
	}
	done := false
	return func() {
		if !done {
			done = true
			a.room.Release(need)
		}
	}, nil
}

const (
	lambdaMemoryVariable = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE" // MiB
	// reservedMemory is for what is not pixels: the Go runtime, libvips's code
	// and tables, sources and results on their way.
	reservedMemory = 64 << 20
	// reservedShare is for the same where memory is plentiful.
	reservedShare = 0.2
)

// memoryBudget returns limit where it is set, else most of what the process may
// have: from Lambda's setting, the cgroup, or the machine.
func memoryBudget(limit int64, getenv func(string) string) (int64, error) {
	if limit > 0 {
		return limit, nil
	}
	total, err := processMemory(getenv)
	if err != nil {
		return 0, err
	}
	reserve := max(reservedMemory, int64(float64(total)*reservedShare))
	return max(total-reserve, total/2), nil
}

func processMemory(getenv func(string) string) (int64, error) {
	if v := getenv(lambdaMemoryVariable); v != "" {
		mib, err := strconv.ParseInt(v, 10, 32)
		if err != nil || mib <= 0 {
			return 0, fmt.Errorf("%s is %q, not a number of MiB", lambdaMemoryVariable, v)
		}
		return mib << 20, nil
	}
	limit, err := memlimit.FromCgroup()
	if err != nil { // no limit, no cgroup, or one that cannot be read from here
		limit, err = memlimit.FromSystem()
	}
	if err != nil {
		return 0, err
	}
	return int64(min(limit, math.MaxInt64/2)), nil
}
