package main

import (
	"cmp"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// registry is where npm's packages come from.
type registry struct {
	url   string // ends in "/"
	token string // for the registry's host; empty: none is sent
}

// npmRegistry is the one that npm would ask for a package of the scope @img, from
// the environment and the user's .npmrc.
// https://docs.npmjs.com/cli/using-npm/config: the environment goes before files.
func npmRegistry(getenv func(string) string) (registry, error) {
	settings, err := userSettings(getenv)
	if err != nil {
		return registry{}, err
	}
	r := registry{url: cmp.Or(
		settings["@img:registry"],
		getenv("npm_config_registry"), getenv("NPM_CONFIG_REGISTRY"),
		settings["registry"],
		"https://registry.npmjs.org",
	)}
	u, err := url.Parse(r.url)
	if err != nil || u.Host == "" {
		return registry{}, errors.New("npm's registry is " + r.url + ", not a URL")
	}
	r.url = strings.TrimSuffix(r.url, "/") + "/"
	r.token = tokenFor(settings, "//"+u.Host+strings.TrimSuffix(u.Path, "/")+"/")
	return r, nil
}

// tokenFor takes the token of a place, or else of the one above it, up to the host.
// https://docs.npmjs.com/cli/configuring-npm/npmrc#auth-related-configuration
func tokenFor(settings map[string]string, place string) string {
	for len(place) > len("//") {
		if token := settings[place+":_authToken"]; token != "" {
			return token
		}
		if above, found := strings.CutSuffix(place, "/"); found {
			place = above
		} else {
			place = place[:strings.LastIndex(place, "/")+1]
		}
	}
	return ""
}

// userSettings reads the user's .npmrc; there need not be one.
func userSettings(getenv func(string) string) (map[string]string, error) {
	file := cmp.Or(getenv("npm_config_userconfig"), getenv("NPM_CONFIG_USERCONFIG"), filepath.Join(getenv("HOME"), ".npmrc"))
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return parseNpmrc(string(text), getenv), nil
}

// parseNpmrc reads lines of key = value; ${NAME} in a value is a variable.
func parseNpmrc(text string, getenv func(string) string) map[string]string {
	settings := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(key, "#") || strings.HasPrefix(key, ";") {
			continue
		}
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		for {
			before, rest, found := strings.Cut(value, "${")
			name, after, closed := strings.Cut(rest, "}")
			if !found || !closed {
				break
			}
			value = before + getenv(name) + after
		}
		settings[strings.TrimSpace(key)] = value
	}
	return settings
}
