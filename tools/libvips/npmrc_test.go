package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNpmRegistry(t *testing.T) {
	tests := []struct {
		name, npmrc string
		env         map[string]string
		want        registry
		fails       bool
	}{
		{name: "npm's own", want: registry{url: "https://registry.npmjs.org/"}},
		{name: "the environment", npmrc: "registry=https://b.example/", env: map[string]string{"npm_config_registry": "https://a.example/npm"}, want: registry{url: "https://a.example/npm/"}},
		{name: "in capitals", env: map[string]string{"NPM_CONFIG_REGISTRY": "https://a.example/"}, want: registry{url: "https://a.example/"}},
		{name: "the user's file", npmrc: "; mirror\nregistry = \"https://b.example\"\n", want: registry{url: "https://b.example/"}},
		{
			name: "the scope's own", npmrc: "registry=https://b.example/\n@img:registry=https://c.example/img/\n//c.example/img/:_authToken=${TOKEN}x\n//b.example/:_authToken=other",
			env: map[string]string{"TOKEN": "t"}, want: registry{url: "https://c.example/img/", token: "tx"},
		},
		{name: "the host's token", npmrc: "registry=https://b.example/npm/all/\n//b.example/:_authToken=t\n//example/:_authToken=other", want: registry{url: "https://b.example/npm/all/", token: "t"}},
		{name: "no token of a longer path", npmrc: "registry=https://b.example/npm/\n//b.example/npm/all/:_authToken=other\n//b.example/np:_authToken=other", want: registry{url: "https://b.example/npm/"}},
		{name: "no token for another host", npmrc: "//b.example/:_authToken=other", want: registry{url: "https://registry.npmjs.org/"}},
		{name: "not a URL", npmrc: "registry=nowhere", fails: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			home := t.TempDir()
			if err := os.WriteFile(filepath.Join(home, ".npmrc"), []byte(tt.npmrc), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := npmRegistry(func(name string) string {
				if name == "HOME" {
					return home
				}
				return tt.env[name]
			})
			if got != tt.want || (err != nil) != tt.fails {
				t.Errorf("got %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}
