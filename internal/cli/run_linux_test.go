package cli

import (
	"bytes"
	"testing"

	"pixmill/internal/config"
)

func TestLogFormat_IsShortWhereSomebodyIsWatching(t *testing.T) {
	_, program := terminal(t)
	defer program.Close()
	if got := logFormat(program); got != config.FormatTerminal {
		t.Errorf("on a terminal it is %q", got)
	}
	if got := logFormat(&bytes.Buffer{}); got != config.FormatText {
		t.Errorf("elsewhere it is %q", got)
	}
}
