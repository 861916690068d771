package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestIdentify(t *testing.T) {
	const bsd = "Redistribution and use in source\n and binary forms, with or without modification, are permitted"
	const mit = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software"
	tests := []struct {
		name, text string
		want       []string
	}{
		{"Apache with its usual line breaks", "   Apache License\n   Version 2.0, January 2004\n", []string{"Apache-2.0"}},
		{"MIT", mit, []string{"MIT"}},
		{"two clauses", bsd, []string{"BSD-2-Clause"}},
		{"three clauses", bsd + " Neither the name of X may be used to endorse or promote products derived", []string{"BSD-3-Clause"}},
		{"two in one file", mit + "\n\nApache License Version 2.0", []string{"Apache-2.0", "MIT"}},
		{"copyleft is not on the list", "GNU GENERAL PUBLIC LICENSE Version 3", nil},
		{"a notice alone is no licence", "Copyright 2020 The Authors", nil},
	}
	for _, tt := range tests {
		if got := identify(tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestRead_UnknownLicenceIsAnError(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"LICENSE": "All rights reserved.", "license.go": "package x // Apache License Version 2.0"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m := module{path: "example.org/x", version: "v1.0.0", dir: dir}
	if err := m.read(); err == nil || !strings.Contains(err.Error(), "example.org/x v1.0.0") {
		t.Errorf("got %v, want an error that names the module", err)
	}
}

func TestWriteTexts_EachTextOnce(t *testing.T) {
	var b strings.Builder
	mods := []module{
		{path: "a", version: "v1", licence: "MIT", files: []file{{"LICENSE", "the text\n"}}},
		{path: "b", version: "v2", licence: "MIT", files: []file{{"COPYING", "the text"}}},
	}
	if err := writeTexts(&b, mods); err != nil {
		t.Fatal(err)
	}
	want := "==== a v1 (MIT)\n-- LICENSE\nthe text\n\n==== b v2 (MIT)\n-- COPYING\nas a LICENSE\n\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}
