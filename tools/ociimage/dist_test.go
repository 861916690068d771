package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"debug/elf"
	"encoding/json"
	"encoding/pem"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"pixmill/tools/bundle"
)

// maxSmall bounds the small image, in bytes as a registry keeps it.
const maxSmall = 30_000_000

// fullImage is what `make image-full` makes.
const fullImage = "image-full.tar"

// built is an image that is in dist.
type built struct {
	file   string // an absolute path
	image  v1.Image
	config *v1.ConfigFile
	all    []*tar.Header // of each layer
	tree   tree
}

func (b built) small() bool { return filepath.Base(b.file) != fullImage }

// checks are made of each image that `make image` and the like have built.
var checks = map[string]func(t *testing.T, b built){
	"is started as a pod wants it":  isStartedAsAPodWantsIt,
	"gives an intruder nothing":     givesAnIntruderNothing,
	"has nothing else in it":        hasNothingElseInIt,
	"has every symbol inside":       hasEverySymbolInside,
	"is not too large":              isNotTooLarge,
	"trusts Mozilla's certificates": trustsMozillasCertificates,
	"has its licences":              hasItsLicences,
	"serves from a read-only root":  servesFromAReadOnlyRoot,
}

func TestImage(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(dist, "image*.tar"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("`make image` builds the image that this is about")
	}
	for _, file := range files {
		b := open(t, file)
		for name, check := range checks {
			t.Run(filepath.Base(file)+" "+name, func(t *testing.T) { check(t, b) })
		}
	}
}

