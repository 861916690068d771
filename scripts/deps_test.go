// Package scripts tests the shell scripts beside it.
package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a computer as deps.sh sees it: every program that it looks for is
// a small script, and installing libvips makes pkg-config find it.
type machine struct {
	system    string // uname -s
	uid       string
	goVersion string // empty: no Go
	toolchain string // GOTOOLCHAIN
	vips      string // empty: not installed
	heif      string // version of libheif1; empty: not installed
	candidate string // what apt has of libvips
	has       string // further programs
	venv      bool   // Python's
	args      string // of deps.sh
}

// programs are what the scripts of machine do. $M is the machine's directory.
var programs = map[string]string{
	"go": `case "$*" in version) echo "go version go$GO_VERSION linux/amd64" ;; "env CGO_ENABLED") echo 1 ;; "env CC") echo cc ;;
		"env GOTOOLCHAIN") echo "$TOOLCHAIN" ;; *) exit 2 ;; esac`,
	"uname":      `echo "$SYSTEM"`,
	"id":         `echo "$FAKE_UID"`,
	"cc":         ``,
	"pkg-config": `[ -s "$M/vips" ] && cat "$M/vips"`,
	"apt-get":    `echo "apt-get $*" >>"$M/log"; case "$*" in *libvips-dev*) echo "$CANDIDATE" >"$M/vips" ;; *aomenc*) : >"$M/aomenc" ;; *python3-venv*) : >"$M/venv" ;; esac`,
	"apt-cache":  `echo "  Candidate: $CANDIDATE"`,
	"dpkg-query": `case "$*" in *libheif1) [ -n "$HEIF" ] && echo "$HEIF" ;; *aomenc) [ -e "$M/aomenc" ] && echo "install ok installed" ;; esac`,
	"dpkg":       `case "$2" in 1.15*) exit 1 ;; esac`,
	"sudo":       `case "$1" in -n) exit 0 ;; esac; echo "sudo $1" >>"$M/log"; exec "$@"`,
	"dnf":        ``,
	"xz":         ``,
	"curl":       ``,
	"python3":    `[ -e "$M/venv" ]`,
	"java":       ``,
	"mvn":        ``,
	"mmdebstrap": ``,
	"newuidmap":  ``,
	"apk":        ``,
}

