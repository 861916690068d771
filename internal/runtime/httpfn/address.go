package httpfn

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// portOf is where each scheme is spoken unless a URL says otherwise.
var portOf = map[string]string{"http": "80", "https": "443"}

// IsURL reports whether a function is named by its URL, and not by a file.
func IsURL(function string) bool { return strings.Contains(function, "://") }

// ParseURL reads the address of a function.
func ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, cause(err)
	case portOf[u.Scheme] == "":
		return nil, fmt.Errorf("its scheme is %q: http or https", u.Scheme)
	case u.User != nil:
		return nil, errors.New("a user name or a password in it would be shown: leave them out")
	case strings.Contains(text, "#"):
		return nil, errors.New("it has a #fragment, which no server gets to see")
	case u.RawQuery != "" || u.ForceQuery:
		return nil, errors.New("it has a ?query: an event is all that the function is sent")
	}
	if err := checkHost(u); err != nil {
		return nil, err
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

// ParseVia reads an address to connect to: host:port, or a URL without a path, whose
// scheme, that of the function, has a port where it names none.
func ParseVia(address, scheme string) (string, error) {
	u, err := url.Parse(address)
	if !IsURL(address) {
		u, err = url.Parse("//" + address)
	}
	switch {
	case err != nil:
		return "", cause(err)
	case u.Scheme != "" && u.Scheme != scheme:
		return "", fmt.Errorf("its scheme is %q, that of the function %q", u.Scheme, scheme)
	case strings.Trim(u.Path, "/") != "" || strings.ContainsAny(address, "?#") || u.User != nil:
		return "", errors.New("want a host and a port, and nothing else")
	}
	if err := checkHost(u); err != nil {
		return "", err
	}
	port := cmp.Or(u.Port(), portOf[u.Scheme])
	if port == "" {
		return "", errors.New("it has no port: host:port, as in 192.168.49.2:80")
	}
	return net.JoinHostPort(u.Hostname(), port), nil
}

func checkHost(u *url.URL) error {
	if u.Hostname() == "" {
		return errors.New("it has no host")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("its port is %q: a number from 1 to 65535", p)
		}
	}
	return nil
}

// cause is the error without the URL, which is said elsewhere.
func cause(err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err
	}
	return err
}
