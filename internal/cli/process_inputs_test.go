package cli

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestProcess_TwoInputsWithOneKeyAreRefusedBeforeAnythingIsWritten(t *testing.T) {
	inEmptyFolder(t)
	write(t, "a/photo.jpg", picture(t, ".jpg", 1))
	write(t, "b/photo.jpg", picture(t, ".jpg", 2))
	write(t, "c/a/photo.jpg", picture(t, ".jpg", 3))
	for args, want := range map[string]string{
		"a b":                     `a/photo.jpg and b/photo.jpg would have one key, "photo.jpg"`,
		"a/photo.jpg b":           `a/photo.jpg and b/photo.jpg would have one key, "photo.jpg"`,
		"a/photo.jpg b/photo.jpg": `a/photo.jpg and b/photo.jpg would have one key, "photo.jpg"`,
		"a a/photo.jpg":           `a/photo.jpg is given twice`,
	} {
		code, _, stderr := run(t, append([]string{"process", "--out", "out"}, strings.Fields(args)...)...)
		if code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d, standard error %q; want %q", args, code, stderr, want)
		}
		if _, err := os.Stat("out"); !os.IsNotExist(err) {
			t.Errorf("%s: the output folder is there", args)
		}
	}
	if code, got, _ := records(t, "a", "c", "--out", "out"); code != exitOK || len(got) != 2 {
		t.Errorf("photo.jpg and a/photo.jpg are two keys: exit code %d, %v", code, got)
	}
}

func TestProcess_HiddenFilesLinksAndSpecialFilesArePassedOver(t *testing.T) {
	inEmptyFolder(t)
	write(t, "in/a.jpg", picture(t, ".jpg", 1))
	write(t, "in/.hidden.jpg", picture(t, ".jpg", 1))
	write(t, "in/.git/b.jpg", picture(t, ".jpg", 1))
	if err := os.Symlink("a.jpg", "in/link.jpg"); err != nil {
		t.Skip(err)
	}
	if err := syscall.Mkfifo("in/pipe.jpg", 0o600); err != nil {
		t.Skip(err)
	}
	code, stdout, stderr := run(t, "process", "in", "--out", "in/out", "--verbose")
	if code != exitOK {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	for _, want := range []string{
		"passed over in/.hidden.jpg: hidden\n", "passed over in/.git: hidden\n",
		"passed over in/link.jpg: a link\n", "passed over in/pipe.jpg: not a regular file\n", "made      in/a.jpg: 2 variants",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("no %q in\n%s", want, stderr)
		}
	}
	if fields := strings.Fields(strings.Split(stdout, "SOURCES")[1]); fields[8] != "1" {
		t.Errorf("the summary counts %s sources\n%s", fields[8], stdout)
	}
	// What is asked for by name is taken; the output within the input is not.
	code, got, _ := records(t, "in", "in/.hidden.jpg", "--out", "in/out")
	if code != exitOK || len(got) != 2 || got[".hidden.jpg"].Result != resultMade {
		t.Errorf("exit code %d, %+v", code, got)
	}
}

func TestProcess_InputsThatCannotBe(t *testing.T) {
	inEmptyFolder(t)
	write(t, "out/a.jpg/small.jpg", picture(t, ".jpg", 1))
	write(t, "file", nil)
	if err := os.Mkdir("void", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("out", "alias"); err != nil {
		t.Fatal(err)
	}
	abs, err := filepath.Abs("out/a.jpg")
	if err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"--out out nope":                "nope: there is no such file or folder",
		"--out out void":                "there are no files in void",
		"--out out out":                 "out is within --out",
		"--out out out/a.jpg/small.jpg": "out/a.jpg/small.jpg is within --out",
		"--out out alias/a.jpg":         "alias/a.jpg is within --out",
		"--out alias " + abs:            abs + " is within --out",
		"--out file void":               "--out file is a file: it must be a folder",
		"--out file/x void":             "--out: stat file/x: not a directory",
		"--out out /dev/null":           "/dev/null is neither a file nor a folder",
	} {
		code, _, stderr := run(t, append([]string{"process"}, strings.Fields(args)...)...)
		if code != exitUsage || !strings.HasPrefix(stderr, "pixmill: "+want) {
			t.Errorf("%s: exit code %d, standard error %q; want %q", args, code, stderr, want)
		}
	}
}
