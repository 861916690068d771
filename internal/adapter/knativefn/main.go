package knativefn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"pixmill/internal/app"
	"pixmill/internal/config"
	"pixmill/internal/fault"
	"pixmill/internal/preset"
	"pixmill/internal/upload"
)

// queuePerSlot is how many deliveries may wait for each that is handled: some
// seconds' work.
const queuePerSlot = 4

const (
	// bodyShare is which part of the engine's memory budget the bodies of requests may
	// take beside it. The budget leaves a fifth of the process's memory, and at least
	// 64 MiB, to everything that is no image: this is half of that. The handler's share
	// for sources that wait is as much.
	bodyShare = 8
	// leastHeap is what Go's heap is given however large the budget is.
	leastHeap = 64 << 20
)

// Main is the function as a whole: settings from the environment, the core that every
// program shares, an HTTP server. It returns when ctx has ended and what was begun is
// finished, or when it cannot start, after it has said why; the result is the exit code.
func Main(ctx context.Context, self *app.Self, getenv func(string) string, stderr io.Writer) int {
	if err := run(ctx, self, getenv, stderr); err != nil {
		fmt.Fprintf(stderr, "pixmill function: %v\n", err)
		return 1
	}
	return 0
}

func run(ctx context.Context, self *app.Self, getenv func(string) string, stderr io.Writer) error {
	shared, err := config.Load(getenv, "")
	own, ownErr := readSettings(getenv, runtime.GOMAXPROCS(0)) // which follows the CPU quota of the container
	if err := errors.Join(err, ownErr); err != nil {
		return err
	}
	log := shared.Log.Logger(stderr, config.FormatJSON)
	core, err := app.New(ctx, app.Options{Config: shared.Presets, Self: self})
	if err != nil {
		return err
	}
	s := service(core, shared.Presets, own, log)
	s.Version = versionOf(core, shared.Presets, own, getenv)
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", own.address)
	if err != nil {
		core.Close()
		return fault.New(fault.Misconfigured, "listen", own.address, err)
	}
	pixels := core.Engine.Capability().Limits.Memory
	log.InfoContext(ctx, "listening", "address", ln.Addr().String(), "slots", s.Slots, "queue", s.Queue, "uploads", own.uploads,
		"pixel_bytes", pixels, "body_bytes", s.BodyBytes, "heap_bytes", limitHeap(ctx, log, pixels), "version", s.Version)
	endLook := lookForCredentials(ctx, log)
	defer endLook()
	if err := s.Serve(ctx, ln, own.grace); err != nil {
		return err // with deliveries that may still run: the core stays as it is until the process has ended
	}
	core.Close()
	return nil
}

func service(core *app.App, presets *preset.Config, own settings, log *slog.Logger) *Service {
	c := Config{
		Handler: core.Handler, Log: log, Now: time.Now,
		Slots: own.slots, Queue: queuePerSlot * own.slots, Wait: own.wait,
		BodyBytes: core.Engine.Capability().Limits.Memory / bodyShare, Timeout: own.timeout,
		OutputBucket: core.Output.Name(),
	}
	if own.uploads {
		c.Uploads = upload.New(upload.Config{Source: core.Source, Presets: presets, Engine: core.Engine})
	}
	return New(c)
}

// limitHeap lets Go's heap take what the pixels, which are not in it, leave of the
// container's memory, and returns that; GOMEMLIMIT goes before it. Without it garbage
// may lie in the heap until there is as much of it as of what is used.
func limitHeap(ctx context.Context, log *slog.Logger, pixels int64) int64 {
	limit, err := memlimit.Set(memlimit.WithRatio(1), memlimit.WithMin(leastHeap), memlimit.WithProvider(func() (uint64, error) {
		total, err := memlimit.FromCgroup()
		return total - min(total, uint64(pixels)), err
	}))
	if err != nil {
		log.WarnContext(ctx, "the limit of the heap is not set", "error", err)
	}
	return limit
}
