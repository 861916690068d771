// Package sandbox runs one job of this very program in a process of its own, with
// bounded memory and processor time, an empty environment, no network, and nothing
// to start. It is for libraries that are given what strangers send and can be
// neither interrupted nor held to a memory budget from within. What goes wrong
// there, a crash included, is an error here.
//
// The program is executed anew under a name that Main knows, so that nothing needs
// to be installed beside it. Package sandbox knows no job and no library.
package sandbox

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// Job is what a sandboxed process does: it reads all it is given from in and
// writes its result to out. An error is told to the caller of Run by its text.
type Job func(args []string, in io.Reader, out *os.File) error

// Program runs jobs of this program. Only Main makes one, so that whoever has it
// knows that a process started by Run will run the job and not the program.
type Program struct {
	path string
	env  []string
}

// Limits bound a job. They hold for its whole process.
type Limits struct {
	Memory int64         // bytes that it may allocate beyond what the program has at its start
	CPU    time.Duration // processor time, in whole seconds; at least one
}

// marker is the first argument of a sandboxed process, which ps shows.
const marker = "pixmill: sandboxed"

// Main is the first call of a program that runs jobs. Where this process was
// started for one, Main does it and ends the process; else it returns what starts
// such processes. Of the environment they get the variables by which their
// libraries find themselves and their fonts, and no others: no keys. Of open files they
// get their input and output.
func Main(jobs map[string]Job, getenv func(string) string) *Program {
	if len(os.Args) > 0 && os.Args[0] == marker {
		os.Exit(child(jobs, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) //nolint:revive // deep-exit: this process is nothing but the job
	}
	keepFilesToItself()
	p := &Program{path: self()}
	for _, name := range inherited {
		if v := getenv(name); v != "" {
			p.env = append(p.env, name+"="+v)
		}
	}
	// One job has one thread that works. The race detector would wait a second at its end.
	p.env = append(p.env, "GOMAXPROCS=1", "GOTRACEBACK=none", "GORACE=atexit_sleep_ms=0")
	return p
}

// inherited are the variables that a sandboxed process gets.
var inherited = []string{
	"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "VIPSHOME",
	"FONTCONFIG_FILE", "FONTCONFIG_PATH", "XDG_DATA_DIRS", "HOME", "TMPDIR",
}

// Exit statuses of a sandboxed process; any other end is a crash.
const (
	exitDone   = 0
	exitFailed = 3 // the job returned an error, whose text is on stderr
	exitSetup  = 4 // the limits could not be set; why is on stderr
	exitCPU    = 5 // the processor time is used up

	// NoMemory is for a job that ends the process where its libraries get no memory.
	NoMemory = 6
)

func child(jobs map[string]Job, args []string, in io.Reader, out *os.File, problems io.Writer) int {
	job, limits, err := parse(jobs, args)
	if err == nil {
		err = confine(limits)
	}
	if err != nil {
		fmt.Fprint(problems, err)
		return exitSetup
	}
	endAtCPULimit()
	// Ctrl-C and a service's stop signal reach the whole group: whether the job is to
	// end is the parent's to say. A library that would write a cache gets an error.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGXFSZ)
	if _, err := out.Write([]byte{ready}); err != nil {
		return exitSetup
	}
	if err := job(args[argsBefore:], in, out); err != nil {
		fmt.Fprint(problems, err)
		return exitFailed
	}
	return exitDone
}

// endAtCPULimit ends the process when the kernel says that its time is used up. It
// says so once, a second before it kills the process, which could come from anybody.
func endAtCPULimit() {
	used := make(chan os.Signal, 1)
	signal.Notify(used, syscall.SIGXCPU)
	go func() {
		<-used
		os.Exit(exitCPU) //nolint:revive // deep-exit: this process is nothing but the job
	}()
}

// ready is written before a job's result: what ends the process before is not the
// job's doing.
const ready = 1

// argsBefore is how many arguments stand before the job's own: its name, memory
// in bytes, seconds.
const argsBefore = 3

func parse(jobs map[string]Job, args []string) (job Job, limits Limits, err error) {
	if len(args) < argsBefore {
		return nil, Limits{}, fmt.Errorf("%d arguments, want a job, bytes and seconds", len(args))
	}
	job, ok := jobs[args[0]]
	if !ok {
		return nil, Limits{}, fmt.Errorf("no job is called %q", args[0])
	}
	if limits.Memory, err = strconv.ParseInt(args[1], 10, 64); err != nil {
		return nil, Limits{}, err
	}
	seconds, err := strconv.Atoi(args[2])
	limits.CPU = time.Duration(seconds) * time.Second
	return job, limits, err
}

func (l Limits) args() []string {
	return []string{strconv.FormatInt(l.Memory, 10), strconv.Itoa(max(1, int(l.CPU/time.Second)))}
}