func open(t *testing.T, file string) built {
	t.Helper()
	img, err := tarball.ImageFromPath(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	b := built{file: file, image: img, config: config, tree: tree{}}
	for _, l := range layers {
		content := unzipped(t, l)
		b.all = append(b.all, headers(t, bytes.NewReader(content))...)
		files, err := readTree(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(b.tree, files)
	}
	return b
}

// unzipped is a layer's content. Under the race detector Go's own decompressor takes a
// minute for the full image, and it is not what is tested.
func unzipped(t *testing.T, l v1.Layer) []byte {
	t.Helper()
	content, err := l.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	cmd := exec.CommandContext(t.Context(), "gzip", "--decompress", "--stdout")
	cmd.Stdin, cmd.Stderr = content, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("gzip: %v", err)
	}
	return out
}

func isStartedAsAPodWantsIt(t *testing.T, b built) {
	t.Helper()
	c := b.config.Config
	got, err := json.Marshal([]any{c.Entrypoint, c.Cmd, c.User, c.WorkingDir, c.ExposedPorts, c.StopSignal, c.Volumes, b.config.OS})
	if err != nil {
		t.Fatal(err)
	}
	const want = `[["/app/function"],null,"65532:65532","/etc/pixmill",{"8080/tcp":{}},"SIGTERM",null,"linux"]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	licence := map[bool]string{true: " LGPL-", false: " GPL-"}[b.small()]
	if got := c.Labels["org.opencontainers.image.licenses"]; !strings.Contains(got, licence) {
		t.Errorf("the licences are %q, want %s", got, licence)
	}
	for _, name := range []string{"title", "documentation"} {
		if c.Labels["org.opencontainers.image."+name] == "" {
			t.Errorf("label %s is missing: %v", name, c.Labels)
		}
	}
	if machine := elfOf(t, b.tree["app/function"]).Machine; machine != map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[b.config.Architecture] {
		t.Errorf("the program is for %v, the image for %s", machine, b.config.Architecture)
	}
}

func elfOf(t *testing.T, n node) *elf.File {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(n.content))
	if err != nil {
		t.Fatalf("%s: %v", n.name, err)
	}
	return f
}

// Whoever breaks into the function finds no shell, nothing that runs as somebody else, and
// nothing to write to.
func givesAnIntruderNothing(t *testing.T, b built) {
	t.Helper()
	for _, h := range b.all {
		name := path.Clean(h.Name)
		switch {
		case h.Uid != 0 || h.Gid != 0:
			t.Errorf("%s belongs to %d:%d", name, h.Uid, h.Gid)
		case h.Mode&0o6000 != 0:
			t.Errorf("%s has mode %o", name, h.Mode)
		case h.Mode&0o022 != 0 && h.Linkname == "" && name != "tmp":
			t.Errorf("everybody may write to %s: mode %o", name, h.Mode)
		}
	}
	for name, n := range b.tree {
		library := strings.HasPrefix(path.Base(name), "lib") || strings.HasPrefix(path.Base(name), "ld-linux")
		if n.dir || n.link != "" || name == "app/function" || library && strings.Contains(path.Base(name), ".so") {
			continue
		}
		if n.mode&0o111 != 0 || bytes.HasPrefix(n.content, []byte("#!")) {
			t.Errorf("%s can be started", name)
		}
	}
}

func hasNothingElseInIt(t *testing.T, b built) {
	t.Helper()
	if !b.small() {
		t.Skip("the packages of a distribution have what they have")
	}
	triplet := map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[b.config.Architecture]
	want := []string{
		"app/function",
		"app/libvips/libgcc_s.so.1", "app/libvips/libstdc++.so.6", "app/libvips/libvips-cpp.so.*",
		"app/licences/GPL-3.0.txt", "app/licences/LGPL-3.0.txt", "app/licences/LICENSE", "app/licences/NOTICE",
		"app/licences/gcc.txt", "app/licences/libvips.json", "app/licences/libvips.md", "app/licences/modules.txt",
		"etc/group", "etc/os-release", "etc/passwd", trusted,
		"lib/" + triplet + "/libc.so.6", "lib/" + triplet + "/libdl.so.2", "lib/" + triplet + "/libm.so.6",
		"lib/" + triplet + "/libpthread.so.0", "lib/" + triplet + "/libresolv.so.2", "lib*/ld-linux-*.so.*",
		"usr/share/common-licenses/GPL-2", "usr/share/common-licenses/LGPL-2.1",
		"usr/share/doc/ca-certificates/copyright", "usr/share/doc/libc6*/copyright",
		"var/lib/dpkg/status.d/ca-certificates", "var/lib/dpkg/status.d/libc6*",
	}
	for name, n := range b.tree {
		if n.dir {
			continue
		}
		i := slices.IndexFunc(want, func(pattern string) bool { ok, _ := path.Match(pattern, name); return ok })
		if i < 0 {
			t.Errorf("%s is not expected", name)
			continue
		}
		want = slices.Delete(want, i, i+1)
	}
	if len(want) > 0 {
		t.Errorf("%q are missing", want)
	}
	if !b.tree["etc/pixmill"].dir || !b.tree["tmp"].dir {
		t.Error("etc/pixmill or tmp is not there")
	}
}

func hasEverySymbolInside(t *testing.T, b built) {
	t.Helper()
	files := append([]bundle.File{{Name: program, Content: b.tree["app/function"].content, Executable: true}}, b.tree.modules()...)
	for _, n := range b.tree {
		if path.Dir(n.name) == "app/libvips" {
			files = append(files, bundle.File{Name: n.name, Content: n.content, Executable: true})
		}
	}
	libraries, err := closure(files, b.tree.library)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d libraries", len(libraries)+len(files)-1)
	if err := bundle.Check(slices.Concat(files, libraries), program, bundle.System{Name: "the image"}); err != nil {
		t.Error(err)
	}
}

func isNotTooLarge(t *testing.T, b built) {
	t.Helper()
	layers, err := b.image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	var total int64
	for _, l := range layers {
		size, err := l.Size()
		if err != nil {
			t.Fatal(err)
		}
		total += size
	}
	t.Logf("%s is %.2f MB compressed", filepath.Base(b.file), float64(total)/1e6)
	if b.small() && total > maxSmall {
		t.Errorf("%s is %.2f MB compressed, over the limit of %d MB", filepath.Base(b.file), float64(total)/1e6, int(maxSmall/1e6))
	}
}

// Not the machine's certificates, which may have one of its owner's among them.
func trustsMozillasCertificates(t *testing.T, b built) {
	t.Helper()
	local, err := filepath.Glob("/usr/local/share/ca-certificates/*.crt")
	if err != nil {
		t.Fatal(err)
	}
	pool, certificates := x509.NewCertPool(), b.tree[trusted].content
	if !pool.AppendCertsFromPEM(certificates) || bytes.Count(certificates, []byte("BEGIN CERTIFICATE")) < 100 {
		t.Errorf("%d bytes of certificates", len(certificates))
	}
	for _, file := range local {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if block, _ := pem.Decode(content); block != nil && bytes.Contains(certificates, bytes.TrimSpace(content)) {
			t.Errorf("%s of this machine is among them", file)
		}
	}
}

func hasItsLicences(t *testing.T, b built) {
	t.Helper()
	want := map[string]string{"LICENSE": "Apache License", "NOTICE": "Pixmill", "modules.txt": "aws-sdk-go-v2"}
	if b.small() {
		want["libvips.md"], want["libvips.json"], want["LGPL-3.0.txt"], want["gcc.txt"] = "LGPLv3", `"vips"`, "LESSER GENERAL PUBLIC", "Runtime Library Exception"
	}
	for name, phrase := range want {
		if text := string(b.tree["app/licences/"+name].content); !strings.Contains(strings.ToUpper(text), strings.ToUpper(phrase)) {
			t.Errorf("%s does not speak of %q", name, phrase)
		}
	}
	for name := range b.tree {
		pkg, ok := strings.CutPrefix(name, "var/lib/dpkg/status.d/")
		if !ok || b.tree[name].dir {
			continue
		}
		if _, ok := b.tree.follow("usr/share/doc/" + pkg + "/copyright"); !ok {
			t.Errorf("package %s is without its copyright file", pkg)
		}
	}
	for name, n := range b.tree {
		if path.Base(name) != "copyright" {
			continue
		}
		for _, text := range common.FindAllString(string(n.content), -1) {
			_, ok := b.tree.follow(text)
			if _, short := b.tree.follow(strings.TrimSuffix(text, ".0")); !ok && !short { // Debian's pango speaks of GPL-2.0
				t.Errorf("%s refers to %s, which is not here", name, text)
			}
		}
	}
}
