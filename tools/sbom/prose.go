package main

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/CycloneDX/cyclonedx-go"
)

// commonLicence is how a copyright file says where on a Debian system a licence is.
var commonLicence = regexp.MustCompile(`/usr/share/common-licenses/([A-Za-z][A-Za-z0-9]*(?:-[0-9.]*[0-9])?)`)

// grants are the words with which well-known licences give their permission, or which are
// their name. One family has several licences: BSD with two or three conditions, MIT and X11.
var grants = []struct{ licence, words string }{
	{"BSD", "redistribution and use in source and binary forms with or without modification are permitted"},
	{"GCC-exception-3.1", "gcc runtime library exception"},
	{"HPND-sell-variant", "permission to use copy modify distribute and sell this software and its documentation for any purpose is hereby granted without fee"},
	{"ISC", "permission to use copy modify and or distribute this software for any purpose with or without fee is hereby granted"},
	{"ISC", "permission to use copy modify and distribute this software for any purpose with or without fee is hereby granted"},
	{"MIT", "permission is hereby granted free of charge to any person obtaining a copy of this software and associated documentation files"},
}

// proseLicences are the licences that a copyright file in prose points to or quotes,
// sorted. Which of them is for what, and whether there is another one, only a reader can
// tell: they are evidence and no statement about the package.
func proseLicences(text []byte) []string {
	var found []string
	for _, m := range commonLicence.FindAllSubmatch(text, -1) {
		found = append(found, string(m[1]))
	}
	plain := words(string(text))
	for _, g := range grants {
		if strings.Contains(plain, g.words) {
			found = append(found, g.licence)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// words are those of a text in lower case, with a space between them in the place of line
// ends, punctuation and what a comment in C has.
func words(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), " ")
}

// witnessed is the component with licences as evidence.
func witnessed(c cyclonedx.Component, licences ...string) cyclonedx.Component {
	if seen := named(c, licences...).Licenses; len(licences) > 0 {
		c.Evidence = &cyclonedx.Evidence{Licenses: seen}
	}
	return c
}
