package knativefn

import (
	"strings"
	"testing"
	"time"
)

func TestSettings(t *testing.T) {
	standard := settings{address: ":8080", grace: DefaultGrace, timeout: DefaultTimeout, slots: 6, wait: DefaultWait, uploads: true}
	with := func(change func(*settings)) settings {
		s := standard
		change(&s)
		return s
	}
	for _, tt := range []struct {
		name string
		env  map[string]string
		want settings
	}{
		{"nothing", nil, standard},
		{"port", map[string]string{"PORT": "9090"}, with(func(s *settings) { s.address = ":9090" })},
		{"address", map[string]string{"PORT": "9090", "LISTEN_ADDRESS": "127.0.0.1:0"}, with(func(s *settings) { s.address = "127.0.0.1:0" })},
		{"times", map[string]string{"PIXMILL_GRACE": "3s", "PIXMILL_TIMEOUT": "1m", "PIXMILL_WAIT": "2s"}, with(func(s *settings) { s.grace, s.timeout, s.wait = 3*time.Second, time.Minute, 2*time.Second })},
		{"slots", map[string]string{"PIXMILL_SLOTS": "8"}, with(func(s *settings) { s.slots = 8 })},
		{"on", map[string]string{"PIXMILL_UPLOADS": "on"}, standard},
		{"off", map[string]string{"PIXMILL_UPLOADS": "off"}, with(func(s *settings) { s.uploads = false })},
	} {
		if got, err := readSettings(func(name string) string { return tt.env[name] }, 3); err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
}

func TestSettings_NamesAllThatIsWrong(t *testing.T) {
	for name, values := range map[string]map[string]string{
		"PORT":            {"http": "want a number from 0 to 65535", "70000": "want a number from 0 to 65535"},
		"LISTEN_ADDRESS":  {"8080": "want host:port"},
		"PIXMILL_GRACE":   {"0s": "such as 25s", "soon": "want a duration above 0"},
		"PIXMILL_TIMEOUT": {"-1s": "such as 4m50s"},
		"PIXMILL_WAIT":    {"10": "such as 10s"},
		"PIXMILL_SLOTS":   {"0": "from 1 to 1024", "many": "from 1 to 1024", "1025": "from 1 to 1024"},
		"PIXMILL_UPLOADS": {"yes": "want on or off"},
	} {
		for value, want := range values {
			_, err := readSettings(func(n string) string { return map[string]string{name: value, "PIXMILL_GRACE": value}[n] }, 1)
			if err == nil || !strings.Contains(err.Error(), "read "+name+` "`+value+`": misconfigured`) || !strings.Contains(err.Error(), want) ||
				!strings.Contains(err.Error(), "read PIXMILL_GRACE") {
				t.Errorf("%s=%s: %v; want %q", name, value, err, want)
			}
		}
	}
}
