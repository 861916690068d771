package handler_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// edit is a textual change of one source file; its old text must stand there
// exactly once, so that a mutant cannot outlive the code that it was made for.
type edit struct{ file, old, new string }

// mutant is a defect that somebody might well introduce, and the model test
// that must see it.
type mutant struct {
	name  string
	test  string
	edits []edit
}

const (
	converges = "TestModel_EveryScheduleConverges"
	backed    = "TestModel_ManifestNeverRunsAhead"
)

// trustsManifest makes a look satisfied when the manifest is, whatever stands beside it.
var trustsManifest = []edit{
	{"look.go", "return len(l.entries) == 0", "return l.manifest == nil"},
	{"look.go", "return ok && len(l.entries) == wanted", "_, _ = wanted, ok\n\treturn true"},
}

// toleratesOrphans makes a look satisfied when all that is wanted is there.
var toleratesOrphans = []edit{
	{"look.go", "return len(l.entries) == 0", "return l.manifest == nil"},
	{"look.go", "return ok && len(l.entries) == wanted", "return ok && len(l.entries) >= wanted"},
}

var mutants = []mutant{
	{name: "no last look", test: converges, edits: []edit{
		{"handler.go", "if err := inv.act(ctx, l); err != nil && !errors.Is(err, errLookAgain) {", "if err := inv.act(ctx, l); !errors.Is(err, errLookAgain) {"},
	}},
	{name: "no-op without the listing", test: converges, edits: trustsManifest},
	{name: "acknowledged before the last look", test: converges, edits: []edit{
		{"handler.go", "!errors.Is(err, errLookAgain) {\n\t\t\treturn err\n\t\t}", "!errors.Is(err, errLookAgain) {\n\t\t\treturn err\n\t\t} else if err == nil {\n\t\t\tctx.Value(\"ack\").(func())()\n\t\t}"},
	}},
	{name: "deletes only what the manifest names", test: converges, edits: append([]edit{
		{"act.go", "for key := range l.entries {\n\t\tdoomed = append(doomed, key)\n\t}", "for _, v := range byName(l.manifest) {\n\t\tdoomed = append(doomed, v.Key)\n\t}"},
		{"act.go", "if keep[key] {", "if keep[key] || key == \"\" {"},
	}, toleratesOrphans...)},
	{name: "keeps the stale object of a failed variant", test: converges, edits: append([]edit{
		{"act.go", "if v.Status == manifest.StatusOK {\n\t\t\tkeep[v.Key] = true\n\t\t}", "keep[inv.folder+v.Name+\".png\"] = true"},
	}, toleratesOrphans[1])},
	{name: "takes HEAD's 404 for gone", test: converges, edits: []edit{
		{"look.go", "_, a, err = inv.cfg.Source.Get(ctx, inv.ev.Key, 1)", "if err != nil {\n\t\treturn nil, nil\n\t}\n\t_, a, err = inv.cfg.Source.Get(ctx, inv.ev.Key, 1)"},
	}},
	{name: "completion event before the last look", test: converges, edits: []edit{
		{"handler.go", "return inv.announce(ctx, l)", "return nil"},
		{"act.go", "return inv.putManifest(ctx, l, d)", "if err := inv.putManifest(ctx, l, d); err != nil {\n\t\treturn err\n\t}\n\tl, err = inv.look(ctx)\n\tif err != nil || l.nothingBecause() != \"\" || l.manifest == nil {\n\t\treturn err\n\t}\n\treturn inv.announce(ctx, l)"},
		{"act.go", "return inv.sweep(ctx, l, &decision{doc: &manifest.Manifest{}})", "if err := inv.sweep(ctx, l, &decision{doc: &manifest.Manifest{}}); err != nil {\n\t\treturn err\n\t}\n\treturn inv.announce(ctx, l)"},
	}},
	{name: "completion event only of what was written", test: converges, edits: []edit{
		{"handler.go", "return inv.announce(ctx, l)", "if inv.out.Puts+inv.out.Deletes == 0 {\n\t\t\t\treturn nil\n\t\t\t}\n\t\t\treturn inv.announce(ctx, l)"},
	}},
	{name: "completion event that failed is forgotten", test: converges, edits: []edit{
		{"handler.go", "return inv.announce(ctx, l)", "_ = inv.announce(ctx, l)\n\t\t\treturn nil"},
	}},
	{name: "completion event's id without the manifest's ETag", test: converges, edits: []edit{
		{"completion.go", "m.PresetHash, l.manifestETag)", "m.PresetHash)"},
	}},
	{name: "absent is told only of what was deleted", test: converges, edits: []edit{
		{"completion.go", "if inv.cfg.Notify == nil {", "if inv.cfg.Notify == nil || l.nothingBecause() != \"\" && inv.out.Deletes == 0 {"},
	}},
	{name: "plans only for what is missing", test: converges, edits: []edit{
		{"make.go", "info, err := b.cfg.Engine.Render(", "b.asked = slices.DeleteFunc(slices.Clone(b.asked), func(v preset.Variant) bool { _, kept := b.made[v.Name]; return kept })\n\tinfo, err := b.cfg.Engine.Render("},
		{"make.go", "\"maps\"", "\"maps\"\n\t\"slices\""},
	}},
	{name: "manifest first", test: backed, edits: []edit{
		{"handler.go", "out    Outcome\n}", "out    Outcome\n\tlater  []func() error\n}"},
		{"make.go", "a, err := b.cfg.Output.Put(ctx, key, out.Data, &blob.PutOptions{", "a, err := b.putLater(ctx, key, out.Data, &blob.PutOptions{"},
		{"make.go", "func (b *batch) record(", "func (b *batch) putLater(ctx context.Context, key string, data []byte, opts *blob.PutOptions) (*blob.Attrs, error) {\n\tb.later = append(b.later, func() error { _, err := b.cfg.Output.Put(context.WithoutCancel(ctx), key, data, opts); return err })\n\treturn &blob.Attrs{}, nil\n}\n\nfunc (b *batch) record("},
		{"act.go", "return inv.putManifest(ctx, l, d)", "if err := inv.putManifest(ctx, l, d); err != nil {\n\t\treturn err\n\t}\n\tfor _, put := range inv.later {\n\t\tif err := put(); err != nil {\n\t\t\treturn err\n\t\t}\n\t}\n\treturn nil"},
	}},
	{name: "variants deleted before the manifest", test: backed, edits: []edit{
		{"act.go", "if err := inv.delete(ctx, inv.manifestKey()); err != nil {\n\t\treturn err\n\t}\n\treturn inv.sweep(ctx, l, &decision{doc: &manifest.Manifest{}})", "if err := inv.sweep(ctx, l, &decision{doc: &manifest.Manifest{}}); err != nil {\n\t\treturn err\n\t}\n\treturn inv.delete(ctx, inv.manifestKey())"},
	}},
}