// run runs deps.sh there, without a terminal, and returns what it says, what it
// did and whether it succeeded.
func (m machine) run(t *testing.T) (says, did string, ok bool) {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sh", "awk", "tr", "cat", "grep", "env", "dirname", "true"} {
		real, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(real, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	names := strings.Fields("uname id cc " + m.has)
	if m.goVersion != "" {
		names = append(names, "go")
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+programs[name]+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "vips"), []byte(m.vips), 0o644); err != nil {
		t.Fatal(err)
	}
	if m.venv {
		if err := os.WriteFile(filepath.Join(dir, "venv"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "/bin/sh", append([]string{"deps.sh"}, strings.Fields(m.args)...)...)
	cmd.Env = []string{
		"PATH=" + bin, "M=" + dir, "SYSTEM=" + m.system, "FAKE_UID=" + m.uid, "GO_VERSION=" + m.goVersion,
		"TOOLCHAIN=" + m.toolchain, "HEIF=" + m.heif, "CANDIDATE=" + m.candidate,
	}
	out, err := cmd.CombinedOutput()
	log, _ := os.ReadFile(filepath.Join(dir, "log")) // no log: nothing was done
	return string(out), string(log), err == nil
}

const (
	debian  = "apt-get apt-cache dpkg-query dpkg"
	update  = "apt-get update -q\n"
	install = "apt-get install -y --no-install-recommends "
)

func TestDeps(t *testing.T) {
	tests := []struct {
		name string
		m    machine
		ok   bool
		says []string // nil: nothing at all
		did  string
	}{
		{
			name: "EverythingThere", ok: true,
			m: machine{goVersion: "1.26.8", vips: "8.14.1", has: debian + " pkg-config"},
		},
		{
			name: "EverythingForALambdaZip", ok: true,
			m: machine{
				goVersion: "1.26.8", vips: "8.14.1", has: debian + " pkg-config xz libdeflate-gzip aarch64-linux-gnu-gcc",
				args: "lambda arm64",
			},
		},
		{
			name: "ALambdaZipHasItsOwnLibvips", ok: true, // whatever the system's is
			m: machine{goVersion: "1.26.8", vips: "8.10.5", heif: "1.19", has: debian + " pkg-config xz libdeflate-gzip", args: "lambda"},
		},
		{
			name: "TheSmallImageHasItsOwnLibvips",
			m:    machine{goVersion: "1.26.8", uid: "1000", has: debian, args: "image-small"},
			says: []string{"missing here: pkg-config xz-utils"}, // and no libvips-dev between them
		},
		{
			name: "ALambdaZipWithoutRoot",
			m:    machine{goVersion: "1.26.8", vips: "8.14.1", uid: "1000", has: debian + " pkg-config xz", args: "lambda arm64"},
			says: []string{"missing here: libdeflate-tools gcc-aarch64-linux-gnu libc6-dev-arm64-cross", "needs root"},
		},
		{
			name: "ALambdaZipWithoutApt",
			m:    machine{goVersion: "1.26.8", vips: "8.14.1", has: "dnf pkg-config", args: "lambda"},
			says: []string{"by their names in Debian", "xz-utils libdeflate-tools"},
		},
		{
			name: "EverythingForTheToolsThatDeploy", ok: true, // which need neither Go nor libvips
			m: machine{has: debian + " python3 curl", venv: true, args: "deploy"},
		},
		{
			name: "RootInstallsPythonForTheToolsThatDeploy", ok: true,
			m:    machine{uid: "0", has: debian + " python3 curl", args: "deploy"},
			says: []string{"missing here: python3 python3-venv", "installing with: apt-get update && apt-get install"},
			did:  update + install + "python3 python3-venv\n",
		},
		{
			name: "TheToolsThatDeployWithoutApt",
			m:    machine{system: "Darwin", has: "curl", args: "deploy"},
			says: []string{"Python 3.11 or newer with venv", "python3 python3-venv"},
		},
		{
			name: "EverythingForJMeter", ok: true, // which needs neither Go nor libvips
			m: machine{has: debian + " java mvn", args: "jmeter"},
		},
		{
			name: "JMeterWithoutRoot",
			m:    machine{uid: "1000", has: debian + " java", args: "jmeter"},
			says: []string{"missing here: maven", "needs root", "apt-get install -y --no-install-recommends maven"},
		},
		{
			name: "JMeterWithoutApt",
			m:    machine{system: "Darwin", args: "jmeter"},
			says: []string{"Java 8 or newer", "default-jre-headless maven"},
		},
		{
			name: "EverythingForTheFullImage", ok: true,
			m: machine{goVersion: "1.26.8", vips: "8.14.1", has: debian + " pkg-config mmdebstrap newuidmap", args: "image-full"},
		},
		{
			name: "FullImageWithoutRoot",
			m:    machine{goVersion: "1.26.8", vips: "8.14.1", uid: "1000", has: debian + " pkg-config", args: "image-full"},
			says: []string{"missing here: mmdebstrap uidmap", "needs root", "apt-get install -y --no-install-recommends mmdebstrap uidmap"},
		},
		{
			name: "ImageForAnotherArchitectureWithoutRoot",
			m:    machine{goVersion: "1.26.8", vips: "8.14.1", uid: "1000", has: debian + " pkg-config xz", args: "image-small arm64"},
			says: []string{"gcc-aarch64-linux-gnu libc6-dev-arm64-cross"},
		},
		{
			name: "ImageWithoutApt",
			m:    machine{goVersion: "1.26.8", vips: "8.14.1", has: "dnf pkg-config", args: "image-full"},
			says: []string{"docker build makes it", "mmdebstrap"},
		},
		{
			name: "NewerThanAskedFor", ok: true,
			m: machine{goVersion: "1.27rc1", vips: "9.0.0", has: debian + " pkg-config"},
		},
		{
			name: "NoGo",
			m:    machine{has: debian}, says: []string{"Go is not installed", "https://go.dev/dl/"},
		},
		{
			name: "GoTooOldToFetchAnother",
			m:    machine{goVersion: "1.19.8"}, says: []string{"Go 1.19.8 is too old", "https://go.dev/dl/"},
		},
		{
			name: "GoKeptFromFetchingAnother",
			m:    machine{goVersion: "1.24.4", toolchain: "local"}, says: []string{"GOTOOLCHAIN=local", "go env -w GOTOOLCHAIN=auto"},
		},
		{
			name: "RootInstallsAfterSayingSo", ok: true,
			m:    machine{goVersion: "1.26.8", uid: "0", candidate: "8.14.1", has: debian + " pkg-config"},
			says: []string{"missing here: libvips-dev", "installing with: apt-get update && apt-get install"},
			did:  update + install + "libvips-dev\n",
		},
		{
			name: "SudoWithoutPassword", ok: true,
			m:    machine{goVersion: "1.26.8", uid: "1000", candidate: "8.15.1", has: debian + " pkg-config sudo"},
			says: []string{"missing here: libvips-dev"},
			did:  "sudo true\nsudo apt-get\n" + update + "sudo env\n" + install + "libvips-dev\n",
		},
		{
			name: "NeitherRootNorSudo",
			m:    machine{goVersion: "1.26.8", uid: "1000", has: debian},
			says: []string{"needs root", "su -c 'apt-get update && apt-get install -y --no-install-recommends pkg-config libvips-dev'"},
		},
		{
			name: "EncoderInAPackageOfItsOwn", ok: true,
			m:    machine{goVersion: "1.26.8", uid: "0", vips: "8.16.1", heif: "1.19.8-1", has: debian + " pkg-config"},
			says: []string{"missing here: libheif-plugin-aomenc"},
			did:  update + install + "libheif-plugin-aomenc\n",
		},
		{
			name: "EncoderBuiltIn", ok: true,
			m: machine{goVersion: "1.26.8", uid: "0", vips: "8.14.1", heif: "1.15.1-1", has: debian + " pkg-config"},
		},
		{
			name: "SystemsLibvipsTooOld",
			m:    machine{goVersion: "1.26.8", uid: "0", candidate: "8.12.1-1build1", has: debian + " pkg-config"},
			says: []string{"libvips is 8.12.1", "needs 8.14", "LIBVIPS_PREFIX"},
			did:  update,
		},
		{
			name: "InstalledLibvipsTooOld",
			m:    machine{goVersion: "1.26.8", vips: "8.12.1", has: debian + " pkg-config"},
			says: []string{"libvips is 8.12.1", "needs 8.14"},
		},
		{
			name: "MacOS",
			m:    machine{system: "Darwin", goVersion: "1.26.8"}, says: []string{"brew install vips pkg-config"},
		},
		{
			name: "Fedora",
			m:    machine{goVersion: "1.26.8", has: "dnf"}, says: []string{"sudo dnf install gcc pkgconf-pkg-config vips-devel"},
		},
		{
			name: "Alpine",
			m:    machine{goVersion: "1.26.8", has: "apk"}, says: []string{"apk add build-base pkgconf vips-dev vips-heif"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			says, did, ok := tt.m.run(t)
			if ok != tt.ok || did != tt.did || (tt.says == nil && says != "") {
				t.Errorf("succeeded: %t, want %t\ndid:\n%swant:\n%ssaid:\n%s", ok, tt.ok, did, tt.did, says)
			}
			for _, want := range tt.says {
				if !strings.Contains(says, want) {
					t.Errorf("said:\n%swant in it: %s", says, want)
				}
			}
		})
	}
}
