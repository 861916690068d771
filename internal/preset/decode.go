package preset

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a file, so that one made in bad faith cannot take memory or time.
const (
	maxFileBytes = 1 << 20
	maxNodes     = 100_000 // with aliases followed
	maxMerges    = 16      // merge keys within what merge keys name
)

// decoder fills the raw types from the syntax tree. It goes on after a problem,
// so that one run reports all of them, and records where each field stands.
// (The decoder of goccy/go-yaml stops at the first and converts between types.)
type decoder struct {
	*report
	anchors map[*ast.AliasNode]ast.Node // what each alias stands for
	types   map[reflect.Type]fieldSet   // read already
	nodes   int                         // visited
	merges  int                         // being followed now
}

// visit counts a node, and reports whether it is within the bounds.
func (d *decoder) visit(path string) bool {
	d.nodes++
	if d.nodes == maxNodes+1 {
		d.add(path, "the file has more than %d values with its aliases followed", maxNodes)
	}
	return d.nodes <= maxNodes
}

// yamlUnmarshaler is a raw type that reads its own node.
type yamlUnmarshaler interface {
	fromYAML(d *decoder, n ast.Node, path string)
}

// decodeFile parses data into a raw configuration. What is wrong with it is in r.
func decodeFile(r *report, data []byte) (raw rawConfig) {
	switch {
	case len(data) > maxFileBytes:
		r.addAt(position{}, "", "the file has %d bytes, over the limit of %d", len(data), maxFileBytes)
		return raw
	case !utf8.Valid(data):
		r.addAt(position{}, "", "the file is not UTF-8 text")
		return raw
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // a byte order mark
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.addSyntax(data, err)
		return raw
	}
	var docs []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			docs = append(docs, doc.Body)
		}
	}
	switch {
	case len(docs) == 0:
		r.addAt(position{}, "", "the file is empty: it needs source, output, rules and presets")
		return raw
	case len(docs) > 1:
		r.addAt(startOf(docs[1]), "", "a second document begins: one file holds one configuration")
		return raw
	}
	d := &decoder{report: r, anchors: resolveAliases(docs[0]), types: map[reflect.Type]fieldSet{}}
	r.at[""] = startOf(docs[0])
	d.decode(docs[0], "", reflect.ValueOf(&raw).Elem())
	return raw
}

// addSyntax reports what the parser did not understand, and the usual cause: "*"
// begins an alias, so a pattern such as ** needs quotes.
func (r *report) addSyntax(data []byte, err error) {
	pos, message := position{}, err.Error()
	if e, ok := errors.AsType[yaml.Error](err); ok && e.GetToken() != nil {
		pos, message = positionOf(e.GetToken()), e.GetMessage()
	}
	hint := ""
	if lines := bytes.Split(data, []byte("\n")); pos.line > 0 && pos.line <= len(lines) && unquotedStar.Match(lines[pos.line-1]) {
		hint = `; a pattern that begins with "*" must be in quotes`
	}
	r.addAt(pos, "", "not valid YAML: %s%s", message, hint)
}

var unquotedStar = regexp.MustCompile(`:\s*\*`)

// decode fills dst from a node. dst keeps its zero value where there is a problem.
func (d *decoder) decode(n ast.Node, path string, dst reflect.Value) {
	if n = d.resolve(n, path); n == nil {
		return
	}
	if _, ok := n.(*ast.NullNode); ok {
		d.addNull(path)
		return
	}
	if u, ok := dst.Addr().Interface().(yamlUnmarshaler); ok {
		u.fromYAML(d, n, path)
		return
	}
	switch dst.Kind() {
	case reflect.Pointer:
		dst.Set(reflect.New(dst.Type().Elem()))
		d.decode(n, path, dst.Elem())
	case reflect.Struct:
		d.decodeStruct(n, path, dst)
	case reflect.Map:
		d.decodeMap(n, path, dst)
	case reflect.Slice:
		d.decodeSlice(n, path, dst)
	default:
		d.decodeScalar(n, path, dst)
	}
}

