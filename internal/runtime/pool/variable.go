package pool

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// variableName is what Lambda takes as the name of an environment variable.
var variableName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]+$`)

// reserved are the variables that tell a function where it runs and as whom; a
// function cannot be given others. On AWS nobody can set them either.
//
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
var reserved = []string{
	"_HANDLER", "_X_AMZN_TRACE_ID",
	"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV",
	"AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
}

// reservedPrefix begins further reserved names: AWS_LAMBDA_RUNTIME_API, …
const reservedPrefix = "AWS_LAMBDA_"

// CheckVariable says what is wrong with "NAME=VALUE" as a variable that the user
// gives to a function.
func CheckVariable(variable string) error {
	name, value, found := strings.Cut(variable, "=")
	switch {
	case !found:
		return fmt.Errorf("%q: want NAME=VALUE", variable)
	case slices.Contains(reserved, name), strings.HasPrefix(name, reservedPrefix):
		return fmt.Errorf("%s is reserved: the runtime sets it, as AWS Lambda does", name)
	case !variableName.MatchString(name):
		return fmt.Errorf("%q is no name of a variable: want two or more letters, digits and underscores, a letter first", name)
	case strings.ContainsRune(value, 0):
		return errors.New(name + ": a value has no NUL byte")
	}
	return nil
}
