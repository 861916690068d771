package vips

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"pixmill/internal/fault"
)

func TestAdmission_WaitsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(100)
		leave, err := a.enter(t.Context(), 80)
		if err != nil {
			t.Fatal(err)
		}
		order := make(chan int, 2)
		enter := func(i int, need int64) {
			leave, err := a.enter(t.Context(), need)
			if err != nil {
				t.Error(err)
				return
			}
			order <- i
			leave()
		}
		go enter(1, 90) // must wait for the first
		synctest.Wait()
		go enter(2, 20) // would fit now, but came later
		synctest.Wait()
		if len(order) != 0 {
			t.Fatal("work was let in beyond the budget or before its turn")
		}
		leave()
		leave() // a second time changes nothing
		if first, second := <-order, <-order; first != 1 || second != 2 {
			t.Errorf("let in in the order %d, %d", first, second)
		}
	})
}

func TestAdmission_NeverFits(t *testing.T) {
	_, err := newAdmission(100).enter(t.Context(), 101)
	limit, ok := errors.AsType[*fault.LimitError](err)
	if !ok || limit.Limit != 100 || limit.Value != 101 || fault.KindOf(err) != fault.Rejected {
		t.Errorf("got %v, want a rejection with both numbers", err)
	}
}

func TestAdmission_ContextEndsWhileWaiting(t *testing.T) {
	a := newAdmission(100)
	leave, err := a.enter(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.enter(ctx, 1); fault.KindOf(err) != fault.Transient || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a transient error of the context", err)
	}
	leave()
	if _, err := a.enter(t.Context(), 100); err != nil {
		t.Errorf("the one that gave up left something behind: %v", err)
	}
}

func TestMemoryBudget(t *testing.T) {
	lambda := func(v string) func(string) string {
		return func(name string) string {
			if name == lambdaMemoryVariable {
				return v
			}
			return ""
		}
	}
	if got, err := memoryBudget(123, lambda("1024")); err != nil || got != 123 {
		t.Errorf("a limit that is set gave %d, %v", got, err)
	}
	if got, err := memoryBudget(0, lambda("1024")); err != nil || got < 512<<20 || got > 960<<20 {
		t.Errorf("a function of 1024 MiB has a budget of %d, %v; want most of it", got, err)
	}
	if got, err := memoryBudget(0, lambda("128")); err != nil || got != 64<<20 {
		t.Errorf("a function of 128 MiB has a budget of %d, %v; want half", got, err)
	}
	if _, err := memoryBudget(0, lambda("much")); err == nil {
		t.Error("a size that is no number is accepted")
	}
	if got, err := memoryBudget(0, lambda("")); err != nil || got < 64<<20 {
		t.Errorf("the machine's budget is %d, %v", got, err)
	}
}