// addNull reports a field without a value. The usual cause is a colour without
// quotes: "#" begins a comment.
func (d *decoder) addNull(path string) {
	if strings.HasSuffix(path, "background") {
		d.add(path, `there is no value: "#" begins a comment, so put the colour in quotes, as "#ffffff"`)
		return
	}
	d.add(path, "there is no value: write one, or leave the field out")
}

func (d *decoder) decodeScalar(n ast.Node, path string, dst reflect.Value) {
	switch dst.Kind() {
	case reflect.String:
		switch n := n.(type) {
		case *ast.StringNode:
			dst.SetString(n.Value)
			return
		case *ast.LiteralNode:
			dst.SetString(n.Value.Value)
			return
		}
		d.add(path, "want text, not %s", describe(n))
	case reflect.Int:
		if n, ok := n.(*ast.IntegerNode); ok {
			if i, ok := wholeNumber(n); ok {
				dst.SetInt(i)
				return
			}
		}
		d.add(path, "want a whole number, not %s", describe(n))
	case reflect.Float64:
		f, ok := number(n)
		if !ok {
			d.add(path, "want a number, not %s", describe(n))
			return
		}
		dst.SetFloat(f)
	case reflect.Bool:
		b, ok := n.(*ast.BoolNode)
		if !ok {
			d.add(path, "want true or false, not %s", describe(n))
			return
		}
		dst.SetBool(b.Value)
	default:
		panic(fmt.Sprintf("preset: no decoding into %s", dst.Type()))
	}
}

// resolve follows anchors, tags and aliases to the node that holds the value. It
// returns nil after a problem.
func (d *decoder) resolve(n ast.Node, path string) ast.Node {
	for d.visit(path) {
		switch v := n.(type) {
		case *ast.AnchorNode:
			n = v.Value
		case *ast.AliasNode:
			target, ok := d.anchors[v]
			if !ok {
				d.addAt(startOf(v), path, "there is no anchor %q before this alias", "&"+v.Value.String())
				return nil
			}
			n = target
		case *ast.TagNode:
			d.addAt(startOf(v), path, "tags such as %q are not supported", v.Start.Value)
			return nil
		case nil:
			return nil
		default:
			return n
		}
	}
	return nil
}

// aliasResolver is an ast.Visitor that finds for every alias the last anchor of
// its name before it.
type aliasResolver struct {
	byName map[string]ast.Node
	found  map[*ast.AliasNode]ast.Node
}

func resolveAliases(root ast.Node) map[*ast.AliasNode]ast.Node {
	v := aliasResolver{byName: map[string]ast.Node{}, found: map[*ast.AliasNode]ast.Node{}}
	ast.Walk(v, root)
	return v.found
}

// Visit is called in the order of the file.
func (v aliasResolver) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.AnchorNode:
		v.byName[n.Name.String()] = n.Value
	case *ast.AliasNode:
		if target, ok := v.byName[n.Value.String()]; ok {
			v.found[n] = target
		}
	}
	return v
}

// describe names a value for "want …, not …".
func describe(n ast.Node) string {
	switch n := n.(type) {
	case *ast.StringNode:
		return fmt.Sprintf("the text %q", n.Value)
	case *ast.LiteralNode:
		return "a block of text"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a map of fields"
	case *ast.SequenceNode:
		return "a list"
	}
	return n.GetToken().Value
}

// mark records where the value of a field stands.
func (d *decoder) mark(path string, n ast.Node) { d.at[path] = startOf(n) }

// startOf returns where a node begins; its own token may be the colon behind its first key.
func startOf(n ast.Node) position {
	switch v := n.(type) {
	case *ast.MappingNode:
		if !v.IsFlowStyle && len(v.Values) > 0 {
			return startOf(v.Values[0])
		}
	case *ast.MappingValueNode:
		return positionOf(v.Key.GetToken())
	}
	return positionOf(n.GetToken())
}

func positionOf(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{}
	}
	return position{t.Position.Line, t.Position.Column}
}
