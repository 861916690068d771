package knativefn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strconv"
	"time"

	"pixmill/internal/app"
	"pixmill/internal/config"
	"pixmill/internal/fault"
)

// The environment variables beside those of package config.
const (
	VarPort   = "PORT"           // Knative sets it; 8080 where nobody does
	VarListen = "LISTEN_ADDRESS" // host:port, goes before PORT
	VarGrace  = "PIXMILL_GRACE"  // how long a stop may take; below the pod's terminationGracePeriodSeconds
)

// DefaultGrace is a little less than the 30 seconds that Kubernetes gives a pod.
const DefaultGrace = 25 * time.Second

// queuePerSlot is how many deliveries may wait for each that is handled: some
// seconds' work, and of memory at most event.MaxPayloadBytes each.
const queuePerSlot = 4

// Main is the function as a whole: settings from the environment, the core that every
// program shares, an HTTP server. It returns when ctx has ended and what was begun is
// finished, or when it cannot start, after it has said why; the result is the exit code.
func Main(ctx context.Context, getenv func(string) string, stderr io.Writer) int {
	if err := run(ctx, getenv, stderr); err != nil {
		fmt.Fprintf(stderr, "pixmill function: %v\n", err)
		return 1
	}
	return 0
}

func run(ctx context.Context, getenv func(string) string, stderr io.Writer) error {
	settings, err := config.Load(getenv, "")
	addr, addrErr := listenAddress(getenv)
	grace, graceErr := gracePeriod(getenv)
	if err := errors.Join(err, addrErr, graceErr); err != nil {
		return err
	}
	log := settings.Log.Logger(stderr, config.FormatJSON)
	core, err := app.New(ctx, app.Options{Config: settings.Presets})
	if err != nil {
		return err
	}
	slots := runtime.GOMAXPROCS(0) // follows the CPU quota of the container
	s := New(Config{Handler: core.Handler, Log: log, Now: time.Now, Slots: slots, Queue: queuePerSlot * slots})
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		core.Close()
		return fault.New(fault.Misconfigured, "listen", addr, err)
	}
	log.InfoContext(ctx, "listening", "address", ln.Addr().String(), "slots", slots, "queue", queuePerSlot*slots, "version", app.Version())
	if err := s.Serve(ctx, ln, grace); err != nil {
		return err // with deliveries that may still run: the core stays as it is until the process has ended
	}
	core.Close()
	return nil
}

// listenAddress is on all interfaces unless it is told another.
func listenAddress(getenv func(string) string) (string, error) {
	if addr := getenv(VarListen); addr != "" {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			return "", fault.New(fault.Misconfigured, "read "+VarListen, addr, fmt.Errorf("want host:port: %w", err))
		}
		return addr, nil
	}
	port := cmp.Or(getenv(VarPort), "8080")
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fault.New(fault.Misconfigured, "read "+VarPort, port, errors.New("want a number from 0 to 65535"))
	}
	return ":" + port, nil
}

func gracePeriod(getenv func(string) string) (time.Duration, error) {
	text := getenv(VarGrace)
	if text == "" {
		return DefaultGrace, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fault.New(fault.Misconfigured, "read "+VarGrace, text, errors.New("want a duration above 0, such as 25s"))
	}
	return d, nil
}
