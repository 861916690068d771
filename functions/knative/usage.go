package main

import (
	"fmt"
	"io"
	"slices"

	"pixmill/internal/adapter/knativefn"
	"pixmill/internal/config"
)

// variables are all settings of the program, in the order in which they are told.
var variables = []struct{ name, text string }{
	{knativefn.VarPort, "the port to listen on, on all addresses; 8080 unless told otherwise"},
	{knativefn.VarListen, "host:port to listen on, goes before " + knativefn.VarPort},
	{knativefn.VarUploads, `"on" or "off": whether images are taken, beside events; on unless told otherwise`},
	{knativefn.VarSlots, "how many images are handled at the same time"},
	{knativefn.VarWait, "how long a request may wait for its turn, such as 10s"},
	{knativefn.VarTimeout, "how long a request may take, such as 290s"},
	{knativefn.VarGrace, "how long a stop may take, such as 25s"},
	{config.VarConfig, "the path of a pixmill.yaml, or its text; " + config.DefaultFile + " if it is there, else a built-in one"},
	{config.VarSourceBucket, "instead of source.bucket"},
	{config.VarOutputBucket, "instead of output.bucket"},
	{config.VarNotify, `instead of notify: "eventbridge=BUS sns=ARN sqs=URL", or "none"`},
	{config.VarLogLevel, "debug, info, warn or error"},
	{config.VarLogFormat, "json, text or terminal"},
	{"AWS_…", "region, keys and, where it is not AWS' own, AWS_ENDPOINT_URL_S3, as for every AWS SDK"},
}

// usage answers a command line, which has nothing to say but that somebody wants help.
// The result is the exit code.
func usage(args []string, stdout, stderr io.Writer) int {
	if !slices.ContainsFunc(args, func(a string) bool { return a == "-h" || a == "--help" || a == "help" }) {
		fmt.Fprintf(stderr, "pixmill function: %q: there are no arguments, only environment variables; see --help\n", args)
		return 2
	}
	fmt.Fprintln(stdout, "Pixmill as an HTTP service. Its settings are environment variables:")
	fmt.Fprintln(stdout)
	for _, v := range variables {
		fmt.Fprintf(stdout, "  %-22s %s\n", v.name, v.text)
	}
	return 0
}
