package runtime_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What the program prints is pasted into a shell: whatever the name, and
// whether the keys are the program's own or given to it.
func TestProgram_PrintedLinesUploadFilesOfAnyName(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip(err)
	}
	t.Run("keys of its own", uploadByPrintedLines)
	t.Run("keys from the environment", func(t *testing.T) {
		t.Setenv("PIXMILL_ACCESS_KEY_ID", "my-key")
		t.Setenv("PIXMILL_SECRET_ACCESS_KEY", "my/secret+key")
		uploadByPrintedLines(t)
	})
}

func uploadByPrintedLines(t *testing.T) {
	b := runBinary(t, filepath.Join(t.TempDir(), "it's data"))
	export, line := printed(t, b.stdout.String(), "export "), printed(t, b.stdout.String(), "curl ")
	for name, encoded := range map[string]string{
		"photo.jpg":     "photo.jpg",
		"a+b & ü=1.jpg": "a%2Bb%20%26%20%C3%BC%3D1.jpg",
	} {
		local := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(local, picture(1), 0o600); err != nil {
			t.Fatal(err)
		}
		pasted := strings.Replace(line, "-T photo.jpg", "-T '"+local+"'", 1)
		pasted = strings.Replace(pasted, `/photo.jpg"`, "/"+encoded+`"`, 1)
		out, err := exec.CommandContext(t.Context(), "sh", "-c", export+"\n"+pasted).CombinedOutput()
		if err != nil || strings.Contains(string(out), "<Error>") {
			t.Errorf("%s\n%v: %s", pasted, err, out)
		}
		if _, err := b.store.Bucket("uploads").Head(t.Context(), "in/"+name); err != nil {
			t.Error(err)
		}
	}
}

// printed returns the line that begins so.
func printed(t *testing.T, text, begin string) string {
	t.Helper()
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, begin) {
			return line
		}
	}
	t.Fatalf("no line begins with %q:\n%s", begin, text)
	return ""
}

func TestProgram_SecretKeyIsNotInALog(t *testing.T) {
	b := runBinary(t, t.TempDir())
	var kept struct{ SecretAccessKey string }
	data, err := os.ReadFile(strings.TrimPrefix(field(b.stdout.String(), "secret key"), "in "))
	if err == nil {
		err = json.Unmarshal(data, &kept)
	}
	if err != nil || kept.SecretAccessKey == "" {
		t.Fatalf("no key in %q: %v", data, err)
	}
	if all := b.stdout.String() + b.stderr.String(); strings.Contains(all, kept.SecretAccessKey) {
		t.Errorf("the secret key is printed:\n%s", all)
	}
}
