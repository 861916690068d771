package knativefn

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"pixmill/internal/fault"
)

// The environment variables beside those of package config. All are optional.
const (
	VarPort    = "PORT"            // Knative sets it; 8080 where nobody does
	VarListen  = "LISTEN_ADDRESS"  // host:port, goes before PORT
	VarGrace   = "PIXMILL_GRACE"   // how long a stop may take; below the pod's terminationGracePeriodSeconds
	VarTimeout = "PIXMILL_TIMEOUT" // how long a request may take; below the timeoutSeconds of a Knative Service
	VarSlots   = "PIXMILL_SLOTS"   // how many images are handled at the same time; slotsPerCore × GOMAXPROCS where nobody says it
	VarWait    = "PIXMILL_WAIT"    // how long a delivery may wait until one of these is done
	VarUploads = "PIXMILL_UPLOADS" // "on" or "off": whether images are taken, beside events; on where nobody says it
)

// DefaultGrace is a little less than the 30 seconds that Kubernetes gives a pod.
const DefaultGrace = 25 * time.Second

// DefaultTimeout is a little less than the 300 seconds of a Knative Service. What is not
// done then is answered with 503 and keeps the variants that it has.
const DefaultTimeout = 290 * time.Second

// DefaultWait is more than those that go before it take with photographs. Where it is not
// enough, as with a store that does not answer, another pod may be faster.
const DefaultWait = 10 * time.Second

// slotsPerCore is more than 1 since the store's answers are waited for, and no more than
// it takes: each image that is handled holds its source's bytes. How many cores and how
// much memory they get is the engine's to say. ADR 9 has the figures.
const slotsPerCore = 2

// settings are what the variables say.
type settings struct {
	address string
	grace   time.Duration
	timeout time.Duration
	slots   int
	wait    time.Duration
	uploads bool
}

// readSettings reports all that is wrong together, as Misconfigured. procs is GOMAXPROCS.
func readSettings(getenv func(string) string, procs int) (settings, error) {
	var s settings
	var errs [6]error
	s.address, errs[0] = listenAddress(getenv)
	s.grace, errs[1] = duration(getenv, VarGrace, DefaultGrace)
	s.timeout, errs[2] = duration(getenv, VarTimeout, DefaultTimeout)
	s.slots, errs[3] = slots(getenv, procs)
	s.wait, errs[4] = duration(getenv, VarWait, DefaultWait)
	s.uploads, errs[5] = uploads(getenv)
	return s, errors.Join(errs[:]...)
}

// listenAddress is on all interfaces unless it is told another.
func listenAddress(getenv func(string) string) (string, error) {
	if addr := getenv(VarListen); addr != "" {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			return "", wrong(VarListen, addr, fmt.Errorf("want host:port: %w", err))
		}
		return addr, nil
	}
	port := cmp.Or(getenv(VarPort), "8080")
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", wrong(VarPort, port, errors.New("want a number from 0 to 65535"))
	}
	return ":" + port, nil
}

// duration reads a variable that says how long something may take.
func duration(getenv func(string) string, name string, otherwise time.Duration) (time.Duration, error) {
	text := getenv(name)
	if text == "" {
		return otherwise, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, wrong(name, text, fmt.Errorf("want a duration above 0, such as %v", otherwise))
	}
	return d, nil
}

func slots(getenv func(string) string, procs int) (int, error) {
	text := getenv(VarSlots)
	if text == "" {
		return slotsPerCore * procs, nil
	}
	const most = 1024
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, wrong(VarSlots, text, fmt.Errorf("want a number from 1 to %d", most))
	}
	return n, nil
}

func uploads(getenv func(string) string) (bool, error) {
	switch text := getenv(VarUploads); text {
	case "", "on":
		return true, nil
	case "off":
		return false, nil
	default:
		return false, wrong(VarUploads, text, errors.New("want on or off"))
	}
}

func wrong(name, value string, err error) error {
	return fault.New(fault.Misconfigured, "read "+name, value, err)
}
