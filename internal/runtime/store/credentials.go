package store

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"pixmill/internal/fault"
)

// CredentialsFile is the file in Options.Dir that keeps keys which nobody gave.
const CredentialsFile = "credentials.json"

// Credentials are the keys of the store's only account.
type Credentials struct {
	AccessKey string `json:"accessKeyId"`
	SecretKey string `json:"secretAccessKey"`
}

// orKept returns c where it is set, else what an earlier run kept at path, else
// new random keys, which it keeps there for the owner alone (0600).
func (c Credentials) orKept(path string, random io.Reader) (Credentials, error) {
	if c.AccessKey != "" || c.SecretKey != "" {
		return c.checked("given keys")
	}
	data, err := os.ReadFile(path)
	switch {
	case err == nil:
		if err := json.Unmarshal(data, &c); err != nil {
			return c, fault.New(fault.Misconfigured, "read keys", path, err)
		}
		return c.checked(path)
	case !os.IsNotExist(err):
		return c, fault.New(fault.Misconfigured, "read keys", path, err)
	}
	if c, err = newCredentials(random); err != nil {
		return c, fault.New(fault.Transient, "make keys", path, err)
	}
	data, err = json.MarshalIndent(c, "", "  ")
	if err == nil {
		err = replaceFile(path, append(data, '\n'))
	}
	if err != nil {
		return c, fault.New(fault.Misconfigured, "keep keys", path, err)
	}
	return c, nil
}

func (c Credentials) checked(where string) (Credentials, error) {
	if c.AccessKey == "" || c.SecretKey == "" {
		return c, fault.New(fault.Misconfigured, "read keys", where, errors.New("both the access key and the secret key are needed"))
	}
	return c, nil
}

// newCredentials makes keys of AWS's shape: 20 capitals and digits, 40 characters.
func newCredentials(random io.Reader) (Credentials, error) {
	b := make([]byte, 10+30)
	if _, err := io.ReadFull(random, b); err != nil {
		return Credentials{}, fmt.Errorf("read random bytes: %w", err)
	}
	return Credentials{
		AccessKey: "PIXM" + base32.StdEncoding.EncodeToString(b[:10]),
		SecretKey: base64.RawURLEncoding.EncodeToString(b[10:]),
	}, nil
}
