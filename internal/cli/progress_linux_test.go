package cli

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal returns the two ends of a pseudo-terminal of 80 columns.
func terminal(t *testing.T) (user, program *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { user.Close() })
	fd := int(user.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
	}
	if err != nil {
		t.Skip(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	return user, program
}

func TestProcess_ABarOnATerminalAndLinesAboveIt(t *testing.T) {
	inEmptyFolder(t)
	write(t, "in/a.jpg", picture(t, ".jpg", 1))
	write(t, "in/b.jpg", picture(t, ".jpg", 2))
	user, program := terminal(t)
	shown := make(chan string)
	go func() {
		var b bytes.Buffer
		_, _ = b.ReadFrom(user) // ends with an error when the other end is closed
		shown <- b.String()
	}()
	var stdout bytes.Buffer
	code := Main(t.Context(), nil, []string{"process", "in", "--out", "out", "--verbose"}, strings.NewReader(""), &stdout, program, func(string) string { return "" })
	if err := program.Close(); err != nil {
		t.Fatal(err)
	}
	screen := <-shown
	if code != exitOK {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"2 of 2 ", "100 %", "made      in/a.jpg", "made      in/b.jpg"} {
		if !strings.Contains(screen, want) {
			t.Errorf("the terminal lacks %q: %q", want, screen)
		}
	}
	if strings.ContainsAny(stdout.String(), "\x1b\r") {
		t.Errorf("standard output has what is for a terminal: %q", stdout.String())
	}
}
