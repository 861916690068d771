package preset

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// entry is one field of a map as it is written.
type entry struct {
	name  string
	key   ast.MapKeyNode
	value ast.Node
}

// entries returns the fields of a map without repeats. Those of a merge key
// (<<: *anchor) come last and only where the map does not have them itself.
func (d *decoder) entries(n ast.Node, path string) []entry {
	m, ok := n.(ast.MapNode)
	if !ok {
		d.add(path, "want a map of fields, not %s", describe(n))
		return nil
	}
	var own, merged []entry
	seen := map[string]position{}
	for iter := m.MapRange(); iter.Next() && d.visit(path); {
		key, value := iter.Key(), iter.Value()
		if key.IsMergeKey() {
			merged = append(merged, d.mergedEntries(value, path)...)
			continue
		}
		name := keyName(key)
		if first, repeated := seen[name]; repeated {
			d.addAt(positionOf(key.GetToken()), join(path, name), "the field is there twice: first in line %d", first.line)
			continue
		}
		seen[name] = positionOf(key.GetToken())
		own = append(own, entry{name, key, value})
	}
	for _, e := range merged {
		if _, overridden := seen[e.name]; !overridden {
			seen[e.name] = positionOf(e.key.GetToken())
			own = append(own, e)
		}
	}
	return own
}

// mergedEntries returns the fields that a merge key brings in.
func (d *decoder) mergedEntries(n ast.Node, path string) []entry {
	if d.merges == maxMerges {
		d.addAt(startOf(n), path, "merge keys are nested deeper than %d", maxMerges)
		return nil
	}
	if n = d.resolve(n, path); n == nil {
		return nil
	}
	d.merges++
	defer func() { d.merges-- }()
	return d.entries(n, path)
}

func keyName(key ast.MapKeyNode) string {
	if s, ok := key.(*ast.StringNode); ok {
		return s.Value
	}
	return key.GetToken().Value
}

func (d *decoder) decodeStruct(n ast.Node, path string, dst reflect.Value) {
	fields, read := d.types[dst.Type()]
	if !read {
		fields = fieldsOf(dst.Type())
		d.types[dst.Type()] = fields
	}
	present := map[string]bool{}
	for _, e := range d.entries(n, path) {
		f, known := fields.byName[e.name]
		if !known {
			d.addAt(positionOf(e.key.GetToken()), join(path, e.name), "unknown field%s", fields.hint(e.name))
			continue
		}
		present[e.name] = true
		d.decodeField(e, join(path, e.name), f, dst.Field(f.index))
	}
	if _, isMap := n.(ast.MapNode); !isMap {
		return // which entries has reported
	}
	for _, name := range fields.names {
		if fields.byName[name].required && !present[name] {
			d.add(join(path, name), "the field is missing")
		}
	}
}

// decodeField decodes one field of a struct and checks what must be true of it alone.
func (d *decoder) decodeField(e entry, path string, f field, dst reflect.Value) {
	d.mark(path, e.value)
	if _, empty := e.value.(*ast.NullNode); empty {
		d.at[path] = positionOf(e.key.GetToken())
	}
	before := len(d.problems)
	d.decode(e.value, path, dst)
	if len(d.problems) == before {
		f.check(d.report, path, dst)
	}
}

func (d *decoder) decodeMap(n ast.Node, path string, dst reflect.Value) {
	dst.Set(reflect.MakeMap(dst.Type()))
	for _, e := range d.entries(n, path) {
		d.at[join(path, e.name)] = positionOf(e.key.GetToken())
		value := reflect.New(dst.Type().Elem()).Elem()
		d.decode(e.value, join(path, e.name), value)
		dst.SetMapIndex(reflect.ValueOf(e.name), value)
	}
}

func (d *decoder) decodeSlice(n ast.Node, path string, dst reflect.Value) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		d.add(path, "want a list, not %s", describe(n))
		return
	}
	for i, item := range list.Values {
		itemPath := fmt.Sprintf("%s[%d]", path, i)
		d.mark(itemPath, item)
		value := reflect.New(dst.Type().Elem()).Elem()
		d.decode(item, itemPath, value)
		dst.Set(reflect.Append(dst, value))
	}
}

// join appends a field to a path. A name that would read as a path is quoted.
func join(path, name string) string {
	if strings.ContainsAny(name, ".[] ") || name == "" {
		return fmt.Sprintf("%s[%q]", path, name)
	}
	if path == "" {
		return name
	}
	return path + "." + name
}