// TestModel_CatchesMutants compiles each defect into the package and wants the
// model test to fail on it.
func TestModel_CatchesMutants(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			args := []string{
				"test", "-count=1", "-overlay", m.overlay(t), "-run", "^" + m.test + "$", ".",
				"-rapid.checks=200000", "-rapid.nofailfile", "-rapid.shrinktime=0s",
			}
			out, err := exec.Command("go", args...).CombinedOutput()
			if err == nil {
				t.Fatalf("the model did not see it:\n%s", out)
			}
			if !strings.Contains(string(out), "--- FAIL: "+m.test) {
				t.Fatalf("not a failure of the model: %v\n%s", err, out)
			}
			for line := range strings.Lines(string(out)) {
				if strings.Contains(line, "[rapid] failed") {
					t.Log(strings.TrimSpace(line))
				}
			}
		})
	}
}

// overlay writes the changed files and go's description of them.
func (m mutant) overlay(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	changed := map[string]string{} // by file name
	for _, e := range m.edits {
		text, ok := changed[e.file]
		if !ok {
			data, err := os.ReadFile(e.file)
			if err != nil {
				t.Fatal(err)
			}
			text = string(data)
		}
		if n := strings.Count(text, e.old); n != 1 {
			t.Fatalf("%s holds %q %d times, want once", e.file, e.old, n)
		}
		changed[e.file] = strings.Replace(text, e.old, e.new, 1)
	}
	replace := map[string]string{}
	for name, text := range changed {
		original, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		replace[original] = filepath.Join(dir, name)
		if err := os.WriteFile(replace[original], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
